/* SPDX-License-Identifier: Apache-2.0 */
/* Rows and packs as bytes, and the database that many changes of them leave. */
#include "test.h"

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/limits.h"
#include "port/advisories/pack.h"
#include "port/advisories/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* 1: a row, 0: none is left. */
static int
next_row(struct span *rest, struct advisory_row *ret)
{
	struct err problem = ERR_INIT;
	int r = row_next(rest, ret, &problem);

	if (r < 0)
		fail_msg("%s", problem.text);
	return r;
}

static void
recorded_rows_are_had_back(void **state)
{
	CLEANUP(buf_cleanup) struct buf rows = BUF_INIT(64 * KIB);
	char affected[400];
	const struct span ids[] = {SPAN("CVE-2024-0001"), SPAN("CVE-2024-0002"), SPAN("GHSA-x")};
	struct advisory_row row = {.table = ADVISORIES_OF_DISTRIBUTION,
				   .release = SPAN("bookworm"),
				   .source = SPAN("zlib"),
				   .advisory = {.state = ADVISORY_RANGES,
						.severity = SEVERITY_HIGH,
						.unimportant = true,
						.affected = {affected, sizeof(affected)},
						.vector = SPAN("CVSS:3.1/AV:N"),
						.score = 7.5}};
	struct advisory_row found;
	struct span id;

	(void)state;
	memset(affected, 'a', sizeof(affected));
	assert_good(row_put(&row, ids, 3, &rows, err));
	row.advisory.affected = SPAN("[,1)");
	assert_good(row_put(&row, ids, 1, &rows, err));
	struct span rest = buf_span(&rows);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(next_row(&rest, &found), 1);
		assert_span(found.release, "bookworm");
		assert_span(found.source, "zlib");
		assert_true(found.advisory.unimportant && !found.advisory.no_dsa);
		assert_int_equal(found.advisory.severity, SEVERITY_HIGH);
		assert_true(found.advisory.score == 7.5);
		assert_int_equal(found.advisory.affected.n, i == 0 ? sizeof(affected) : 4);
		for (int j = 0; j < (i == 0 ? 3 : 1); j++) {
			assert_true(row_next_id(&found.ids, &id));
			assert_true(span_equal(id, ids[j]));
		}
		assert_false(row_next_id(&found.ids, &id));
	}
	assert_int_equal(next_row(&rest, &found), 0);
}

/* What is cut or changed is an error or other rows, never more than there is. */
static void
damaged_rows_are_refused(void **state)
{
	CLEANUP(buf_cleanup) struct buf rows = BUF_INIT(KIB);
	const struct span ids[] = {SPAN("CVE-2024-0001"), SPAN("CVE-2024-0002")};
	const struct advisory_row row = {
		.table = ADVISORIES_SCORES,
		.cve = {.score = 9.8, .vector = SPAN("CVSS:3.1/AV:N"), .source = SPAN("nvd")}};
	struct advisory_row found;

	(void)state;
	assert_good(row_put(&row, ids, 2, &rows, err));
	for (size_t n = 1; n < rows.n; n++) {
		struct span cut = {rows.p, n};

		assert_fails(ERR_INVALID, row_next(&cut, &found, err));
	}
	for (size_t i = 0; i < 256 * rows.n; i++) {
		struct err problem = ERR_INIT;
		char *byte = rows.p + i / 256;
		char before = *byte;
		struct span rest = buf_span(&rows);

		*byte = (char)(i % 256);
		int r = row_next(&rest, &found, &problem);
		assert_true(r == 1 || r == -ERR_INVALID);
		assert_true(r < 0 || found.ids.n < rows.n);
		*byte = before;
	}
	/* of no id */
	rows.n = 0;
	assert_good(row_put(&row, ids, 0, &rows, err));
	struct span rest = buf_span(&rows);
	assert_fails(ERR_INVALID, row_next(&rest, &found, err));
}

enum { PACK_ROWS = 2000 };

static struct span
content_of(unsigned i, char text[32])
{
	int n = snprintf(text, 32, "content %u", i % 7 == 0 ? i : i % 50);

	return (struct span){text, (size_t)n};
}

