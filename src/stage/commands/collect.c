/* SPDX-License-Identifier: Apache-2.0 */
/* What shells were run for: command lines, each once. */
#include "stage/commands/compiler.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/json.h"

enum { SUBJECT_MAX = 160 };

int
left_add(struct compiler *compiler, struct span subject, const char *text, struct err *err)
{
	struct gap gap = {.subject = subject, .text = span_from(text)};

	if (gap.subject.n > SUBJECT_MAX)
		gap.subject.n = SUBJECT_MAX;
	if (!json_is_text(gap.subject))
		gap.subject = SPAN("a command");
	if (compiler->left.count == COMMANDS_MAX)
		return 0; /* one is enough for the shell to stay */
	for (size_t i = 0; i < compiler->left.count; i++) {
		const struct gap *known = &compiler->left.items[i];

		if (span_equal(known->subject, gap.subject) && span_equal(known->text, gap.text))
			return 0;
	}
	gap.subject = arena_copy(compiler->arena, gap.subject);
	gap.text = arena_copy(compiler->arena, gap.text);
	if (!gap.subject.p || !gap.text.p)
		return err_memory(err);
	return vec_push(&compiler->left, &gap, COMMANDS_MAX, err);
}

/* The line with the host's name marked. */
static int
mark_host(const struct compiler *compiler, struct span line, struct span *ret, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf marked = BUF_INIT(COMMAND_LINE_MAX * 2);
	int r = 0;

	for (size_t i = 0; r == 0 && i < line.n;) {
		if (compiler->host.n > 1 &&
		    span_starts_with(span_slice(line, i, line.n), compiler->host)) {
			r = buf_byte(&marked, LINE_HOST, err);
			i += compiler->host.n;
		} else {
			r = buf_byte(&marked, line.p[i++], err);
		}
	}
	*ret = arena_copy(compiler->arena, buf_span(&marked));
	return r < 0 ? r : ret->p ? 0 : err_memory(err);
}

/* The first byte tells lines that were read from those that were given. */
static int
line_key(struct span line, bool input, struct arena *arena, struct span *ret, struct err *err)
{
	*ret = arena_printf(arena, "%c%.*s", input ? 'i' : 'c', SPAN_ARG(line));
	return ret->p ? 0 : err_memory(err);
}

static int
add_line(struct compiler *compiler, struct span line, bool input, struct span from, struct err *err)
{
	struct observed observed = {.table = {.input = input}, .from = from, .runs = 1};
	struct err why = ERR_INIT;
	struct span key;
	uint64_t index;
	size_t used;

	if (line.n > COMMAND_LINE_MAX || !json_is_text(line))
		return left_add(compiler, line, "it is too long, or no UTF-8", err);
	int r = line_key(line, input, compiler->arena, &key, err);
	if (r < 0)
		return r;
	if (map_get(compiler->known, key, &index)) {
		compiler->lines.items[index].runs++;
		return 0;
	}
	r = mark_host(compiler, line, &observed.table.line, err);
	if (r < 0)
		return r;
	r = command_line_read(observed.table.line, input, compiler->arena, &observed.table.run,
			      &used, &why);
	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r < 0)
		return left_add(compiler, line, why.text, err);
	if (!json_is_text(from))
		observed.from = SPAN("");
	r = map_put(compiler->known, key, compiler->lines.count, err);
	return r < 0 ? r : vec_push(&compiler->lines, &observed, SHELL_RUNS_MAX, err);
}

static bool
same_list(const struct span_list *a, const struct span_list *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++)
		same = span_equal(a->items[i], b->items[i]);
	return same;
}

static int
add_arguments(struct compiler *compiler, const struct span_list *arguments, struct err *err)
{
	for (size_t i = 0; i < arguments->count; i++) {
		if (!json_is_text(arguments->items[i]))
			return left_add(compiler, SPAN("an argument"), "it is no UTF-8", err);
	}
	for (size_t i = 0; i < compiler->inputs.count; i++) {
		if (same_list(&compiler->inputs.items[i], arguments))
			return 0;
	}
	return vec_push(&compiler->inputs, arguments, COMMANDS_MAX, err);
}

/* A shell that read commands: one after the other, as it would. */
static int
add_input(struct compiler *compiler, const struct shell_run *run, const struct span_list *arguments,
	  struct err *err)
{
	struct span rest = run->input;
	int r = add_arguments(compiler, arguments, err);

