/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/rpm_header.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_inside(struct span whole, struct span part)
{
	if (part.n && (part.p < whole.p || part.p + part.n > whole.p + whole.n))
		abort();
}

static void
check_package(struct span blob, const struct rpm_package *package)
{
	struct rpm_file_cursor cursor = RPM_FILE_CURSOR(package);
	struct rpm_file file;
	uint32_t count = 0;

	if (package->name.n == 0)
		abort();
	check_inside(blob, package->name);
	check_inside(blob, package->source);
	check_inside(blob, package->provides.data);
	while (rpm_file_next(package, &cursor, &file)) {
		check_inside(blob, file.folder);
		check_inside(blob, file.name);
		check_inside(blob, file.digest);
		count++;
	}
	if (count != package->file_count)
		abort();
}

/* With other states it is the same package, and has them. */
static void
check_states(const struct rpm_package *package, struct arena *arena)
{
	uint8_t *states = arena_alloc(arena, (size_t)package->file_count + 1);
	struct rpm_package again;
	struct err err = ERR_INIT;
	struct span blob;

	if (!states)
		return;
	memset(states, RPM_STATE_NOT_INSTALLED, package->file_count);
	int r = rpm_package_with_states(package, states, arena, &blob, &err);
	if (r == -ERR_INVALID)
		return;
	if (r == 0)
		r = rpm_package_read(blob, arena, &again, &err);
	if (r < 0 && r != -ERR_MEMORY && r != -ERR_LIMIT && !starved())
		abort();
	if (r < 0)
		return;
	if (!span_equal(again.name, package->name) || again.file_count != package->file_count)
		abort();
	struct rpm_file_cursor cursor = RPM_FILE_CURSOR(&again);
	struct rpm_file file;
	while (rpm_file_next(&again, &cursor, &file)) {
		if (file.state != RPM_STATE_NOT_INSTALLED)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span blob = {(const char *)data, size};
	struct arena *arena = arena_new(0);
	struct span name, version, release;
	struct rpm_package package;
	struct err err = ERR_INIT;

	if (arena && rpm_package_read(blob, arena, &package, &err) == 0) {
		check_package(blob, &package);
		check_states(&package, arena);
		if (rpm_source_parse(package.source, &name, &version, &release) &&
		    (name.n == 0 || release.n == 0 ||
		     name.n + version.n + release.n >= package.source.n))
			abort();
	}
	arena_free(arena);
	return 0;
}
