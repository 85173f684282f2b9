/* SPDX-License-Identifier: Apache-2.0 */
/* Well-known programs without a package, by their own words. */
#include "base/cleanup.h"
#include "codec/known_program.h"
#include "stage/inventory/programs.h"

enum { CHUNK = 1024 * 1024 };

/* Read piece by piece: of a mapping all would stay resident. */
static int
scan(struct reading *reading, const struct program *program, struct known_scan *scan,
     struct err *err)
{
	CLEANUP(free_cleanup) char *chunk = malloc(CHUNK);
	uint64_t offset = 0;
	size_t kept = 0;
	int r = chunk ? 0 : err_memory(err);

	while (r == 0) {
		size_t n = 0;

		r = contents_read(reading->contents, reading->image, program->entry, offset,
				  chunk + kept, CHUNK - kept, &n, err);
		if (r < 0)
			break;
		bool last = n < CHUNK - kept;
		known_scan_feed(scan, (struct span){chunk, kept + n}, last);
		if (last)
			break;
		offset += n;
		memmove(chunk, chunk + CHUNK - KNOWN_OVERLAP, KNOWN_OVERLAP);
		kept = KNOWN_OVERLAP;
	}
	return r;
}

int
known_program(struct reading *reading, const struct program *program, struct err *err)
{
	const struct known_rule *rule = known_rule_find(program->path);
	struct component component = program_component(program, SPAN("generic"));
	struct known_scan found;
	struct err why = ERR_INIT;
	struct span version;

	if (!rule)
		return 0;
	known_scan_start(rule, program->path, &found);
	if (scan(reading, program, &found, &why) < 0)
		return program_failed(reading, program, &why, err);
	if (found.count > 1 || (found.count == 0 && !rule->quiet))
		return reading_gap(reading, err, program->path,
				   "it is named like %.*s but says %s: it is not in the inventory",
				   SPAN_ARG(rule->name),
				   found.count ? "several versions" : "no version");
	if (!known_scan_version(&found, &version))
		return 0;
	component.name = rule->name;
	component.version = arena_copy(reading->arena, version);
	component.guessed = true;
	return component.version.p ? language_add(reading, &component, NULL, 0, err)
				   : err_memory(err);
}
