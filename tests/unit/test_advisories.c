/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"
#include "test.h"

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/fd.h"
#include "port/advisories_build.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct advisories_builder *
start(struct scratch *place)
{
	struct advisories_builder *builder = NULL;
	const char *lost;

	assert_good(advisories_build(place->path, place->arena, &builder, &lost, err));
	assert_null(lost);
	return builder;
}

static void
add(struct advisories_builder *builder, const char *release, const char *source, const char *id,
    const char *fixed)
{
	struct advisory advisory = {.id = span_from(id),
				    .state = fixed[0] ? ADVISORY_FIXED : ADVISORY_OPEN,
				    .no_dsa = !fixed[0],
				    .fixed = span_from(fixed),
				    .urgency = SPAN("low"),
				    .reason = SPAN("ignored"),
				    .note = SPAN("Minor issue")};

	assert_good(advisories_build_advisory(builder, SPAN("debian"), span_from(release),
					      span_from(source), &advisory, err));
}

/* Two ways to make the same content. */
static void
fill(struct advisories_builder *builder, bool backwards)
{
	struct advisory_cve cve = {.score = 9.8,
				   .vector = SPAN("CVSS:3.1/AV:N"),
				   .severity = SEVERITY_CRITICAL,
				   .source = SPAN("nvd"),
				   .primary = true};

	if (!backwards)
		add(builder, "bookworm", "nginx", "CVE-2024-0001", "1.22.1-9");
	add(builder, "trixie", "nginx", "CVE-2024-0001", "1.26");
	add(builder, "bookworm", "zlib", "CVE-2023-45853", "");
	if (backwards)
		add(builder, "bookworm", "nginx", "CVE-2024-0001", "1.22.1-9");
	assert_good(advisories_build_score(builder, SPAN("CVE-2024-0001"), &cve, err));
	assert_good(advisories_build_epss(builder, SPAN("CVE-2024-0001"), 0.25, err));
	assert_good(advisories_build_exploited(builder, SPAN("CVE-2023-45853"), err));
}

static void
finish(struct advisories_builder *builder)
{
	struct advisory_feed feed = {.name = SPAN("debian"),
				     .address = SPAN("https://example.org"),
				     .fetched = 1000,
				     .records = 3,
				     .skipped = 1,
				     .problem = SPAN("")};

	assert_good(advisories_build_feed(builder, &feed, err));
	assert_good(advisories_build_finish(builder, 1000, err));
	advisories_builder_free(builder);
}

static int
note(void *context, struct span source, const struct advisory *advisory, struct err *err)
{
	struct buf *seen = context;

	return buf_printf(seen, err, "%.*s %.*s %d%s [%.*s] %.*s/%.*s/%.*s;", SPAN_ARG(source),
			  SPAN_ARG(advisory->id), advisory->state,
			  advisory->no_dsa ? " no-dsa" : "", SPAN_ARG(advisory->fixed),
			  SPAN_ARG(advisory->urgency), SPAN_ARG(advisory->reason),
			  SPAN_ARG(advisory->note));
}

static int
note_affected(void *context, struct span source, const struct advisory *advisory, struct err *err)
{
	return buf_printf(context, err, "%.*s %.*s %s;", SPAN_ARG(source),
			  SPAN_ARG(advisory->affected), severity_name(advisory->severity));
}

static void
what_was_written_is_read(void **state)
{
	struct scratch *place = *state;
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(4096);
	struct advisory_identity identity;
	struct advisory_release *releases;
	struct advisory_feed *feeds;
	struct advisory_cve cve;
	size_t count;
	bool covered = false;
	struct advisories_builder *builder = start(place);

	fill(builder, false);
	finish(builder);
	assert_good(advisories_open(place->path, &advisories, err));
	assert_good(advisories_each(advisories, SPAN("debian"), SPAN("bookworm"), SPAN("zlib"),
				    note, &seen, err));
	assert_span(buf_span(&seen), "zlib CVE-2023-45853 0 no-dsa [] low/ignored/Minor issue;");
	seen.n = 0;
	assert_good(advisories_all(advisories, SPAN("debian"), SPAN("trixie"), note, &seen, err));
	assert_span(buf_span(&seen), "nginx CVE-2024-0001 1 [1.26] low/ignored/Minor issue;");
	seen.n = 0;
	assert_good(advisories_all(advisories, SPAN("debian"), SPAN("sid"), note, &seen, err));
	assert_int_equal(seen.n, 0);

	assert_good(advisories_covers(advisories, SPAN("debian"), SPAN("bookworm"), &covered, err));
	assert_true(covered);
	assert_good(advisories_covers(advisories, SPAN("ubuntu"), SPAN("bookworm"), &covered, err));
	assert_false(covered);

	assert_good(advisories_cve(advisories, SPAN("CVE-2024-0001"), place->arena, &cve, err));
	assert_true(cve.known && cve.score == 9.8 && cve.epss == 0.25 && !cve.exploited);
	assert_int_equal(cve.severity, SEVERITY_CRITICAL);
	assert_span(cve.source, "nvd");
	assert_good(advisories_cve(advisories, SPAN("CVE-2023-45853"), place->arena, &cve, err));
	assert_true(cve.known && cve.score < 0 && cve.epss < 0 && cve.exploited);
	assert_good(advisories_cve(advisories, SPAN("CVE-1999-0001"), place->arena, &cve, err));
	assert_false(cve.known || cve.exploited || cve.score >= 0 || cve.epss >= 0);

	assert_good(advisories_identity(advisories, place->arena, &identity, err));
	assert_int_equal(identity.advisories, 3);
	assert_int_equal(identity.built, 1000);
	assert_good(advisories_releases(advisories, place->arena, &releases, &count, err));
	assert_int_equal(count, 2);
	assert_span(releases[0].release, "bookworm");
	assert_int_equal(releases[0].advisories, 2);
	assert_good(advisories_feeds(advisories, place->arena, &feeds, &count, err));
	assert_int_equal(count, 1);
	assert_int_equal(feeds[0].skipped, 1);
	assert_good(advisories_verify(advisories, err));
}

