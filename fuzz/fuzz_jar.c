/* SPDX-License-Identifier: Apache-2.0 */
/* The first line is a file's name, the rest a text of it: a manifest, and a pom.properties. */
#include "codec/jar.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

static void
touch(const struct jar_identity *identity)
{
	sink ^= span_hash(identity->group, 1) ^ span_hash(identity->artifact, 2) ^
		span_hash(identity->version, 3);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct span name = size ? span_cut(&text, '\n') : text;
	struct arena *arena = arena_new(0);
	struct jar_manifest manifest;
	struct jar_identity identity;
	struct err err = ERR_INIT;

	if (jar_is_pom(name, &identity) && identity.group.n + identity.artifact.n >= name.n)
		abort();
	if (arena && jar_read_pom(text, arena, &identity, &err) == 0)
		touch(&identity);
	if (arena && jar_read_manifest(text, arena, &manifest, &err) == 0 &&
	    jar_guess(&manifest, name, arena, &identity, &err) == 0)
		touch(&identity);
	arena_free(arena);
	return 0;
}
