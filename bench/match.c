/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A database of 400,000 advisories that is opened, and answers an inventory of 500 packages;
 * against reading the same rows and judging nothing. Or, for bench/rescan.sh: the same database and
 * bills of materials as files. usage: match | match make FOLDER BILLS
 */
#include "stage/match.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "port/advisories_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	PACKAGES = 3600, /* source packages with advisories in one release */
	PER_SCOPE = 40000,
	CVES = 60000,
	INVENTORY = 500,
	ROUNDS = 50,
};

static const struct {
	const char *distribution;
	const char *release;
} scopes[] = {
	{"debian", "bookworm"}, {"debian", "bullseye"}, {"debian", "trixie"}, {"debian", "sid"},
	{"ubuntu", "22.04"},	{"ubuntu", "24.04"},	{"pypi", "all"},      {"npm", "all"},
	{"almalinux", "9"},	{"rocky", "9"},
};

static uint32_t seed_value = 1;

static uint32_t
dice(uint32_t sides)
{
	seed_value = seed_value * 1664525U + 1013904223U;
	return (seed_value >> 8) % sides;
}

/* Few packages have most of the advisories, as a kernel and a browser do: one in 1/rank. */
static size_t
share_of(size_t rank)
{
	return 4400 / (rank + 1) + 1;
}

static int
put_advisories(struct advisories_builder *builder, size_t scope, struct arena *arena,
	       struct err *err)
{
	size_t left = PER_SCOPE;