	while (r == 0 && rest.n > 0) {
		CLEANUP(arena_cleanup) struct arena *scratch = arena_new(0);
		struct line_sequence sequence;
		struct err why = ERR_INIT;
		size_t used = 0;

		if (!scratch)
			return err_memory(err);
		r = command_line_read(rest, true, scratch, &sequence, &used, &why);
		if (r == -ERR_MEMORY)
			return err_memory(err);
		if (r < 0)
			return left_add(compiler, rest, why.text, err);
		if (sequence.count)
			r = add_line(compiler, span_slice(rest, 0, used), true, run->parent, err);
		rest = span_slice(rest, used, rest.n);
	}
	return r;
}

/* Where the shell's name is, links to its folder resolved. */
static int
add_shell(struct compiler *compiler, const struct shell_run *run, struct err *err)
{
	size_t slash = span_find_last(run->name, '/');
	uint32_t folder =
		slash < run->name.n && run->name.p[0] == '/'
			? image_resolve(compiler->image,
					slash ? span_slice(run->name, 0, slash) : SPAN("/"), true,
					NULL, NULL)
			: IMAGE_NONE;
	struct span path = {NULL, 0};

	struct span above = SPAN("");

	if (folder != IMAGE_NONE && folder != 0)
		above = compiler->image->entries[folder].path;
	if (folder != IMAGE_NONE)
		path = arena_printf(compiler->arena, "%.*s/%.*s", SPAN_ARG(above),
				    SPAN_ARG(span_slice(run->name, slash + 1, run->name.n)));
	if (folder != IMAGE_NONE && !path.p)
		return err_memory(err);
	uint32_t entry = path.p ? image_find(compiler->image, path) : IMAGE_NONE;
	if (entry == IMAGE_NONE || (compiler->image->entries[entry].type != IMAGE_FILE &&
				    compiler->image->entries[entry].type != IMAGE_SYMLINK))
		return left_add(compiler, run->name,
				"a shell is run by a name that is not "
				"the image's",
				err);
	for (size_t i = 0; i < compiler->shells.count; i++) {
		if (span_equal(compiler->shells.items[i], path))
			return 0;
	}
	return vec_push(&compiler->shells, &path, SHELLS_MAX, err);
}

static int
left_by_arguments(struct compiler *compiler, const struct shell_run *run, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf words = BUF_INIT(MIB);

	for (size_t i = 0; i < run->arguments.count; i++) {
		if (buf_append(&words, i ? SPAN(" ") : SPAN(""), err) < 0 ||
		    buf_append(&words, run->arguments.items[i], err) < 0)
			break; /* it is cut anyway */
	}
	*err = (struct err)ERR_INIT;
	return left_add(compiler, buf_span(&words),
			run->lost ? "not all of what this shell was run for is known"
				  : "a shell runs a script, or with options: only -c with a "
				    "command, and commands that it reads, are carried out",
			err);
}

static int
collect_run(struct compiler *compiler, const struct shell_run *run, struct err *err)
{
	struct span_list arguments = {run->arguments.items + (run->arguments.count > 0),
				      run->arguments.count - (run->arguments.count > 0)};
	size_t at = 1;

	if (run->lost)
		return left_by_arguments(compiler, run, err);
	if (arguments.count > 1 && span_equal(arguments.items[1], SPAN("--")))
		at = 2;
	bool command = arguments.count == at + 1 && span_equal(arguments.items[0], SPAN("-c"));
	if (!command && !run->reads)
		return left_by_arguments(compiler, run, err);
	int r = add_shell(compiler, run, err);
	if (r < 0)
		return r;
	return command ? add_line(compiler, arguments.items[at], false, run->parent, err)
		       : add_input(compiler, run, &arguments, err);
}

int
collect_lines(struct compiler *compiler, const struct shell_log *log, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < log->count; i++)
		r = collect_run(compiler, &log->runs[i], err);
	/* What a table did not have, in a later run. */
	for (size_t i = 0; r == 0 && i < log->options.count; i++)
		r = left_add(compiler, log->options.items[i],
			     "a shell was run so, but not when it was first profiled", err);
	for (size_t i = 0; r == 0 && i < log->refused.count; i++) {
		struct span line = log->refused.items[i];

		r = add_line(compiler, line, line.n && line.p[line.n - 1] == '\n', SPAN(""), err);
	}
	return r;
}
