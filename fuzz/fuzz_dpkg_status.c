/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/dpkg_status.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_inside(struct span whole, struct span part)
{
	if (part.p && (part.p < whole.p || part.p + part.n > whole.p + whole.n))
		abort();
}

static void
check_package(struct span text, const struct dpkg_package *package)
{
	struct span rest = package->conffiles;
	struct dpkg_conffile conffile;

	check_inside(text, package->record);
	check_inside(package->record, package->package);
	check_inside(package->record, package->version);
	check_inside(package->record, package->source);
	check_inside(package->record, package->source_version);
	check_inside(package->record, package->depends);
	if (package->package.n == 0 || package->first_line > package->last_line)
		abort();
	while (dpkg_conffile_next(&rest, &conffile)) {
		check_inside(package->conffiles, conffile.path);
		check_inside(package->conffiles, conffile.md5);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct arena *arena = arena_new(0);
	struct dpkg_status status;
	struct err err = ERR_INIT;

	if (arena && dpkg_status_read(text, arena, &status, &err) == 0) {
		for (size_t i = 0; i < status.package_count; i++)
			check_package(text, &status.packages[i]);
	}
	arena_free(arena);
	return 0;
}
