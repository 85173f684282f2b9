/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/apk_installed.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_inside(struct span whole, struct span part)
{
	if (part.n && (part.p < whole.p || part.p + part.n > whole.p + whole.n))
		abort();
}

/* The items are the record, piece by piece, and as many paths as were counted. */
static void
check_items(const struct apk_package *package)
{
	struct apk_cursor cursor = {package->record, {"", 0}};
	const char *end = package->record.p;
	struct apk_item item;
	size_t paths = 0;

	while (apk_item_next(&cursor, &item)) {
		uint8_t digest[APK_DIGEST_BYTES];
		bool sha256;

		if (item.text.n == 0 || item.text.p != end)
			abort();
		end += item.text.n;
		check_inside(package->record, item.folder);
		check_inside(package->record, item.name);
		check_inside(item.text, item.digest);
		(void)apk_digest_parse(item.digest, digest, &sha256);
		paths += item.kind != APK_FIELD;
	}
	if (end != package->record.p + package->record.n || paths != package->paths)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct arena *arena = arena_new(0);
	struct apk_installed installed;
	struct err err = ERR_INIT;

	if (arena && apk_installed_read(text, arena, &installed, &err) == 0) {
		for (size_t i = 0; i < installed.package_count; i++) {
			const struct apk_package *package = &installed.packages[i];

			check_inside(text, package->record);
			check_inside(package->record, package->name);
			check_inside(package->record, package->depends);
			if (package->name.n == 0 || package->first_line > package->last_line)
				abort();
			check_items(package);
		}
		for (size_t i = 0; i < installed.fault_count; i++)
			check_inside(text, installed.faults[i].record);
	}
	arena_free(arena);
	return 0;
}
