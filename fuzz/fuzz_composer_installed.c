/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/composer_installed.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct arena *arena = arena_new(0);
	struct composer_installed installed;
	struct span name;
	struct err err = ERR_INIT;

	if (arena && composer_installed_read(text, arena, &installed, &err) == 0) {
		for (size_t i = 0; i < installed.package_count; i++) {
			const struct composer_package *package = &installed.packages[i];

			if (span_find(package->name, '/') == package->name.n ||
			    package->version.n == 0 || !package->licence.p || !package->depends.p)
				abort();
		}
	}
	if (arena)
		(void)composer_entry_name(text, arena, &name, &err);
	arena_free(arena);
	return 0;
}
