/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/bills.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "codec/cyclonedx_json.h"
#include "codec/spdx_json.h"
#include "stage/sbom.h"

static int
write_cyclonedx(const struct sbom *sbom, struct arena *arena, struct span *ret, struct err *err)
{
	return cyclonedx_write(sbom, CYCLONEDX_1_6, arena, ret, err);
}

static const struct {
	const char *file;
	int (*write)(const struct sbom *sbom, struct arena *arena, struct span *ret,
		     struct err *err);
} bills[] = {
	{"sbom.spdx.json", spdx_write},
	{"sbom.cdx.json", write_cyclonedx},
};

enum { BILLS = sizeof(bills) / sizeof(bills[0]) };

static int
remove_old(const char *folder, struct arena *arena, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < BILLS && r >= 0; i++) {
		struct span path = arena_printf(arena, "%s/%s", folder, bills[i].file);

		r = path.p ? tree_remove(path.p, err) : err_memory(err);
	}
	return r;
}

int
bills_write(const struct subject *hardened, const char *folder, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(sbom_cleanup) struct sbom *sbom = NULL;
	struct sbom_options options = {0};

	if (!arena)
		return err_memory(err);
	int r = remove_old(folder, arena, err);
	if (r < 0 || !hardened->inventory)
		return r;
	r = sbom_make(hardened->image, hardened->contents, hardened->inventory, &options, &sbom,
		      err);
	for (size_t i = 0; i < BILLS && r >= 0; i++) {
		struct span path = arena_printf(arena, "%s/%s", folder, bills[i].file);
		struct span text;

		r = path.p ? bills[i].write(sbom, arena, &text, err) : err_memory(err);
		if (r >= 0)
			r = file_replace(path.p, text, 0644, err);
	}
	return r;
}