static void
packs_are_had_back(void **state)
{
	static struct pack_writer writer = {.bytes = BUF_INIT(MIB)};
	CLEANUP(pack_walk_cleanup) struct pack_walk walk = {0};
	CLEANUP(buf_cleanup) struct buf damaged = BUF_INIT(MIB);
	struct pack_row row;
	struct span found;
	struct err problem = ERR_INIT;
	uint64_t count = 0;
	bool there = false;
	char content[32];
	char id[32];

	(void)state;
	for (int round = 0; round < 2; round++) { /* the second knows nothing of the first */
		assert_good(pack_start(&writer, err));
		assert_int_equal(pack_end(&writer, false).n, 0);
		for (unsigned i = 0; i < PACK_ROWS; i++) {
			(void)snprintf(id, sizeof(id), "CVE-2024-%05u", i);
			assert_good(pack_put(&writer, span_from(id), content_of(i, content), err));
		}
	}
	struct span pack = pack_end(&writer, true);
	assert_true(pack.n < PACK_ROWS * 20);
	assert_good(pack_walk_start(&walk, pack, err));
	assert_true(walk.contested);
	for (unsigned i = 0; i < PACK_ROWS; i++) {
		(void)snprintf(id, sizeof(id), "CVE-2024-%05u", i);
		assert_int_equal(pack_next(&walk, &row, &problem), 1);
		assert_span(row.id, id);
		assert_true(span_equal(row.content, content_of(i, content)));
	}
	assert_int_equal(pack_next(&walk, &row, &problem), 0);
	for (unsigned i = 0; i < PACK_ROWS; i++) {
		(void)snprintf(id, sizeof(id), "CVE-2024-%05u", i);
		assert_good(pack_find(pack, span_from(id), &found, &there, err));
		assert_true(there && span_equal(found, content_of(i, content)));
	}
	assert_good(pack_find(pack, SPAN("CVE-2024-1"), &found, &there, err));
	assert_false(there);
	assert_good(pack_walk_start(&walk, pack, err));
	assert_good(pack_count(&walk, &count, err));
	assert_int_equal(count, PACK_ROWS);

	for (size_t i = 0; i < pack.n; i++) {
		problem = (struct err)ERR_INIT;
		damaged.n = 0;
		assert_good(buf_append(&damaged, pack, err));
		damaged.p[i] = (char)~damaged.p[i];
		int r = pack_walk_start(&walk, buf_span(&damaged), &problem);
		while (r == 0 && (r = pack_next(&walk, &row, &problem)) > 0)
			r = 0;
		assert_true(r == 0 || r == -ERR_INVALID);
		r = pack_find(buf_span(&damaged), SPAN("CVE-2024-01984"), &found, &there, &problem);
		assert_true(r == 0 || r == -ERR_INVALID);
	}
	assert_fails(ERR_INVALID, pack_walk_start(&walk, SPAN(""), err));
	buf_cleanup(&writer.bytes);
}

/* ---- databases ---- */

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
	place->path = arena_printf(place->arena, "%s/advisories.db", place->folder.p).p;
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
	return builder;
}

/* The digest of what is in; the file goes. */
static struct span
finish(struct place *place, struct advisories_builder *builder)
{
	struct advisories *advisories = NULL;
	struct advisory_identity identity = {0};

	assert_good(advisories_build_finish(builder, 1000, err));
	advisories_builder_free(builder);
	assert_good(advisories_open(place->path, &advisories, err));
	assert_good(advisories_verify(advisories, err));
	assert_good(advisories_identity(advisories, place->arena, &identity, err));
	advisories_free(advisories);
	assert_int_equal(unlink(place->path), 0);
	return identity.digest;
}

static void
add(struct advisories_builder *builder, const char *release, const char *source, const char *id,
    const char *fixed)
{
	const struct advisory advisory = {.id = span_from(id),
					  .state = ADVISORY_FIXED,
					  .fixed = span_from(fixed),
					  .urgency = SPAN("low"),
					  .reason = SPAN(""),
					  .note = SPAN("")};

	assert_good(advisories_build_advisory(builder, SPAN("debian"), span_from(release),
					      span_from(source), &advisory, err));
}

static void
score(struct advisories_builder *builder, const char *id, double value)
{
	const struct advisory_cve cve = {.score = value,
					 .vector = SPAN("CVSS:3.1/AV:N"),
					 .severity = SEVERITY_HIGH,
					 .source = value < 0 ? SPAN("") : SPAN("nvd"),
					 .primary = true};

	assert_good(advisories_build_score(builder, span_from(id), &cve, err));
}

