/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/dpkg_files.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct span path)
{
	if (path.n == 0 || memchr(path.p, '\n', path.n) || memchr(path.p, '\0', path.n))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct dpkg_diversion diversion;
	struct dpkg_file file;
	size_t faults = 0;

	for (struct span rest = text; dpkg_list_next(&rest, &file, &faults);)
		check(file.path);
	for (struct span rest = text; dpkg_md5sums_next(&rest, &file, &faults);)
		check(file.path);
	for (struct span rest = text; dpkg_diversion_next(&rest, &diversion, &faults);) {
		check(diversion.from);
		check(diversion.to);
	}
	return 0;
}