static struct span
digest_of_database(struct scratch *place)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	struct advisory_identity identity = {0};

	assert_good(advisories_open(place->path, &advisories, err));
	assert_good(advisories_identity(advisories, place->arena, &identity, err));
	return identity.digest;
}

static void
digest_is_of_the_content_alone(void **state)
{
	struct scratch *place = *state;
	struct advisories_builder *builder = start(place);

	fill(builder, false);
	finish(builder);
	struct span one = digest_of_database(place);
	assert_span(span_slice(one, 0, 7), "sha256:");

	assert_int_equal(unlink(place->path), 0);
	builder = start(place);
	fill(builder, true);
	finish(builder);
	assert_true(span_equal(one, digest_of_database(place)));

	builder = start(place);
	fill(builder, false);
	add(builder, "bookworm", "zlib", "CVE-2024-9999", "");
	finish(builder);
	assert_false(span_equal(one, digest_of_database(place)));
}

static void
rows_are_kept_and_taken_back(void **state)
{
	struct scratch *place = *state;
	struct advisory_feed before;
	struct advisories_builder *builder = start(place);

	assert_fails(ERR_NOT_FOUND,
		     advisories_build_keep(builder, ADVISORIES_SCORES, SPAN(""), err));
	assert_fails(ERR_NOT_FOUND,
		     advisories_build_before(builder, SPAN("debian"), place->arena, &before, err));
	fill(builder, false);
	finish(builder);
	struct span digest = digest_of_database(place);

	builder = start(place);
	assert_good(advisories_build_before(builder, SPAN("debian"), place->arena, &before, err));
	assert_int_equal(before.fetched, 1000);
	assert_good(advisories_build_begin(builder, err));
	add(builder, "sid", "nginx", "CVE-2024-0009", "");
	assert_good(advisories_build_undo(builder, err));
	assert_good(advisories_build_begin(builder, err));
	assert_good(
		advisories_build_keep(builder, ADVISORIES_OF_DISTRIBUTION, SPAN("debian"), err));
	assert_good(
		advisories_build_keep(builder, ADVISORIES_OF_DISTRIBUTION, SPAN("alpine"), err));
	assert_good(advisories_build_keep(builder, ADVISORIES_SCORES, SPAN(""), err));
	assert_good(advisories_build_keep(builder, ADVISORIES_EPSS, SPAN(""), err));
	assert_good(advisories_build_keep(builder, ADVISORIES_EXPLOITED, SPAN(""), err));
	finish(builder);
	assert_true(span_equal(digest, digest_of_database(place)));
}

enum { OVERLAPPING = 40 };

/* Rows of few keys, which contradict one another or name other versions. */
static void
make_row(unsigned i, struct buf *row)
{
	static const char *const affected[] = {"[,1.0)", "[2.0,2.5)", "=3.0", "[,1.0) =3.0"};
	struct advisories_builder *recorder = NULL;
	bool ranges = i % 2;
	struct advisory advisory = {.id = SPAN("CVE-2024-0001"),
				    .state = ranges ? ADVISORY_RANGES : ADVISORY_OPEN,
				    .fixed = SPAN(""),
				    .urgency = i % 3 ? SPAN("low") : SPAN("high"),
				    .reason = SPAN(""),
				    .note = SPAN(""),
				    .affected = ranges ? span_from(affected[i / 2 % 4]) : SPAN(""),
				    .severity = ranges ? (enum severity)(i % SEVERITIES) : 0,
				    .vector = SPAN("")};

	assert_good(advisories_recorder(row, NULL, NULL, &recorder, err));
	assert_good(advisories_build_advisory(recorder, SPAN("debian"), SPAN("sid"),
					      ranges ? SPAN("ranges") : SPAN("states"), &advisory,
					      err));
	advisories_builder_free(recorder);
}

