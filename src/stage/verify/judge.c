/* SPDX-License-Identifier: Apache-2.0 */
/* Any, all, or so many of the keys. */
#include "stage/verify.h"

#include "base/limits.h"

/* The same key may have been given twice: the first stands for all. */
static bool
is_first(const struct verify_keys *keys, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (digest_equal(key_id(keys->items[i]), key_id(keys->items[index])))
			return false;
	}
	return true;
}

static bool
has_signed(const struct verification *items, size_t count, const struct verify_keys *keys,
	   size_t index)
{
	for (size_t i = 0; i < count; i++) {
		if (items[i].passed && items[i].key < keys->count &&
		    digest_equal(key_id(keys->items[items[i].key]), key_id(keys->items[index])))
			return true;
	}
	return false;
}

int
verify_judge(const struct verification *items, size_t count, const struct verify_keys *keys,
	     enum verify_need need, size_t threshold, struct arena *arena,
	     struct verify_verdict *ret, struct err *err)
{
	struct verify_verdict verdict = {.text = SPAN("")};
	size_t distinct = 0;

	if (keys->count == 0)
		return err_set(err, ERR_USAGE, "no key to verify with");
	for (size_t i = 0; i < keys->count; i++) {
		if (!is_first(keys, i))
			continue;
		distinct++;
		verdict.signers += has_signed(items, count, keys, i);
	}
	size_t wanted = need == VERIFY_ANY ? 1 : need == VERIFY_ALL ? distinct : threshold;
	if (wanted == 0 || wanted > distinct)
		return err_set(
			err, ERR_USAGE,
			"%zu signatures of different keys are asked for, and %zu key%s given",
			wanted, distinct, distinct == 1 ? " is" : "s are");
	verdict.passed = verdict.signers >= wanted;
	if (!verdict.passed)
		verdict.text = arena_printf(arena, "%zu of %zu keys signed it, and %zu must",
					    verdict.signers, distinct, wanted);
	if (!verdict.text.p)
		return err_memory(err);
	*ret = verdict;
	return 0;
}
