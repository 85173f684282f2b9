/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/commands/compiler.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <stdlib.h>

int
commands_shells(const struct image *image, const struct shells *shells, struct arena *arena,
		struct span_list *ret, struct err *err)
{
	struct span_list list = {arena_array(arena, SHELLS_MAX + 1, sizeof(struct span)), 0};
	uint32_t seen[SHELLS_MAX];

	if (!list.items)
		return err_memory(err);
	for (size_t i = 0; i < shells->count; i++) {
		const struct shell *shell = &shells->items[i];
		size_t k = 0;

		if ((shell->kind != SHELL_SHELL && shell->kind != SHELL_MULTICALL) ||
		    image->entries[shell->entry].type != IMAGE_FILE ||
		    span_find(image->entries[shell->entry].path, '%') <
			    image->entries[shell->entry].path.n)
			continue;
		while (k < list.count && seen[k] != shell->entry)
			k++;
		if (k < list.count)
			continue;
		if (list.count == SHELLS_MAX)
			break; /* what is run through the others keeps them */
		seen[list.count] = shell->entry;
		list.items[list.count++] = image->entries[shell->entry].path;
	}
	*ret = list;
	return 0;
}

/* ---- programs ---- */

typedef VEC(struct span) spans;

static int note_programs(const struct line_sequence *sequence, spans *programs, struct err *err);

static int
note_program(const struct line_command *command, spans *programs, struct err *err)
{
	if (command->kind == LINE_LIST)
		return note_programs(command->list, programs, err);
	if (command->kind != LINE_RUN)
		return 0;
	struct span name = command->words[0].pieces[0].text;
	for (size_t i = 0; i < programs->count; i++) {
		if (span_equal(programs->items[i], name))
			return 0;
	}
	return vec_push(programs, &name, COMMANDS_MAX, err);
}

static int
note_programs(const struct line_sequence *sequence, spans *programs, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sequence->count; i++) {
		for (size_t k = 0; r == 0 && k < sequence->items[i].count; k++)
			r = note_program(&sequence->items[i].commands[k], programs, err);
	}
	return r;
}

/* ---- the result ---- */

static int
describe(struct compiler *compiler, const struct observed *observed, struct command_seen *ret,
	 struct err *err)
{
	spans programs = {0};
	int r = note_programs(&observed->table.run, &programs, err);

	*ret = (struct command_seen){
		.line = command_table_words(&observed->table, compiler->arena),
		.from = arena_copy(compiler->arena, observed->from),
		.runs = observed->runs,
		.input = observed->table.input,
		.programs = {vec_keep(&programs, compiler->arena), programs.count},
	};
	vec_free(&programs);
	if (r == 0 && (!ret->line.p || !ret->from.p || !ret->programs.items))
		r = err_memory(err);
	return r;
}

static int
compare_lines(const void *a, const void *b)
{
	const struct observed *left = a;
	const struct observed *right = b;

	if (left->table.input != right->table.input)
		return left->table.input ? 1 : -1;
	return span_compare(left->table.line, right->table.line);
}

/* Out with what a pattern stands for; the rest in an order that is always the same. */
static void
settle_lines(struct compiler *compiler)
{
	size_t kept = 0;

	for (size_t i = 0; i < compiler->lines.count; i++) {
		if (!compiler->lines.items[i].merged)
			compiler->lines.items[kept++] = compiler->lines.items[i];
	}
	compiler->lines.count = kept;
	if (kept)
		qsort(compiler->lines.items, kept, sizeof(*compiler->lines.items), compare_lines);
}

static int
write_table(struct compiler *compiler, struct err *err)
{
	struct commands *commands = compiler->commands;
	size_t count = compiler->lines.count;
	struct table_line *lines = arena_array(compiler->arena, count + 1, sizeof(*lines));

	commands->seen = arena_array(compiler->arena, count + 1, sizeof(*commands->seen));
	if (!lines || !commands->seen)
		return err_memory(err);
	for (size_t i = 0; i < count; i++) {
		int r = describe(compiler, &compiler->lines.items[i], &commands->seen[i], err);

		if (r < 0)
			return r;
		lines[i] = compiler->lines.items[i].table;
	}
	commands->seen_count = count;
	if (compiler->left.count)
		return 0;
	struct err why = ERR_INIT;
	int r = command_table_write(lines, count, compiler->inputs.items, compiler->inputs.count,
				    compiler->arena, &commands->table, &why);
	if (r == -ERR_LIMIT)
		return left_add(compiler, SPAN("commands"), why.text, err);
	if (r < 0)
		*err = why;
	return r;
}

static int
finish(struct compiler *compiler, struct err *err)
{
	struct commands *commands = compiler->commands;
	int r = 0;

	settle_lines(compiler);
	if (compiler->lines.count > COMMANDS_MAX) {
		r = left_add(compiler, SPAN("commands"),
			     "there are more different ones than a table holds", err);
		compiler->lines.count = COMMANDS_MAX;
	}
	if (r == 0)
		r = write_table(compiler, err);
	commands->left.items = vec_keep(&compiler->left, compiler->arena);
	commands->left.count = compiler->left.count;
	commands->shells.items = vec_keep(&compiler->shells, compiler->arena);
	commands->shells.count = compiler->shells.count;
	if (r == 0 && (!commands->left.items || !commands->shells.items))
		r = err_memory(err);
	if (r == 0 && (commands->runs || commands->left.count))
		commands->form = commands->left.count ? COMMANDS_KEPT : COMMANDS_TABLE;
	if (commands->form != COMMANDS_TABLE)
		commands->table = SPAN("");
	return r;
}

static int
compile(struct compiler *compiler, struct span log, struct err *err)
{
	struct shell_log runs = {0};
	struct err why = ERR_INIT;
	int r = shell_log_read(log, compiler->arena, &runs, &why);

	compiler->commands->runs = (uint32_t)runs.count;
	if (r == 0)
		r = collect_lines(compiler, &runs, &why);
	if (r == 0)
		r = places_find(compiler, &why);
	/* more than can be looked at, or something else wrote there */
	if (r == -ERR_LIMIT || r == -ERR_INVALID)
		r = left_add(compiler, SPAN("shells"), why.text, &why);
	if (r == 0)
		r = finish(compiler, &why);
	if (r < 0)
		*err = why;
	return r;
}

int
commands_compile(const struct image *image, struct span log, struct span host,
		 struct commands **ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct compiler compiler = {
		.image = image,
		.host = host,
		.arena = arena,
		.commands = arena ? arena_alloc(arena, sizeof(struct commands)) : NULL,
		.known = map_new(0),
	};
	int r = compiler.commands && compiler.known ? 0 : err_memory(err);

	if (r == 0) {
		compiler.commands->arena = arena;
		compiler.commands->table = SPAN("");
		r = compile(&compiler, log, err);
	}
	vec_free(&compiler.lines);
	vec_free(&compiler.inputs);
	vec_free(&compiler.left);
	vec_free(&compiler.shells);
	map_free(compiler.known);
	if (r < 0)
		return err_wrap(err, "commands");
	*ret = compiler.commands;
	(void)TAKE(arena);
	return 0;
}
