/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles and envelopes, and the statement inside. */
#include "codec/bundle.h"
#include "codec/intoto.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_payload(struct span payload, struct arena *arena)
{
	struct intoto_statement statement;
	json_t *predicate = NULL;
	struct err err = ERR_INIT;
	struct span text;

	if (intoto_read(payload, arena, &statement, &predicate, &err) < 0)
		return;
	(void)intoto_write(&statement, predicate, arena, &text, &err);
	json_decref(predicate);
}

/* What is read and written is read again, and is the same. */
static void
check_again(const struct bundle *bundle, struct arena *arena)
{
	struct bundle again;
	struct err err = ERR_INIT;
	struct span first;
	struct span second;

	if (bundle->material != BUNDLE_PUBLIC_KEY)
		return;
	int r = bundle_write(bundle, arena, &first, &err);
	if (r == 0)
		r = bundle_read(first, arena, &again, &err);
	if (r == 0)
		r = bundle_write(&again, arena, &second, &err);
	if (r == 0 ? !span_equal(first, second) : !starved())
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct arena *arena = arena_new(0);
	struct bundle bundle;
	struct dsse envelope;
	struct err err = ERR_INIT;

	if (!arena)
		return 0;
	if (bundle_read(text, arena, &bundle, &err) == 0) {
		check_again(&bundle, arena);
		if (bundle.content == BUNDLE_DSSE)
			read_payload(bundle.envelope.payload, arena);
	}
	if (dsse_read(text, arena, &envelope, &err) == 0)
		read_payload(envelope.payload, arena);
	read_payload(text, arena);
	arena_free(arena);
	return 0;
}
