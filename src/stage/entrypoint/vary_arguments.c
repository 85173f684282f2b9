/* SPDX-License-Identifier: Apache-2.0 */
/* Other arguments than the observed ones: which of them only go through to the service. */
#include "stage/entrypoint/compiler.h"

#include "base/limits.h"

#include <stdio.h>

static const struct span but_arguments[] = {SPAN_INIT("argument/")};

/* 1 when it starts as ever, but for its arguments, which end in the last `tail` of `given`. */
static int
goes_through(struct compiler *compiler, struct span_list given, size_t tail,
	     struct span_list *ret_lead, struct err *err)
{
	struct span ignored_items[] = {but_arguments[0]};
	const struct span_list ignored = {ignored_items, 1};
	struct start_trial trial = {.other_arguments = true, .arguments = given};
	struct start_state *state = NULL;
	struct facts facts = {0};
	int r = compiler_try(compiler, &trial, &state, NULL, err);

	if (r < 0 || !state || !state->reached || state->arguments.count < tail + 1)
		return r;
	r = facts_make(state, compiler->arena, &facts, err);
	if (r < 0 ||
	    !facts_same(&compiler->base_facts, NULL, 0, &facts, &ignored, compiler->arena, NULL))
		return r;
	for (size_t i = 0; i < tail; i++) {
		if (!span_equal(state->arguments.items[state->arguments.count - tail + i],
				given.items[given.count - tail + i]))
			return 0;
	}
	*ret_lead = (struct span_list){state->arguments.items, state->arguments.count - tail};
	return 1;
}

static bool
same_list(struct span_list a, struct span_list b)
{
	bool same = a.count == b.count;

	for (size_t i = 0; same && i < a.count; i++)
		same = span_equal(a.items[i], b.items[i]);
	return same;
}

/* So many first ones as observed, then others. */
static int
try_following(struct compiler *compiler, size_t same, struct err *err)
{
	struct span items[START_WORDS_MAX];
	struct span_list given = {items, 0};
	struct span_list again = {0};

	if (same + 2 > START_WORDS_MAX)
		return 0;
	for (size_t i = 0; i < same; i++)
		items[given.count++] = compiler->arguments.items[i];
	items[given.count++] = SPAN("mohs-probe-one");
	items[given.count] = SPAN("/mohs/probe two");
	struct start_trial first = {.other_arguments = true, .arguments = given};
	struct start_trial second = {.other_arguments = true,
				     .arguments = {items, given.count + 1}};
	compiler_expect(compiler, &first);
	compiler_expect(compiler, &second);
	int r = goes_through(compiler, given, 1, &compiler->then, err);
	if (r <= 0) {
		compiler_forget(compiler, &second);
		return r;
	}
	given.count++;
	r = goes_through(compiler, given, 2, &again, err);
	if (r > 0 && same_list(again, compiler->then))
		compiler->same_arguments = same;
	return r < 0 ? r : 0;
}

static int
try_options(struct compiler *compiler, struct err *err)
{
	struct span items[] = {SPAN("--mohs-probe=1"), SPAN("-z"), SPAN("mohs-probe-one")};
	int r = goes_through(compiler, (struct span_list){items, 3}, 3, &compiler->lead, err);

	compiler->options = r > 0;
	return r < 0 ? r : 0;
}

struct words {
	struct span items[START_WORDS_MAX];
	size_t count;
};

/* The observed arguments, and words[from, to) after them. */
static struct span_list
with_words(const struct compiler *compiler, const struct words *words, size_t from, size_t to,
	   struct span items[2 * START_WORDS_MAX])
{
	struct span_list given = {items, 0};

	for (size_t i = 0; i < compiler->same_arguments; i++)
		items[given.count++] = compiler->arguments.items[i];
	for (size_t i = from; i < to; i++)
		items[given.count++] = words->items[i];
	return given;
}

static void
expect_part(const struct compiler *compiler, const struct words *words, size_t from, size_t to)
{
	struct span items[2 * START_WORDS_MAX];
	struct start_trial trial = {.other_arguments = true,
				    .arguments = with_words(compiler, words, from, to, items)};

	if (from < to)
		compiler_expect(compiler, &trial);
}

/* Those of words[from, to) that do not simply go through, halving until each is found. */
static int
split(struct compiler *compiler, const struct words *words, size_t from, size_t to, struct err *err)
{
	struct span items[2 * START_WORDS_MAX];
	struct span_list given = with_words(compiler, words, from, to, items);
	struct span_list lead = {0};

	int r = from < to ? goes_through(compiler, given, to - from, &lead, err) : 1;
	if (r != 0 && (r < 0 || from == to || same_list(lead, compiler->then)))
		return r < 0 ? r : 0;
	if (to - from == 1 || compiler->spent) {
		for (size_t i = from; i < to; i++)
			compiler->refused.items[compiler->refused.count++] = words->items[i];
		return 0;
	}
	size_t middle = from + (to - from) / 2;
	expect_part(compiler, words, from, middle);
	expect_part(compiler, words, middle, to);
	r = split(compiler, words, from, middle, err);
	return r < 0 ? r : split(compiler, words, middle, to, err);
}

/* Words the script's text names: any of them may be one that it acts on. */
static int
find_refused(struct compiler *compiler, struct err *err)
{
	const struct span_list *named = &compiler->found.words[SCRIPT_ARGUMENT];
	struct words *words = arena_alloc(compiler->arena, sizeof(*words));

	compiler->refused.items =
		arena_array(compiler->arena, named->count + 1, sizeof(struct span));
	if (!words || !compiler->refused.items)
		return err_memory(err);
	for (size_t i = 0; i < named->count && words->count < START_WORDS_MAX; i++)
		words->items[words->count++] = named->items[i];
	if (compiler->same_arguments)
		return split(compiler, words, 0, words->count, err);
	for (size_t i = 0; i < words->count; i++)
		compiler->refused.items[compiler->refused.count++] = words->items[i];
	return 0;
}

int
vary_arguments(struct compiler *compiler, struct err *err)
{
	size_t count = compiler->arguments.count;
	int r = 0;

	if (compiler->alone)
		return 0;
	if (count > 0)
		r = try_following(compiler, 1, err);
	if (r == 0 && compiler->same_arguments == 0 && count > 1)
		r = try_following(compiler, count, err);
	if (r == 0)
		r = try_options(compiler, err);
	if (r == 0 && (compiler->same_arguments || compiler->options))
		r = find_refused(compiler, err);
	return r;
}
