/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mohs-commands: stands where a shell stood, for programs that run commands through one. Carries
 * out the command lines of its table, which were seen while profiling, and refuses any other. It
 * reads no language: a line is in the table, byte for byte but for marked places, or it is not.
 * docs/commands.md
 */
#include "launcher/carry.h"
#include "launcher/entry.h"
#include "launcher/files.h"
#include "launcher/reader.h"
#include "launcher/sys.h"

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/utsname.h>

static char document[LAUNCHER_PLAN_MAX + 1];
static char memory[LAUNCHER_REGION];
static char buffer[TABLE_LINE_MAX];
static struct table table;

/*
 * While profiling there is a file for what is refused, so that it is known; nowhere else. What it
 * has is read as the recorder's records: NAME, blank, length, newline, bytes, newline.
 */
static void
note(const char *name, struct text line)
{
	static char record[TABLE_LINE_MAX + 64];
	char digits[24];
	long fd = sys_open(AT_FDCWD, "/.mohs/refused", O_WRONLY | O_APPEND | O_CLOEXEC, 0);
	size_t n = text_length(name);

	if (fd < 0)
		return;
	if (line.n > TABLE_LINE_MAX)
		line.n = TABLE_LINE_MAX;
	struct text number = text_number(line.n, digits);
	text_copy(record, name, n);
	text_copy(record + n, number.p, number.n);
	n += number.n;
	record[n++] = '\n';
	text_copy(record + n, line.p, line.n);
	n += line.n;
	record[n++] = '\n';
	(void)sys_write(fd, record, n); /* at once: others write as well */
	(void)sys_close(fd);
}

static _Noreturn void
refuse_line(struct text line)
{
	note("refused ", line);
	carry_say("not seen while profiling, and there is no shell here: ", line, "");
	sys_exit(CARRY_NOT_SEEN);
}

/* MATCH_BEGINS when it may become one with more lines. */
static enum match
find(struct text line, bool input, struct values *values, const struct entry **ret)
{
	enum match best = MATCH_NONE;

	for (size_t i = 0; i < table.count && best != MATCH_ALL; i++) {
		if (table.entries[i].input != input)
			continue;
		enum match match = entry_match(&table.entries[i], line, values);
		if (match > best)
			best = match;
		if (match == MATCH_ALL)
			*ret = &table.entries[i];
	}
	return best;
}

static _Noreturn void
carry_line(struct carrying *carrying, struct values *values, struct text line)
{
	const struct entry *entry = NULL;

	if (find(line, false, values, &entry) != MATCH_ALL)
		refuse_line(line);
	carry_out(carrying, &entry->run, true);
	sys_exit(carrying->status);
}

/* One byte at a time: what stands behind the line is another program's to read. */
static size_t
read_line(size_t at)
{
	while (at < sizeof(buffer)) {
		long n = sys_read(0, buffer + at, 1);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			break;
		if (buffer[at++] == '\n')
			break;
	}
	return at;
}

static bool
is_blank(struct text line)
{
	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] != ' ' && line.p[i] != '\t' && line.p[i] != '\n')
			return false;
	}
	return true;
}

static _Noreturn void
carry_input(struct carrying *carrying, struct values *values)
{
	size_t from = 0;

	for (;;) {
		const struct entry *entry = NULL;
		size_t n = read_line(from);
		bool over = n == from;

		if (!over && buffer[n - 1] != '\n' && n < sizeof(buffer))
			buffer[n++] = '\n'; /* the last line need not end */
		struct text line = {buffer, n};
		if (is_blank(line) && over)
			sys_exit(carrying->status);
		enum match match = is_blank(line) ? MATCH_NONE : find(line, true, values, &entry);
		if (!is_blank(line) && (match == MATCH_NONE || (match == MATCH_BEGINS && over)))
			refuse_line(line);
		from = match == MATCH_BEGINS ? n : 0;
		if (match != MATCH_ALL)
			continue;
		const char *const *environment = carrying->environment;
		size_t used = carrying->region->used;
		carry_out(carrying, &entry->run, false);
		if (carrying->ended)
			sys_exit(carrying->status);
		/* It runs for as long as there are lines: only a new environment is kept. */
		if (carrying->environment == environment)
			carrying->region->used = used;
	}
}

/* Arguments of a shell that was seen to read commands. */
static bool
is_input(const char *const *arguments)
{
	struct termios terminal;

	if (SYS(SYS_ioctl, 0, TCGETS, &terminal, 0, 0) == 0)
		return false;
	for (size_t i = 0; i < table.input_count; i++) {
		const struct texts *input = &table.inputs[i];
		size_t k = 0;

		while (k < input->count && arguments[k] &&
		       text_same(input->items[k], text_from(arguments[k])))
			k++;
		if (k == input->count && !arguments[k])
			return true;
	}
	return false;
}

static _Noreturn void
refuse_arguments(const char *const *arguments)
{
	struct refusal all = {.n = 0};

	for (size_t i = 0; arguments[i]; i++) {
		refusal_add(&all, text_from(i ? " " : ""));
		refusal_add(&all, text_from(arguments[i]));
	}
	note("options ", (struct text){all.text, all.n});
	if (arguments[0])
		carry_say("this is no shell, and was not seen to be run with: ",
			  (struct text){all.text, all.n}, "");
	else
		carry_say("this is no shell: it carries out commands that were seen while "
			  "profiling",
			  text_from(""), "");
	sys_exit(CARRY_NOT_SEEN);
}

void
entry_main(int argc, const char *const *argv, const char *const *environment, const long *auxiliary)
{
	static struct new_utsname names;
	static struct values values;
	struct region region = {memory, sizeof(memory), 0};
	struct carrying carrying = {.values = &values, .region = &region};
	const char *const *arguments = argv + (argc > 0);
	struct text text = document_load("/.mohs/commands.json", document, sizeof(document));

	(void)auxiliary;
	if (!text.p || !table_read(text, &region, &table)) {
		carry_say("/.mohs/commands.json cannot be read: the image is damaged",
			  text_from(""), "");
		sys_exit(CARRY_NOT_FOUND);
	}
	(void)SYS(SYS_uname, &names, 0, 0, 0, 0);
	values.host = text_from(names.nodename);
	if (!carry_begin(&carrying, environment))
		sys_exit(CARRY_NOT_SEEN);
	if (arguments[0] && text_same(text_from(arguments[0]), text_from("-c"))) {
		size_t at = arguments[1] && text_same(text_from(arguments[1]), text_from("--"));

		if (arguments[at + 1] && !arguments[at + 2])
			carry_line(&carrying, &values, text_from(arguments[at + 1]));
	} else if (is_input(arguments)) {
		carry_input(&carrying, &values);
	}
	refuse_arguments(arguments);
}