static void
shuffle(unsigned order[OVERLAPPING])
{
	for (unsigned i = OVERLAPPING - 1; i > 0; i--) {
		unsigned j = (unsigned)rand() % (i + 1);
		unsigned other = order[i];

		order[i] = order[j];
		order[j] = other;
	}
}

/* Adds `count` rows in the given order, after others that are taken out again. */
static struct span
digest_of_rows(struct scratch *place, const struct buf rows[OVERLAPPING],
	       const unsigned order[OVERLAPPING], size_t count, bool others)
{
	struct advisories_builder *builder = start(place);
	uint64_t twice = 0;
	char first[160] = "";

	for (size_t i = others ? OVERLAPPING : count; i-- > 0;)
		assert_good(advisories_build_add(builder, ADVISORIES_OF_DISTRIBUTION,
						 SPAN("debian"), buf_span(&rows[order[i]]), err));
	for (size_t i = count; others && i < OVERLAPPING; i++)
		assert_good(advisories_build_remove(builder, ADVISORIES_OF_DISTRIBUTION,
						    SPAN("debian"), buf_span(&rows[order[i]]),
						    err));
	assert_good(advisories_build_twice(builder, ADVISORIES_OF_DISTRIBUTION, SPAN("debian"),
					   first, &twice, err));
	size_t states = 0;
	for (size_t i = 0; i < count; i++)
		states += order[i] % 2 == 0;
	assert_int_equal(twice, states > 1 ? states - 1 : 0);
	finish(builder);
	struct span digest = digest_of_database(place);
	assert_int_equal(unlink(place->path), 0);
	return digest;
}

/* As a property: whatever the order, and whatever was there meanwhile. */
static void
rows_of_one_key_become_one(void **state)
{
	struct scratch *place = *state;
	struct buf rows[OVERLAPPING];
	unsigned order[OVERLAPPING];

	srand(1);
	for (unsigned i = 0; i < OVERLAPPING; i++) {
		rows[i] = (struct buf)BUF_INIT(4096);
		make_row(i, &rows[i]);
		order[i] = i;
	}
	for (size_t count = 0; count <= 6; count++) {
		shuffle(order);
		struct span one = digest_of_rows(place, rows, order, count, false);
		struct span other = digest_of_rows(place, rows, order, count, true);

		assert_true(span_equal(one, other));
	}
	struct span whole = digest_of_rows(place, rows, order, OVERLAPPING, false);
	shuffle(order);
	assert_true(span_equal(whole, digest_of_rows(place, rows, order, OVERLAPPING, true)));
	for (unsigned i = 0; i < OVERLAPPING; i++)
		buf_cleanup(&rows[i]);
}

static void
versions_of_all_are_joined(void **state)
{
	struct scratch *place = *state;
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	CLEANUP(buf_cleanup) struct buf rows = BUF_INIT(4096);
	CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(4096);
	struct advisories_builder *builder = start(place);

	for (unsigned i = 1; i < 8; i += 2)
		make_row(i, &rows);
	assert_good(advisories_build_add(builder, ADVISORIES_OF_DISTRIBUTION, SPAN("npm"),
					 buf_span(&rows), err));
	assert_fails(ERR_INVALID, advisories_build_add(builder, ADVISORIES_SCORES, SPAN(""),
						       buf_span(&rows), err));
	assert_fails(ERR_INVALID,
		     advisories_build_add(builder, ADVISORIES_OF_DISTRIBUTION, SPAN("npm"),
					  span_slice(buf_span(&rows), 0, rows.n - 1), err));
	finish(builder);
	assert_good(advisories_open(place->path, &advisories, err));
	assert_good(
		advisories_all(advisories, SPAN("npm"), SPAN("sid"), note_affected, &seen, err));
	assert_span(buf_span(&seen), "ranges =3.0 [,1.0) [2.0,2.5) critical;");
}

static void
only_one_writes_and_an_unfinished_one_leaves_nothing(void **state)
{
	struct scratch *place = *state;
	const char *fresh = arena_printf(place->arena, "%s.new", place->path).p;
	struct advisories_builder *second = NULL;
	struct advisories *advisories = NULL;
	const char *lost;
	struct advisories_builder *builder = start(place);

	fill(builder, false);
	assert_int_equal(access(fresh, F_OK), 0);
	assert_fails(ERR_IO, advisories_build(place->path, place->arena, &second, &lost, err));
	advisories_builder_free(builder);
	assert_int_equal(access(fresh, F_OK), -1);
	assert_fails(ERR_NOT_FOUND, advisories_open(place->path, &advisories, err));
}

