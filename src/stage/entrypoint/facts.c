/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/entrypoint/compiler.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"

#include <stdlib.h>

struct maker {
	struct arena *arena;
	VEC(struct fact) facts;
	struct err *err;
	int result;
};

static void
put(struct maker *maker, struct span key, struct span text)
{
	struct fact fact = {key, text};

	if (maker->result < 0)
		return;
	maker->result = key.p && text.p ? vec_push(&maker->facts, &fact,
						   (size_t)8 * START_ITEMS_MAX, maker->err)
					: err_memory(maker->err);
}

static void
put_list(struct maker *maker, const char *key, const struct span_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		put(maker, arena_printf(maker->arena, "%s/%05zu", key, i), list->items[i]);
}

static void
put_environment(struct maker *maker, const struct span_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct span item = list->items[i];
		size_t equals = span_find(item, '=');

		put(maker, arena_printf(maker->arena, "variable/%.*s", (int)equals, item.p),
		    span_slice(item, equals < item.n ? equals + 1 : item.n, item.n));
	}
}

/* What it is, without the number of a pipe or socket. Those of the probe itself do not count. */
static void
put_descriptor(struct maker *maker, struct span item)
{
	struct span target = item;
	struct span number = span_cut(&target, ' ');
	size_t colon;

	if (!target.p || span_starts_with(target, SPAN("/proc/")) ||
	    span_starts_with(target, SPAN("/.mohs-probe/")))
		return;
	colon = span_find(target, ':');
	put(maker, arena_printf(maker->arena, "descriptor/%.*s", SPAN_ARG(number)),
	    span_slice(target, 0, colon));
}

static void
put_change(struct maker *maker, const struct start_change *change)
{
	char digest[DIGEST_TEXT] = "";

	if (change->replaces)
		(void)digest_format(&change->before, digest);
	put(maker, arena_printf(maker->arena, "change%.*s", SPAN_ARG(change->path)),
	    arena_printf(maker->arena, "%d %o %u %u %s", (int)change->kind, change->mode,
			 change->uid, change->gid, digest));
	if (change->content.p)
		put(maker, arena_printf(maker->arena, "content%.*s", SPAN_ARG(change->path)),
		    change->content);
}

static void
put_process(struct maker *maker, const struct start_state *state)
{
	struct arena *arena = maker->arena;
	struct span groups = SPAN("");
	struct span limits = SPAN("");

	for (size_t i = 0; i < state->group_count; i++)
		groups = arena_printf(arena, "%.*s %u", SPAN_ARG(groups), state->groups[i]);
	for (size_t i = 0; i < START_LIMITS; i++)
		limits = arena_printf(arena, "%.*s %llx:%llx", SPAN_ARG(limits),
				      (unsigned long long)state->limits[i].soft,
				      (unsigned long long)state->limits[i].hard);
	put(maker, SPAN("user"), arena_printf(arena, "%u:%u", state->uid, state->gid));
	put(maker, SPAN("groups"), groups);
	put(maker, SPAN("limits"), limits);
	put(maker, SPAN("umask"), arena_printf(arena, "%o", state->umask));
	put(maker, SPAN("privileges"), arena_printf(arena, "%d", (int)state->no_new_privileges));
	for (size_t i = 0; i < START_CAPABILITIES; i++)
		put(maker, arena_printf(arena, "capabilities/%zu", i),
		    arena_printf(arena, "%llx", (unsigned long long)state->capabilities[i]));
	put(maker, SPAN("signals"),
	    arena_printf(arena, "%llx %llx", (unsigned long long)state->ignored,
			 (unsigned long long)state->blocked));
}

static int
by_key(const void *a, const void *b)
{
	return span_compare(((const struct fact *)a)->key, ((const struct fact *)b)->key);
}

int
facts_make(const struct start_state *state, struct arena *arena, struct facts *ret, struct err *err)
{
	struct maker maker = {.arena = arena, .err = err};

	put(&maker, SPAN("reached"), state->reached ? SPAN("yes") : SPAN("no"));
	put(&maker, SPAN("program"), state->program);
	put(&maker, SPAN("directory"), state->directory);
	put_list(&maker, "argument", &state->arguments);
	put_environment(&maker, &state->environment);
	put_process(&maker, state);
	for (size_t i = 0; i < state->descriptors.count; i++)
		put_descriptor(&maker, state->descriptors.items[i]);
	put_list(&maker, "process", &state->processes);
	for (size_t i = 0; i < state->change_count; i++)
		put_change(&maker, &state->changes[i]);

	ret->items = vec_keep(&maker.facts, arena);
	ret->count = maker.facts.count;
	if (maker.result == 0 && !ret->items)
		maker.result = err_memory(err);
	if (maker.result == 0)
		qsort(ret->items, ret->count, sizeof(*ret->items), by_key);
	vec_free(&maker.facts);
	return maker.result;
}

