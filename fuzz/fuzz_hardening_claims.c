/* SPDX-License-Identifier: Apache-2.0 */
/* Hardening attestations, and cosign's images that hold such. */
#include "codec/cosign_manifest.h"
#include "codec/hardening_claims.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was added once is there. */
static void
check_manifest(struct span text, struct arena *arena)
{
	const struct oci_descriptor layer = {.media_type = SPAN("text/plain"), .size = 7};
	struct cosign_manifest made;
	struct cosign_manifest again;
	struct err err = ERR_INIT;

	if (cosign_manifest_add(text, &layer, 1, arena, &made, &err) < 0 || !made.changed)
		return;
	if (cosign_manifest_add(made.manifest, &layer, 1, arena, &again, &err) < 0 ? !starved()
										   : again.changed)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct arena *arena = arena_new(0);
	struct hardening_claims claims;
	struct err err = ERR_INIT;
	json_t *json = NULL;

	if (!arena)
		return 0;
	check_manifest(text, arena);
	if (json_parse(text, &json, &err) == 0)
		(void)hardening_claims_read(json, arena, &claims, &err);
	json_decref(json);
	arena_free(arena);
	return 0;
}