static void
write_at(const char *path, off_t offset, struct span bytes)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(pwrite(fd, bytes.p, bytes.n, offset), bytes.n);
	(void)close(fd);
}

static void
strange_files_are_refused(void **state)
{
	struct scratch *place = *state;
	struct advisories *advisories = NULL;
	struct advisories_builder *builder = start(place);
	struct span good;
	sqlite3 *other = NULL;

	assert_fails(ERR_NOT_FOUND, advisories_open(place->path, &advisories, err));
	assert_fails(ERR_INVALID, advisories_open(place->folder.p, &advisories, err));
	fill(builder, false);
	finish(builder);
	assert_good(file_load(place->path, 1 << 20, place->arena, &good, err));

	assert_good(file_replace(place->path, SPAN(""), 0644, err));
	assert_fails(ERR_INVALID, advisories_open(place->path, &advisories, err));
	assert_good(file_replace(place->path, SPAN("hello"), 0644, err));
	assert_fails(ERR_INVALID, advisories_open(place->path, &advisories, err));
	assert_good(file_replace(place->path, span_slice(good, 0, good.n - 4096), 0644, err));
	assert_fails(ERR_INVALID, advisories_open(place->path, &advisories, err));
	assert_good(file_replace(place->path, good, 0644, err));
	write_at(place->path, 60, SPAN("\0\0\x7f\x01"));
	assert_fails(ERR_UNSUPPORTED, advisories_open(place->path, &advisories, err));
	assert_good(file_replace(place->path, good, 0644, err));
	write_at(place->path, 68, SPAN("elf!"));
	assert_fails(ERR_INVALID, advisories_open(place->path, &advisories, err));

	assert_int_equal(unlink(place->path), 0);
	assert_int_equal(sqlite3_open(place->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other,
				      "CREATE TABLE t (a); PRAGMA application_id = 0x6d6f6873;"
				      "PRAGMA user_version = 3;",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	assert_fails(ERR_INVALID, advisories_open(place->path, &advisories, err));
	assert_null(advisories);
}

/* Every page of a good database overwritten in turn: an error or an answer, never a crash. */
static void
damage_is_an_error(void **state)
{
	struct scratch *place = *state;
	struct advisories_builder *builder = start(place);
	char junk[4096];
	struct span good;
	size_t found = 0;

	fill(builder, false);
	for (unsigned i = 0; i < 400; i++) {
		char id[32];

		(void)snprintf(id, sizeof(id), "CVE-2020-%05u", i);
		add(builder, "bookworm", "linux", id, "6.1.1-1");
	}
	finish(builder);
	assert_good(file_load(place->path, 1 << 20, place->arena, &good, err));
	memset(junk, 0xa5, sizeof(junk));
	for (size_t at = 4096; at < good.n; at += 4096) {
		CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
		struct err problem = ERR_INIT;

		assert_good(file_replace(place->path, good, 0644, err));
		write_at(place->path, (off_t)at, (struct span){junk, sizeof(junk)});
		int r = advisories_open(place->path, &advisories, &problem);
		if (r == 0)
			r = advisories_verify(advisories, &problem);
		found += r < 0;
		if (r < 0 && r != -ERR_INVALID && r != -ERR_DIGEST)
			fail_msg("page at %zu: %s", at, problem.text);
	}
	assert_true(found > 3);
}

static void
a_damaged_database_does_not_stop_a_new_one(void **state)
{
	struct scratch *place = *state;
	struct advisories_builder *builder = start(place);
	const char *lost = NULL;

	fill(builder, false);
	finish(builder);
	write_at(place->path, 0, SPAN("elf!"));
	assert_good(advisories_build(place->path, place->arena, &builder, &lost, err));
	assert_non_null(lost);
	fill(builder, false);
	finish(builder);
	(void)digest_of_database(place);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_set_up, scratch_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_written_is_read),
		TEST(digest_is_of_the_content_alone),
		TEST(rows_are_kept_and_taken_back),
		TEST(rows_of_one_key_become_one),
		TEST(versions_of_all_are_joined),
		TEST(only_one_writes_and_an_unfinished_one_leaves_nothing),
		TEST(strange_files_are_refused),
		TEST(damage_is_an_error),
		TEST(a_damaged_database_does_not_stop_a_new_one),
	};

	return cmocka_run_group_tests_name("advisories", tests, NULL, NULL);
}