	for (size_t package = 0; left > 0; package = (package + 1) % PACKAGES) {
		for (size_t i = 0; i < share_of(package) && left > 0; i++, left--) {
			uint32_t kind = dice(100);
			const struct advisory advisory = {
				.id = arena_printf(arena, "CVE-2024-%05u", dice(CVES)),
				.state = kind < 6 ? ADVISORY_OPEN : ADVISORY_FIXED,
				.fixed = arena_printf(arena, "%u.%u.%u-%u", kind < 12 ? 5 : dice(3),
						      dice(20), dice(20), dice(9)),
				.urgency = SPAN("not yet assigned"),
				.score = -1,
			};
			struct span source = arena_printf(arena, "package%zu", package);

			if (!advisory.id.p || !advisory.fixed.p || !source.p)
				return err_memory(err);
			int r = advisories_build_advisory(
				builder, span_from(scopes[scope].distribution),
				span_from(scopes[scope].release), source, &advisory, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int
put_scores(struct advisories_builder *builder, struct arena *arena, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < CVES; i++) {
		struct span id = arena_printf(arena, "CVE-2024-%05zu", i);
		double score = dice(100) / 10.0;
		const struct advisory_cve cve = {
			.score = score,
			.vector = SPAN("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
			.severity = severity_of_score(score),
			.source = SPAN("nvd"),
		};

		r = id.p ? advisories_build_score(builder, id, &cve, err) : err_memory(err);
		if (r == 0)
			r = advisories_build_epss(builder, id, dice(1000) / 1000.0, err);
	}
	return r;
}

static int
make_database(const char *path, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(advisories_builder_cleanup) struct advisories_builder *builder = NULL;
	const struct advisory_feed feed = {.name = SPAN("debian"), .fetched = 1, .records = 1};
	const char *lost;
	int r = arena ? advisories_build(path, arena, &builder, &lost, err) : err_memory(err);

	for (size_t i = 0; r == 0 && i < sizeof(scopes) / sizeof(scopes[0]); i++)
		r = put_advisories(builder, i, arena, err);
	if (r == 0)
		r = put_scores(builder, arena, err);
	if (r == 0)
		r = advisories_build_feed(builder, &feed, err);
	return r < 0 ? r : advisories_build_finish(builder, 1, err);
}

/* Every seventh package, the one with the most advisories among them. */
static int
make_inventory(size_t count, struct inventory *inventory, struct err *err)
{
	struct arena *arena = inventory->arena;

	inventory->os = (struct os_identity){.known = true,
					     .id = SPAN("debian"),
					     .version_id = SPAN("12"),
					     .codename = SPAN("bookworm")};
	inventory->any_database = true;
	inventory->components = arena_array(arena, count, sizeof(*inventory->components));
	if (!inventory->components)
		return err_memory(err);
	for (size_t i = 0; i < count; i++) {
		struct span name = arena_printf(arena, "package%zu", i * 7 % PACKAGES);
		struct span version = arena_printf(arena, "3.%zu.1-%zu", i % 20, i % 9);

		if (!name.p || !version.p)
			return err_memory(err);
		inventory->components[i] = (struct component){
			.ecosystem = SPAN("dpkg"),
			.name = name,
			.version = version,
			.source = name,
			.source_version = version,
		};
	}
	inventory->component_count = count;
	return 0;
}

/* ---- measuring ---- */

static uint64_t
now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int
count_row(void *context, struct span source, const struct advisory *advisory, struct err *err)
{
	size_t *rows = context;

	(void)source;
	(void)advisory;
	(void)err;
	(*rows)++;
	return 0;
}

static int
read_rows(struct advisories *advisories, const struct inventory *inventory, size_t *ret_rows,
	  struct err *err)
{
	int r = 0;

	*ret_rows = 0;
	for (size_t i = 0; r == 0 && i < inventory->component_count; i++)
		r = advisories_each(advisories, SPAN("debian"), SPAN("bookworm"),
				    inventory->components[i].source, count_row, ret_rows, err);
	return r;
}

/* Best of all rounds, in microseconds of processor time. */
enum step { STEP_OPEN, STEP_MATCH, STEP_READ, STEP_FIRST, STEP_AGAIN, STEPS };

static void
note(uint64_t *best, enum step step, uint64_t *since)
{
	uint64_t now = now_us();

	if (now - *since < best[step])
		best[step] = now - *since;
	*since = now_us();
}

static int
match_round(const char *path, const struct inventory *inventory, uint64_t *best, size_t *ret_rows,
	    size_t *ret_found, struct err *err)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	CLEANUP(match_memory_cleanup) struct match_memory *memory = NULL;
	uint64_t since = now_us();
	int r = advisories_open(path, &advisories, err);

	note(best, STEP_OPEN, &since);
	if (r == 0)
		r = match_memory_new(advisories, &memory, err);
	for (enum step step = STEP_MATCH; r == 0 && step < STEPS; step++) {
		CLEANUP(findings_cleanup) struct findings *findings = NULL;

		since = now_us();
		if (step == STEP_MATCH)
			r = match_run(inventory, advisories, &findings, err);
		else if (step == STEP_READ)
			r = read_rows(advisories, inventory, ret_rows, err);
		else
			r = match_again(memory, inventory, &findings, err);
		note(best, step, &since);
		if (findings)
			*ret_found = findings->count;
	}
	return r;
}

static int
measure(const char *path, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct inventory inventory = {.arena = arena};
	uint64_t best[STEPS] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
	size_t rows = 0;
	size_t found = 0;
	int r = arena ? make_inventory(INVENTORY, &inventory, err) : err_memory(err);

	for (size_t i = 0; r == 0 && i < ROUNDS; i++)
		r = match_round(path, &inventory, best, &rows, &found, err);
	if (r < 0)
		return r;
	(void)printf("%d advisories: opened in %.2f ms\n",
		     PER_SCOPE * (int)(sizeof(scopes) / sizeof(scopes[0])),
		     (double)best[STEP_OPEN] / 1000);
	(void)printf(
		"%d packages, %zu rows, %zu findings: %.2f ms; reading the rows alone %.2f ms, "
		"ratio %.2f\n",
		INVENTORY, rows, found, (double)best[STEP_MATCH] / 1000,
		(double)best[STEP_READ] / 1000, (double)best[STEP_MATCH] / (double)best[STEP_READ]);
	(void)printf("with a memory: %.2f ms, and %.2f ms the next time, ratio %.2f\n",
		     (double)best[STEP_FIRST] / 1000, (double)best[STEP_AGAIN] / 1000,
		     (double)best[STEP_AGAIN] / (double)best[STEP_MATCH]);
	return 0;
}

/* ---- bills of materials ---- */

static int
write_bill(const char *folder, size_t number, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(MIB);
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(MIB);
	size_t count = 60 + dice(441); /* 60 to 500 */
	struct span path = arena ? arena_printf(arena, "%s/bills/%zu.cdx.json", folder, number)
				 : (struct span){NULL, 0};

	if (!path.p)
		return err_memory(err);
	int r = buf_printf(
		&text, err,
		"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"version\":1,"
		"\"metadata\":{\"component\":{\"type\":\"container\",\"name\":\"app%zu\"}},"
		"\"components\":[{\"type\":\"operating-system\",\"name\":\"debian\","
		"\"version\":\"12\"}",
		number);
	for (size_t i = 0; r == 0 && i < count; i++) {
		size_t package = (number + i * 7) % PACKAGES;

		r = buf_printf(
			&text, err,
			",\n{\"type\":\"library\",\"bom-ref\":\"ref-%zu\",\"name\":\"package%zu\","
			"\"version\":\"3.%zu.1-%zu\",\"licenses\":[{\"license\":{\"id\":\"MIT\"}}],"
			"\"purl\":\"pkg:deb/debian/package%zu@3.%zu.1-%zu?arch=amd64&distro=debian-"
			"12\"}",
			i, package, i % 20, i % 9, package, i % 20, i % 9);
	}
	if (r == 0)
		r = buf_append(&text, SPAN("]}\n"), err);
	if (r < 0)
		return r;
	CLEANUP(fd_cleanup) int fd = open(path.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return fd < 0 ? err_sys(err, ERR_IO, errno, "%s", path.p)
		      : fd_write_full(fd, buf_span(&text), err);
}

static int
make(const char *folder, size_t bills, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(MIB);
	struct span database = arena ? arena_printf(arena, "%s/advisories.db", folder) : SPAN("");
	struct span below = arena ? arena_printf(arena, "%s/bills", folder) : SPAN("");

	if (database.n == 0 || below.n == 0)
		return err_memory(err);
	if (mkdir(below.p, 0755) < 0 && errno != EEXIST)
		return err_sys(err, ERR_IO, errno, "%s", below.p);
	int r = make_database(database.p, err);
	for (size_t i = 0; r == 0 && i < bills; i++)
		r = write_bill(folder, i, err);
	return r;
}

int
main(int argc, char **argv)
{
	struct err err = ERR_INIT;
	int r = 0;

	if (argc == 4 && strcmp(argv[1], "make") == 0) {
		r = make(argv[2], (size_t)strtoul(argv[3], NULL, 10), &err);
	} else {
		char path[] = "/tmp/mohs-bench-XXXXXX";
		int fd = mkstemp(path);

		r = fd < 0 ? err_sys(&err, ERR_IO, errno, "no temporary file")
			   : make_database(path, &err);
		if (r == 0)
			r = measure(path, &err);
		if (fd >= 0) {
			(void)close(fd);
			(void)unlink(path);
		}
	}
	if (r < 0)
		(void)fprintf(stderr, "match: %s\n", err.text);
	return r < 0;
}