const struct fact *
facts_find(const struct facts *facts, struct span key)
{
	const struct fact wanted = {.key = key};

	return bsearch(&wanted, facts->items, facts->count, sizeof(wanted), by_key);
}

struct span
swap_all(struct span text, const struct swap *swaps, size_t count, struct arena *arena)
{
	CLEANUP(buf_cleanup) struct buf made = BUF_INIT(2 * START_RECORDS_MAX);
	struct err ignored = ERR_INIT;
	int r = 0;

	for (size_t at = 0; r == 0 && at < text.n;) {
		struct span rest = span_slice(text, at, text.n);
		const struct swap *found = NULL;

		for (size_t i = 0; i < count && !found; i++) {
			if (swaps[i].from.n > 0 && span_starts_with(rest, swaps[i].from))
				found = &swaps[i];
		}
		if (found && found->to.p)
			r = buf_append(&made, found->to, &ignored);
		else if (!found)
			r = buf_byte(&made, *rest.p, &ignored);
		at += found ? found->from.n : 1;
	}
	return r < 0 ? (struct span){NULL, 0} : arena_copy(arena, buf_span(&made));
}

static bool
is_ignored(const struct span_list *ignored, struct span key)
{
	for (size_t i = 0; ignored && i < ignored->count; i++) {
		struct span item = ignored->items[i];

		if (span_ends_with(item, SPAN("/")) ? span_starts_with(key, item)
						    : span_equal(key, item))
			return true;
	}
	return false;
}

/* It is nothing but a value that there is not. */
static bool
is_void(struct span text, const struct swap *swaps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!swaps[i].to.p && span_equal(text, swaps[i].from))
			return true;
	}
	return false;
}

static size_t
next(const struct facts *facts, size_t at, const struct swap *swaps, size_t swap_count,
     const struct span_list *ignored)
{
	while (at < facts->count && (is_ignored(ignored, facts->items[at].key) ||
				     is_void(facts->items[at].text, swaps, swap_count)))
		at++;
	return at;
}

bool
facts_same(const struct facts *facts, const struct swap *swaps, size_t swap_count,
	   const struct facts *others, const struct span_list *ignored, struct arena *arena,
	   struct span *ret_key)
{
	size_t a = next(facts, 0, swaps, swap_count, ignored);
	size_t b = next(others, 0, NULL, 0, ignored);

	while (a < facts->count && b < others->count) {
		const struct fact *x = &facts->items[a];
		const struct fact *y = &others->items[b];
		struct span text = swap_all(x->text, swaps, swap_count, arena);

		if (!span_equal(x->key, y->key) || !text.p || !span_equal(text, y->text)) {
			if (ret_key)
				*ret_key = span_compare(x->key, y->key) <= 0 ? x->key : y->key;
			return false;
		}
		a = next(facts, a + 1, swaps, swap_count, ignored);
		b = next(others, b + 1, NULL, 0, ignored);
	}
	if (a == facts->count && b == others->count)
		return true;
	if (ret_key)
		*ret_key = a < facts->count ? facts->items[a].key : others->items[b].key;
	return false;
}

static size_t
find_text(struct span text, struct span part)
{
	for (size_t i = 0; part.n > 0 && i + part.n <= text.n; i++) {
		if (memcmp(text.p + i, part.p, part.n) == 0)
			return i;
	}
	return text.n;
}

static size_t
count_texts(struct span text, struct span part)
{
	size_t count = 0;

	for (size_t at; (at = find_text(text, part)) < text.n; count++)
		text = span_slice(text, at + part.n, text.n);
	return count;
}

/* All places have the same text: its length is what is left over, shared among them. */
static bool
solve_one(struct span text, struct span from, struct span other, struct span *ret)
{
	size_t count = count_texts(text, from);
	size_t fixed = text.n - count * from.n;
	size_t first = find_text(text, from);
	size_t length = other.n < fixed ? 0 : (other.n - fixed) / count;

	if (other.n != fixed + count * length)
		return false;
	*ret = span_slice(other, first, first + length);
	for (size_t at; (at = find_text(text, from)) < text.n;) {
		if (!span_starts_with(other, span_slice(text, 0, at)) ||
		    !span_starts_with(span_slice(other, at, other.n), *ret))
			return false;
		text = span_slice(text, at + from.n, text.n);
		other = span_slice(other, at + length, other.n);
	}
	return span_equal(text, other);
}

bool
facts_solve(const struct facts *facts, struct span from, const struct facts *others,
	    struct span *ret)
{
	for (size_t i = 0; i < facts->count; i++) {
		const struct fact *fact = &facts->items[i];
		const struct fact *other = facts_find(others, fact->key);

		if (other && count_texts(fact->text, from) > 0)
			return solve_one(fact->text, from, other->text, ret);
	}
	return false;
}
