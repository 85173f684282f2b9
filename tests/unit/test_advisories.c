/* SPDX-License-Identifier: Apache-2.0 */
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

struct place {
	struct arena *arena;
	struct span folder;
	const char *path;
};

static int
set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	place->arena = arena_new(0);
	assert_good(directory_temporary(place->arena, &place->folder, err));
	place->path = arena_printf(place->arena, "%s/a%%?#b/advisories.db", place->folder.p).p;
	*state = place;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *place = *state;

	assert_good(tree_remove(place->folder.p, err));
	arena_free(place->arena);
	free(place);
	return 0;
}

static struct advisories_builder *
start(struct place *place)
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
	bool new = false;

	assert_good(advisories_build_advisory(builder, SPAN("debian"), span_from(release),
					      span_from(source), &advisory, &new, err));
	assert_true(new);
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

static void
what_was_written_is_read(void **state)
{
	struct place *place = *state;
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
digest_of_database(struct place *place)
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
	struct place *place = *state;
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
	struct place *place = *state;
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

static void
only_one_writes_and_an_unfinished_one_leaves_nothing(void **state)
{
	struct place *place = *state;
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
	struct place *place = *state;
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
				      "PRAGMA user_version = 2;",
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
	struct place *place = *state;
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
	struct place *place = *state;
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_written_is_read),
		TEST(digest_is_of_the_content_alone),
		TEST(rows_are_kept_and_taken_back),
		TEST(only_one_writes_and_an_unfinished_one_leaves_nothing),
		TEST(strange_files_are_refused),
		TEST(damage_is_an_error),
		TEST(a_damaged_database_does_not_stop_a_new_one),
	};

	return cmocka_run_group_tests_name("advisories", tests, NULL, NULL);
}