/* The digest is of the rows as they are described, whatever they are kept as. */
static void
digest_is_that_of_the_rows(void **state)
{
	static const char rows[] = "advisory\x1f"
				   "debian\x1f"
				   "bookworm\x1f"
				   "zlib\x1f"
				   "CVE-2024-0001\x1f"
				   "1\x1f"
				   "0\x1f"
				   "1.2\x1f"
				   "low\x1f\x1f\x1f\x1f"
				   "0\x1f\x1f"
				   "0\x1f\x1e"
				   "score\x1f"
				   "CVE-2024-0001\x1f"
				   "7.5999999999999996\x1f"
				   "4\x1f"
				   "CVSS:3.1/AV:N\x1f"
				   "nvd\x1f"
				   "1\x1f\x1e"
				   "epss\x1f"
				   "CVE-2024-0001\x1f"
				   "0.25\x1f\x1e"
				   "exploited\x1f"
				   "CVE-2024-0001\x1f\x1e";
	struct place *place = *state;
	struct advisories_builder *builder = start(place);
	struct digest digest;
	char text[DIGEST_TEXT];

	assert_int_equal(SEVERITY_HIGH, 4);
	assert_int_equal(SEVERITY_UNKNOWN, 0);
	add(builder, "bookworm", "zlib", "CVE-2024-0001", "1.2");
	score(builder, "CVE-2024-0001", 7.6);
	assert_good(advisories_build_epss(builder, SPAN("CVE-2024-0001"), 0.25, err));
	assert_good(advisories_build_exploited(builder, SPAN("CVE-2024-0001"), err));
	digest_of(span_from(rows), &digest);
	assert_span(finish(place, builder), digest_format(&digest, text));
}

enum { CHANGES = 3000 };

static const char *
pick_id(unsigned n, char text[32])
{
	(void)snprintf(text, 32, "CVE-20%02u-%u", n % 3, 1000 + n % 40 * (n % 2 ? 1 : 977));
	return text;
}

/* The same changes, written whenever, in parts or all at once. */
static struct span
digest_of_changes(struct place *place, unsigned every)
{
	static const char *const releases[] = {"sid", "trixie", "bookworm"};
	struct advisories_builder *builder = start(place);
	char source[32];
	char fixed[32];
	char id[32];

	srand(7);
	for (unsigned i = 0; i < CHANGES; i++) {
		unsigned n = (unsigned)rand();

		if (every > 0 && i % every == 0)
			assert_good(advisories_build_begin(builder, err));
		(void)snprintf(source, sizeof(source), "source%u", n % 5);
		(void)snprintf(fixed, sizeof(fixed), "1.%u", i % 9);
		if (n % 4 == 0) /* one without a score is taken out */
			score(builder, pick_id(n, id), n % 7 == 0 ? -1 : (double)(n % 10));
		else
			add(builder, releases[n % 3], source, pick_id(n / 3, id), fixed);
	}
	return finish(place, builder);
}

static void
when_changes_are_written_does_not_matter(void **state)
{
	struct place *place = *state;
	struct span once = digest_of_changes(place, 0);

	assert_true(span_equal(once, digest_of_changes(place, 1)));
	assert_true(span_equal(once, digest_of_changes(place, 7)));
	assert_true(span_equal(once, digest_of_changes(place, 500)));
}

static void
the_first_offer_stays_and_the_last_score_counts(void **state)
{
	struct place *place = *state;
	struct advisories_builder *builder = start(place);
	uint64_t count = 0;

	add(builder, "sid", "zlib", "CVE-2024-0001", "1.2");
	score(builder, "CVE-2024-0001", 5.0);
	score(builder, "CVE-2024-0002", 5.0);
	struct span wanted = finish(place, builder);

	builder = start(place);
	add(builder, "sid", "zlib", "CVE-2024-0001", "1.2");
	add(builder, "sid", "zlib", "CVE-2024-0001", "1.1");
	score(builder, "CVE-2024-0001", 9.0);
	score(builder, "CVE-2024-0002", 5.0);
	score(builder, "CVE-2024-0003", 5.0);
	assert_good(advisories_build_begin(builder, err));
	add(builder, "sid", "zlib", "CVE-2024-0001", "1.0");
	score(builder, "CVE-2024-0001", 5.0);
	score(builder, "CVE-2024-0003", -1);
	assert_good(advisories_build_count(builder, SPAN("debian"), &count, err));
	assert_int_equal(count, 1);
	assert_true(span_equal(wanted, finish(place, builder)));
}

