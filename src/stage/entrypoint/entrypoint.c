/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/entrypoint/compiler.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- remarks ---- */

typedef VEC(struct gap) gap_vec;

static int
add_gap(struct compiler *compiler, gap_vec *list, struct span subject, const char *text,
	struct err *err)
{
	struct gap gap = {arena_copy(compiler->arena, subject),
			  arena_copy(compiler->arena, span_from(text))};

	if (!gap.subject.p || !gap.text.p)
		return err_memory(err);
	return vec_push(list, &gap, PROFILE_GAPS_MAX, err);
}

int
compiler_left(struct compiler *compiler, struct span subject, struct err *err, const char *format,
	      ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return add_gap(compiler, (gap_vec *)(void *)&compiler->left, subject, text, err);
}

int
compiler_remark(struct compiler *compiler, struct span subject, struct err *err, const char *format,
		...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return add_gap(compiler, (gap_vec *)(void *)&compiler->remarks, subject, text, err);
}

int
compiler_carried(struct compiler *compiler, struct err *err, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	struct span copy = arena_copy(compiler->arena, span_from(text));
	return copy.p ? vec_push(&compiler->carried, &copy, PROFILE_GAPS_MAX, err)
		      : err_memory(err);
}

/* ---- runs ---- */

bool
compiler_has_runs(const struct compiler *compiler, uint32_t count)
{
	return !compiler->spent && compiler->runs + count <= START_RUNS_MAX;
}

/* Between the runtime and the service stands the probe, once it is known which program that is. */
static void
complete(const struct compiler *compiler, struct start_trial *trial)
{
	if (!trial->bare && compiler->base)
		trial->program = compiler->start->program;
	trial->patience_ms = compiler->patience_ms;
}

void
compiler_expect(const struct compiler *compiler, struct start_trial *trial)
{
	complete(compiler, trial);
	if (compiler->input->expect && compiler_has_runs(compiler, 2))
		compiler->input->expect(compiler->input->context, trial);
}

void
compiler_forget(const struct compiler *compiler, struct start_trial *trial)
{
	complete(compiler, trial);
	if (compiler->input->forget)
		compiler->input->forget(compiler->input->context, trial);
}

int
compiler_try(struct compiler *compiler, struct start_trial *trial, struct start_state **ret,
	     struct profile **ret_used, struct err *err)
{
	const struct entrypoint_input *input = compiler->input;
	struct profile *used = NULL;

	*ret = NULL;
	if (compiler->runs == START_RUNS_MAX) {
		if (compiler->spent)
			return 0;
		compiler->spent = true;
		return compiler_remark(compiler, SPAN("runs"), err,
				       "after %d starts no more was tried: what was not proven "
				       "to make no difference must be as it was observed",
				       START_RUNS_MAX);
	}
	compiler->runs++;
	progress_step(input->progress, 0, 0, "observing the start, run %u", compiler->runs);
	complete(compiler, trial);
	trial->used = ret_used != NULL;
	int r = input->observe(input->context, trial, compiler->arena, ret, &used, err);
	if (r == 0 && trial->used && !used)
		r = err_set(err, ERR_CHILD, "what it used was not told");
	if (r < 0)
		return err_wrap(err, "start %u", compiler->runs);
	if (ret_used)
		*ret_used = used;
	return 0;
}

/* ---- all of it ---- */

static int
vary(struct compiler *compiler, struct err *err)
{
	static int (*const steps[])(struct compiler * compiler, struct err * err) = {
		names_find, vary_arguments, vary_user, vary_data, vary_variables, form_choose,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(steps) / sizeof(steps[0]); i++)
		r = compiler->left.count ? 0 : steps[i](compiler, err);
	return r;
}

static int
hand_over(struct compiler *compiler, struct err *err)
{
	struct start *start = compiler->start;
	struct arena *arena = compiler->arena;
	const struct {
		void *from;
		size_t count;
		size_t size;
		void **to;
		size_t *to_count;
	} lists[] = {
		{compiler->carried.items, compiler->carried.count, sizeof(struct span),
		 (void **)(void *)&start->carried.items, &start->carried.count},
		{compiler->left.items, compiler->left.count, sizeof(struct gap),
		 (void **)(void *)&start->left.items, &start->left.count},
		{compiler->remarks.items, compiler->remarks.count, sizeof(struct gap),
		 (void **)(void *)&start->remarks.items, &start->remarks.count},
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		void *items = array_keep(arena, lists[i].from, lists[i].count, lists[i].size);

		if (!items)
			return err_memory(err);
		*lists[i].to = items;
		*lists[i].to_count = lists[i].count;
	}
	start->runs = compiler->runs;
	if (start->left.count) {
		start->form = START_KEPT;
		start->plan = SPAN("");
		start->entrypoint.count = start->command.count = 0;
	}
	return 0;
}

static void
compiler_free(struct compiler *compiler)
{
	profile_free(compiler->used);
	vec_free(&compiler->candidates);
	vec_free(&compiler->owned);
	vec_free(&compiler->settled);
	vec_free(&compiler->present);
	vec_free(&compiler->cleared);
	vec_free(&compiler->carried);
	vec_free(&compiler->left);
	vec_free(&compiler->remarks);
}

int
entrypoint_compile(const struct entrypoint_input *input, struct start **ret, struct err *err)
{
	struct arena *arena = arena_new(0);
	CLEANUP(start_cleanup)
	struct start *start = arena ? arena_alloc(arena, sizeof(*start)) : NULL;
	struct compiler compiler = {.input = input, .arena = arena, .start = start};
	bool shell = false;

	if (!start) {
		arena_free(arena);
		return err_memory(err);
	}
	*start = (struct start){.arena = arena, .program = SPAN(""), .plan = SPAN("")};
	int r = detect_shell(&compiler, &shell, err);
	if (r == 0 && shell)
		r = observe_base(&compiler, err);
	if (r == 0 && shell)
		r = vary(&compiler, err);
	if (r == 0 && shell)
		r = hand_over(&compiler, err);
	compiler_free(&compiler);
	if (r < 0)
		return r;
	*ret = shell ? TAKE(start) : NULL;
	return 0;
}
