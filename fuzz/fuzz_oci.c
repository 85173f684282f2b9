/* SPDX-License-Identifier: Apache-2.0 */
/* Image documents: index, manifest, config, manifest.json, and the search for a platform. */
#include "codec/oci_select.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every descriptor leads to the same document again. */
static int
same_again(void *context, const struct oci_descriptor *descriptor, struct arena *arena,
	   struct span *ret, struct err *err)
{
	(void)descriptor;
	(void)arena;
	(void)err;
	*ret = *(const struct span *)context;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(0);
	struct span text = {(const char *)data, size};
	struct oci_fetch fetch = {&text, same_again};
	struct oci_platform wanted = oci_platform_host("x86_64");
	enum layer_compression compression;
	struct oci_selected selected;
	struct oci_document document;
	struct oci_archive archive;
	struct oci_config config;
	struct digest digest;
	struct err err = ERR_INIT;

	if (!arena)
		return 0;
	(void)oci_read(text, SPAN(""), arena, &document, &err);
	(void)oci_read_config(text, arena, &config, &err);
	(void)oci_read_archive(text, arena, &archive, &err);
	(void)oci_select(text, SPAN(""), &wanted, &fetch, arena, &selected, &err);
	(void)oci_archive_digest(text, &digest);
	(void)oci_layer_compression(text, &compression, &err);
	(void)oci_platform_parse(text, arena, &wanted, &err);
	arena_free(arena);
	return 0;
}