static int
note(void *context, struct span source, const struct advisory *advisory, struct err *err)
{
	return buf_printf(context, err, "%.*s %.*s %.*s;", SPAN_ARG(source), SPAN_ARG(advisory->id),
			  SPAN_ARG(advisory->release));
}

static void
all_are_told_by_package_id_and_release(void **state)
{
	struct place *place = *state;
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	CLEANUP(buf_cleanup) struct buf seen = BUF_INIT(4096);
	struct advisories_builder *builder = start(place);

	add(builder, "sid", "b", "CVE-2024-0002", "1");
	add(builder, "sid", "b", "CVE-2024-0001", "1");
	add(builder, "bookworm", "b", "CVE-2024-0001", "1");
	add(builder, "bookworm", "b", "CVE-2024-0003", "1");
	add(builder, "sid", "a", "CVE-2024-0009", "1");
	assert_good(advisories_build_finish(builder, 1000, err));
	advisories_builder_free(builder);
	assert_good(advisories_open(place->path, &advisories, err));
	assert_good(advisories_all(advisories, SPAN("debian"), SPAN(""), note, &seen, err));
	assert_span(buf_span(&seen), "a CVE-2024-0009 sid;b CVE-2024-0001 bookworm;"
				     "b CVE-2024-0001 sid;b CVE-2024-0002 sid;"
				     "b CVE-2024-0003 bookworm;");
}

/* Ids of every length around that of a block are found, each with its own score. */
static void
cves_of_a_block_are_found(void **state)
{
	static const char *const ids[] = {
		"C",
		"CVE-2024-1",
		"CVE-2024-10",
		"CVE-2024-100",
		"CVE-2024-1000",
		"CVE-2024-10000",
		"CVE-2024-1001",
		"CVE-2024-11",
		"CVE-2024-100000",
		"TEMP-0000001-A1B2C3",
	};
	enum { IDS = sizeof(ids) / sizeof(ids[0]) };
	struct place *place = *state;
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	struct advisories_builder *builder = start(place);
	struct advisory_cve cve;

	for (size_t i = IDS; i-- > 0;)
		score(builder, ids[i], (double)i);
	assert_good(advisories_build_finish(builder, 1000, err));
	advisories_builder_free(builder);
	assert_good(advisories_open(place->path, &advisories, err));
	for (size_t i = 0; i < IDS; i++) {
		assert_good(advisories_cve(advisories, span_from(ids[i]), place->arena, &cve, err));
		assert_true(cve.known && cve.score == (double)i && cve.epss < 0 && !cve.exploited);
	}
	assert_good(advisories_cve(advisories, SPAN("CVE-2024-1002"), place->arena, &cve, err));
	assert_false(cve.known);
}

static void
an_older_layout_is_as_none(void **state)
{
	enum { AT_VERSION = 63 };
	struct place *place = *state;
	struct advisories_builder *builder = start(place);
	struct advisories *advisories = NULL;
	struct err problem = ERR_INIT;
	const char *lost = NULL;
	struct span file;

	add(builder, "sid", "zlib", "CVE-2024-0001", "1");
	assert_good(advisories_build_finish(builder, 1000, err));
	advisories_builder_free(builder);
	assert_good(file_load(place->path, MIB, place->arena, &file, err));
	assert_int_equal(file.p[AT_VERSION], 3);
	struct span old = arena_copy(place->arena, file);
	((char *)(uintptr_t)old.p)[AT_VERSION] = 2;
	assert_good(file_replace(place->path, old, 0644, err));
	assert_int_equal(advisories_open(place->path, &advisories, &problem), -ERR_UNSUPPORTED);
	assert_non_null(strstr(problem.text, "an older mohs (layout 2"));
	assert_good(advisories_build(place->path, place->arena, &builder, &lost, err));
	assert_non_null(lost);
	assert_non_null(strstr(lost, "an older mohs (layout 2"));
	advisories_builder_free(builder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_rows_are_had_back),
		cmocka_unit_test(damaged_rows_are_refused),
		cmocka_unit_test(packs_are_had_back),
		TEST(digest_is_that_of_the_rows),
		TEST(when_changes_are_written_does_not_matter),
		TEST(the_first_offer_stays_and_the_last_score_counts),
		TEST(all_are_told_by_package_id_and_release),
		TEST(cves_of_a_block_are_found),
		TEST(an_older_layout_is_as_none),
	};

	return cmocka_run_group_tests_name("packs", tests, NULL, NULL);
}
