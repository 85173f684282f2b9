/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What match_run() says of inventories given as text, for a judge (match_judge.py):
 * match_lines DATABASE <inventories, lines "SOURCE VERSION", a blank line ends each.
 * Out: "INVENTORY SOURCE ID STATUS SEVERITY FIXED" lines.
 */
#include "base/cleanup.h"
#include "stage/match.h"

#include <stdio.h>
#include <stdlib.h>

enum { PACKAGES = 1000, LINE = 512 };

static int
complain(const struct err *err)
{
	(void)fprintf(stderr, "match_lines: %s\n", err->text);
	return 3;
}

static int
match(struct component *components, size_t count, struct advisories *advisories, unsigned number)
{
	CLEANUP(findings_cleanup) struct findings *findings = NULL;
	struct inventory inventory = {
		.os = {.known = true, .id = SPAN("debian"), .version_id = SPAN("12")},
		.components = components,
		.component_count = count,
		.any_database = true,
	};
	struct err err = ERR_INIT;

	if (match_run(&inventory, advisories, &findings, &err) < 0)
		return complain(&err);
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		(void)printf("%u %.*s %.*s %s %s %.*s\n", number,
			     SPAN_ARG(components[finding->component].source), SPAN_ARG(finding->id),
			     finding_status_name(finding->status), severity_name(finding->severity),
			     SPAN_ARG(finding->fixed_version));
	}
	for (size_t i = 0; i < findings->gaps.count; i++)
		(void)printf("%u gap %.*s\n", number, SPAN_ARG(findings->gaps.items[i].subject));
	return 0;
}

int
main(int argc, char **argv)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = NULL;
	static struct component components[PACKAGES];
	struct arena *arena = arena_new(0);
	struct err err = ERR_INIT;
	unsigned number = 0;
	size_t count = 0;
	char line[LINE];

	if (argc != 2 || !arena)
		return 2;
	if (advisories_open(argv[1], &advisories, &err) < 0)
		return complain(&err);
	while (fgets(line, sizeof(line), stdin)) {
		struct span version = span_trim(span_from(line));
		struct span source = version.n ? span_cut(&version, ' ') : version;

		if (source.n == 0) {
			if (match(components, count, advisories, number++))
				return 3;
			count = 0;
		} else if (count < PACKAGES) {
			source = arena_copy(arena, source);
			version = arena_copy(arena, version);
			components[count++] = (struct component){.ecosystem = SPAN("dpkg"),
								 .name = source,
								 .version = version,
								 .source = source,
								 .source_version = version};
		}
	}
	arena_free(arena);
	return 0;
}
