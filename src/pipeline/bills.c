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

const struct bill_kind bill_kinds[BILLS] = {
	{"spdx", "sbom.spdx.json", PROOF_ARTIFACT_SPDX, PROOF_SPDX, spdx_write},
	{"cyclonedx", "sbom.cdx.json", PROOF_ARTIFACT_CYCLONEDX, PROOF_CYCLONEDX, write_cyclonedx},
};

const struct bill_kind *
bill_find(struct span name)
{
	for (size_t i = 0; i < BILLS; i++) {
		if (span_equal(name, span_from(bill_kinds[i].format)) ||
		    proof_is_type(name, span_from(bill_kinds[i].predicate_type)))
			return &bill_kinds[i];
	}
	return NULL;
}

int
bills_make(const struct subject *hardened, struct arena *arena, struct bill ret[BILLS],
	   struct err *err)
{
	CLEANUP(sbom_cleanup) struct sbom *sbom = NULL;
	struct sbom_options options = {0};
	struct bill bills[BILLS];
	int r = sbom_make(hardened->image, hardened->contents, hardened->inventory, &options, &sbom,
			  err);

	for (size_t i = 0; i < BILLS && r >= 0; i++) {
		bills[i] = (struct bill){.artifact_type = span_from(bill_kinds[i].artifact_type),
					 .predicate_type = span_from(bill_kinds[i].predicate_type)};
		r = bill_kinds[i].write(sbom, arena, &bills[i].text, err);
	}
	for (size_t i = 0; i < BILLS && r >= 0; i++)
		ret[i] = bills[i];
	return r;
}

int
bills_write(const struct bill *bills, const char *folder, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	int r = arena ? 0 : err_memory(err);

	for (size_t i = 0; i < BILLS && r >= 0; i++) {
		struct span path = arena_printf(arena, "%s/%s", folder, bill_kinds[i].file);

		if (!path.p)
			return err_memory(err);
		r = bills ? file_replace(path.p, bills[i].text, 0644, err)
			  : tree_remove(path.p, err);
	}
	return r;
}
