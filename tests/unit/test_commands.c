/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From how shells were run to a table, and what is carried out by it: the judge is /bin/sh, which
 * must do the same.
 */
#include "test.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "codec/command_table.h"
#include "codec/commands_json.h"
#include "codec/shell_log.h"
#include "fixture.h"
#include "launcher/carry.h"
#include "port/launcher.h"
#include "stage/commands.h"
#include "stage/shells.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct fixture_entry entries[] = {
	{.path = "bin", .type = IMAGE_SYMLINK, .link = "usr/bin"},
	{.path = "usr/bin/dash", .mode = 0755, .content = "\177ELF"},
	{.path = "usr/bin/sh", .type = IMAGE_SYMLINK, .link = "dash"},
	{.path = "usr/bin/df", .mode = 0755, .content = "\177ELF"},
};

/* ---- logs ---- */

struct log {
	struct buf text;
};

static void
log_add(struct buf *to, const char *name, const char *value)
{
	assert_good(buf_printf(to, err, "%s %zu\n%s\n", name, strlen(value), value));
}

/* sh ARGUMENTS..., ended by NULL. */
static void
log_run(struct log *log, const char *input, const char *const *arguments)
{
	struct buf run = BUF_INIT(1 << 20);

	log_add(&run, "program", "/usr/bin/dash");
	log_add(&run, "name", "/bin/sh");
	log_add(&run, "parent", "/usr/bin/service");
	log_add(&run, "argument", "sh");
	for (; *arguments; arguments++)
		log_add(&run, "argument", *arguments);
	if (input) {
		char name[32];
		struct buf bytes = BUF_INIT(1 << 20);

		(void)snprintf(name, sizeof(name), "input-%zu", log->text.n);
		assert_good(buf_printf(&bytes, err, "%s\n%s", name, input));
		assert_good(buf_byte(&bytes, '\0', err));
		log_add(&log->text, "input", bytes.p);
		buf_cleanup(&bytes);
		log_add(&run, "input", name);
	}
	assert_good(buf_byte(&run, '\0', err));
	run.n--;
	log_add(&log->text, "run", run.p);
	buf_cleanup(&run);
}

static void
log_command(struct log *log, const char *line)
{
	const char *const arguments[] = {"-c", line, NULL};

	log_run(log, NULL, arguments);
}

static struct commands *
compile_on(struct log *log, const struct fixture *fixture)
{
	struct commands *commands = NULL;

	assert_good(commands_compile(fixture->image, buf_span(&log->text), SPAN("0123456789ab"),
				     &commands, err));
	buf_cleanup(&log->text);
	return commands;
}

static struct commands *
compile(struct log *log)
{
	struct fixture fixture;

	assert_good(fixture_make(entries, 4, &fixture, err));
	struct commands *commands = compile_on(log, &fixture);
	fixture_free(&fixture);
	return commands;
}

#define LOG_INIT                                                                                   \
	{                                                                                          \
		BUF_INIT(1 << 20)                                                                  \
	}

/* ---- the table, as mohs-commands reads it ---- */

static char memory[LAUNCHER_REGION];
static struct region region;

static struct table
read_table(const struct commands *commands)
{
	struct table table = {0};

	region = (struct region){memory, sizeof(memory), 0};
	assert_int_equal(commands->form, COMMANDS_TABLE);
	if (!table_read((struct text){commands->table.p, commands->table.n}, &region, &table))
		fail_msg("no table: %.*s", SPAN_ARG(commands->table));
	return table;
}

static const struct entry *
find(const struct table *table, const char *line, struct values *values)
{
	values->host = (struct text){"box", 3};
	for (size_t i = 0; i < table->count; i++) {
		if (entry_match(&table->entries[i], text_from(line), values) == MATCH_ALL)
			return &table->entries[i];
	}
	return NULL;
}

static bool
has(const struct table *table, const char *line)
{
	struct values values;

	return find(table, line, &values) != NULL;
}

/* ---- carried out as /bin/sh does ---- */

struct outcome {
	char output[4096];
	size_t n;
	int status;
};

/* In a folder of its own, with standard output into a file. */
static struct outcome
outcome_of(const char *line, const struct table *table)
{
	static const char *const environment[] = {"PATH=/usr/bin:/bin", "GREETING=hi there",
						  "PLAIN=x/y", "PWD=/nowhere", NULL};
	char folder[] = "/tmp/mohs-commands-XXXXXX";
	struct outcome outcome = {.n = 0};
	char path[64];
	int status = 0;

	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/.output", folder);
	pid_t child = fork();
	if (child == 0) {
		int file = open(path, O_RDWR | O_CREAT, 0600);
		int null = open("/dev/null", O_RDWR);

		if (chdir(folder) < 0 || dup2(file, 1) < 0 || dup2(null, 0) < 0 ||
		    dup2(null, 2) < 0)
			_exit(99);
		(void)close(file);
		(void)close(null);
		(void)signal(SIGCHLD, SIG_IGN); /* as some programs do */
		if (!table) {
			(void)execle("/bin/sh", "sh", "-c", line, NULL, environment);
			_exit(99);
		}
		struct values values;
		struct carrying carrying = {.values = &values, .region = &region};
		const struct entry *entry = find(table, line, &values);
		if (!entry || !carry_begin(&carrying, environment))
			_exit(99);
		carry_out(&carrying, &entry->run, true);
		_exit((int)carrying.status);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	outcome.status = status;
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	outcome.n = fread(outcome.output, 1, sizeof(outcome.output), file);
	(void)fclose(file);
	char command[80];
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	assert_int_equal(system(command), 0);
	return outcome;
}

static void
lines_do_what_a_shell_does(void **state)
{
	static const char *const lines[] = {
		"echo a  'b  c' \"d\"",
		"echo -n x; printf '%s-%s\\n' 'x y' z",
		"expr 40 + 2; false || echo done",
		"true && echo yes; ! true || echo no; ! false && echo odd",
		"echo one | cat | wc -c",
		"false | true; false; echo x | false || echo failed",
		"echo 1; exit 7; echo 2",
		"(echo in; exit 4) > out; cat out out",
		"(exit 5)",
		"(exit 5) || echo five",
		"false; exit",
		"echo err 1>&2; echo gone >/dev/null; echo all 2>&1",
		"echo a > f; echo b >> f; cat < f; cat 0<f 1>&1",
		"cat 3<missing || echo no file",
		"cat missing 2>&1 | wc -l",
		"A=1 B='x y' env | grep '^[AB]='",
		"PATH=/nowhere env || echo not found",
		"expr \"$GREETING\" : '.*'",
		"expr $PLAIN : '.*'",
		"expr \"x$NONE\" : '.*'",
		"env | grep -c ^PWD=/tmp/mohs-commands",
		"cd / && /bin/pwd; env | grep -c PWD=/",
		"cd /missing || echo stayed",
		"nosuchprogram",
		"nosuchprogram || echo never",
		"/etc/passwd",
		"exec echo hi; echo never",
		"(exec echo hi); echo after",
		"/bin/sh -c 'kill -9 $$'; echo killed",
		"/bin/sh -c 'kill -15 $$' || echo killed",
		"echo a &&\n echo b\n\necho c # end",
		"echo x 3>&1 >/dev/null; cat /dev/null 3>&-",
		"echo more <>both; wc -c < both",
		":; : | cat",
		"",
		"# nothing",
	};
	struct log log = LOG_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		log_command(&log, lines[i]);
	struct commands *commands = compile(&log);
	for (size_t i = 0; i < commands->left.count; i++)
		fail_msg("%.*s: %.*s", SPAN_ARG(commands->left.items[i].subject),
			 SPAN_ARG(commands->left.items[i].text));
	struct table table = read_table(commands);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct outcome wanted = outcome_of(lines[i], NULL);
		struct outcome got = outcome_of(lines[i], &table);

		if (wanted.status != got.status || wanted.n != got.n ||
		    memcmp(wanted.output, got.output, wanted.n) != 0)
			fail_msg("%s\nsh: %x \"%.*s\"\nmohs-commands: %x \"%.*s\"", lines[i],
				 wanted.status, (int)wanted.n, wanted.output, got.status,
				 (int)got.n, got.output);
	}
	commands_free(commands);
}

/* An unquoted variable that is more than a word would be split: nothing is done then. */
static void
unquoted_values_are_words(void **state)
{
	struct log log = LOG_INIT;

	(void)state;
	log_command(&log, "expr $GREETING : '.*'; echo after");
	struct commands *commands = compile(&log);
	struct table table = read_table(commands);
	struct outcome got = outcome_of("expr $GREETING : '.*'; echo after", &table);
	assert_int_equal(got.n, 6);
	commands_free(commands);
}

/* ---- what the table has ---- */

static void
only_what_was_seen(void **state)
{
	struct log log = LOG_INIT;

	(void)state;
	log_command(&log, "df -kP /data");
	log_command(&log, "df -kP /data");
	struct commands *commands = compile(&log);
	assert_int_equal(commands->runs, 2);
	assert_int_equal(commands->seen_count, 1);
	assert_int_equal(commands->seen[0].runs, 2);
	assert_span(commands->seen[0].line, "df -kP /data");
	assert_span(commands->seen[0].from, "/usr/bin/service");
	assert_span(commands->seen[0].programs.items[0], "df");
	assert_int_equal(commands->shells.count, 1);
	assert_span(commands->shells.items[0], "/usr/bin/sh");
	struct table table = read_table(commands);
	assert_true(has(&table, "df -kP /data"));
	static const char *const others[] = {
		"df -kP /", "df -kP /data ", "df -kP /data; id", "df -kP /data\n", "",
		"df",	    "df -kP  /data"};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(has(&table, others[i]));
	commands_free(commands);
}

static void
places_take_harmless_words_only(void **state)
{
	struct log log = LOG_INIT;

	(void)state;
	log_command(&log, "wc -c /tmp/work-1201.txt | tee /tmp/work-1201.log");
	log_command(&log, "wc -c /tmp/work-1203.txt | tee /tmp/work-1203.log");
	log_command(&log, "wc -c /tmp/work-77.txt | tee /tmp/work-77.log");
	struct commands *commands = compile(&log);
	assert_int_equal(commands->seen_count, 1);
	assert_int_equal(commands->seen[0].runs, 3);
	assert_span(commands->seen[0].line,
		    "wc -c /tmp/work-{digits}.txt | tee /tmp/work-{digits}.log");
	struct table table = read_table(commands);
	assert_true(has(&table, "wc -c /tmp/work-9.txt | tee /tmp/work-9.log"));
	static const char *const others[] = {
		"wc -c /tmp/work-9.txt | tee /tmp/work-8.log", /* the two were always the same */
		"wc -c /tmp/work-.txt | tee /tmp/work-.log",
		"wc -c /tmp/work-9a.txt | tee /tmp/work-9a.log",
		"wc -c /tmp/work-$(id).txt | tee /tmp/work-$(id).log",
		"wc -c /tmp/work-9;id;.txt | tee /tmp/work-9;id;.log",
		"wc -c /tmp/work-9/../x.txt | tee /tmp/work-9/../x.log",
		"wc -c /tmp/work- 9.txt | tee /tmp/work- 9.log",
		"wc -c /tmp/work-9.txt | tee /tmp/work-9",
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(has(&table, others[i]));
	commands_free(commands);
}

/* How many lines a table has that was made of these. */
static size_t
count_lines(const char *const *lines)
{
	struct log log = LOG_INIT;

	for (; *lines; lines++)
		log_command(&log, *lines);
	struct commands *commands = compile(&log);
	size_t count = commands->seen_count;

	commands_free(commands);
	return count;
}

static void
places_are_rare(void **state)
{
	/* too few; words of a language; where a program, a file written to or a variable is named;
	   with an option; what ends a value could be part of it */
	static const struct {
		const char *lines[5];
		size_t count;
	} cases[] = {
		{{"a 1", "a 2"}, 2},
		{{"a 1", "a 2", "a 3"}, 1},
		{{"a Start", "a Stop", "a Go"}, 3},
		{{"a1 x", "a2 x", "a3 x"}, 3},
		{{"a >f1", "a >f2", "a >f3"}, 3},
		{{"A=1 b", "A=2 b", "A=3 b"}, 3},
		{{"a -1x", "a -2y", "a b3"}, 3},
		{{"a x1y", "a x2y", "a x3y"}, 1},
		{{"a xk1y", "a xb2y", "a xl3y"}, 3},
		{{"a /tmp/k1.d", "a /tmp/b2.d", "a /tmp/l3.d"}, 1},
		{{"a ../k1", "a ../b2", "a ../l3"}, 1},
		{{"a 1 2 3 4 5", "a 6 7 8 9 0", "a 10 11 12 13 14"}, 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t count = count_lines(cases[i].lines);

		if (count != cases[i].count)
			fail_msg("%s: %zu lines, not %zu", cases[i].lines[0], count,
				 cases[i].count);
	}
}

static void
the_host_is_where_it_runs(void **state)
{
	struct log log = LOG_INIT;

	(void)state;
	log_command(&log, "df -kP /data/node@0123456789ab");
	struct commands *commands = compile(&log);
	assert_span(commands->seen[0].line, "df -kP /data/node@{host}");
	struct table table = read_table(commands);
	assert_true(has(&table, "df -kP /data/node@box"));
	assert_false(has(&table, "df -kP /data/node@0123456789ab"));
	commands_free(commands);
}

static void
shells_that_read_commands(void **state)
{
	static const char *const monitor[] = {"-s", "monitor", NULL};
	struct log log = LOG_INIT;
	struct values values = {.host = {"box", 3}};

	(void)state;
	log_run(&log,
		"(df -kP /\n) </dev/null; echo \"\r\"\n\n(df -kP /\n) </dev/null; echo \"\r\"\n\n",
		monitor);
	struct commands *commands = compile(&log);
	assert_int_equal(commands->seen_count, 1);
	assert_int_equal(commands->seen[0].runs, 2);
	assert_true(commands->seen[0].input);
	struct table table = read_table(commands);
	assert_int_equal(table.input_count, 1);
	assert_true(text_same(table.inputs[0].items[1], text_from("monitor")));
	const struct entry *entry = table.entries;
	assert_int_equal(entry_match(entry, text_from("(df -kP /\n"), &values), MATCH_BEGINS);
	assert_int_equal(entry_match(entry, text_from("(df -kP /x\n"), &values), MATCH_NONE);
	assert_int_equal(
		entry_match(entry, text_from("(df -kP /\n) </dev/null; echo \"\r\"\n"), &values),
		MATCH_ALL);
	commands_free(commands);
}

/* ---- when the shell stays ---- */

static void
what_is_left_is_named(void **state)
{
	static const struct {
		const char *arguments[4];
		const char *subject;
	} cases[] = {
		{{"/usr/bin/script", "x"}, "sh /usr/bin/script x"},
		{{"-i"}, "sh -i"},
		{{"-ec", "a"}, "sh -ec a"},
		{{"-c", "a", "name"}, "sh -c a name"},
		{{"-c", "a $(b)"}, "a $(b)"},
		{{"-c", "a \xff"}, "a command"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct log log = LOG_INIT;

		log_command(&log, "df");
		log_run(&log, NULL, cases[i].arguments);
		struct commands *commands = compile(&log);
		assert_int_equal(commands->form, COMMANDS_KEPT);
		assert_int_equal(commands->left.count, 1);
		assert_span(commands->left.items[0].subject, cases[i].subject);
		assert_int_equal(commands->table.n, 0);
		commands_free(commands);
	}
	struct log odd = LOG_INIT;
	log_add(&odd.text, "odd", "x");
	struct commands *kept = compile(&odd);
	assert_int_equal(kept->form, COMMANDS_KEPT);
	assert_span(kept->left.items[0].subject, "shells");
	commands_free(kept);
	struct log none = LOG_INIT;
	struct commands *commands = compile(&none);
	assert_int_equal(commands->form, COMMANDS_NONE);
	commands_free(commands);
}

static void
logs_are_not_believed(void **state)
{
	static const char *const logs[] = {
		"run 3\nabc\n",		  "run 9\nabc\n", "odd 1\nx\n", "input 3\nabc\n",
		"run 10\nodd 3\nabc\n\n", "refused 1\nx", "run -1\n\n",
	};
	struct arena *arena = arena_new(0);
	struct shell_log log;

	(void)state;
	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++)
		assert_fails(ERR_INVALID, shell_log_read(span_from(logs[i]), arena, &log, err));
	arena_free(arena);
}

/* ---- records and images ---- */

static void
it_comes_back_from_json(void **state)
{
	struct log log = LOG_INIT;
	struct arena *arena = arena_new(0);
	struct commands *back = NULL;

	(void)state;
	log_command(&log, "df | wc -l");
	struct commands *commands = compile(&log);
	json_t *json = commands_json_make(commands);
	assert_good(commands_json_read(json, arena, &back, err));
	assert_int_equal(back->form, COMMANDS_TABLE);
	assert_true(span_equal(back->table, commands->table));
	assert_int_equal(back->seen[0].programs.count, 2);
	assert_span(back->shells.items[0], "/usr/bin/sh");
	json_object_set_new(json, "table", json_string(""));
	assert_fails(ERR_INVALID, commands_json_read(json, arena, &back, err));
	json_decref(json);
	commands_free(commands);
	arena_free(arena);
}

static void
a_link_takes_the_shells_place(void **state)
{
	static const struct fixture_entry linked[] = {
		{.path = "bin/bash", .mode = 0755, .content = "\177ELF a shell"},
		{.path = "bin/rbash", .hardlink = "bin/bash"},
		{.path = "bin/sh", .hardlink = "bin/bash"},
	};
	static struct span shells[] = {SPAN_INIT("/bin/bash"), SPAN_INIT("/bin/sh")};
	const struct commands commands = {.form = COMMANDS_TABLE, .shells = {shells, 2}};
	struct arena *arena = arena_new(0);
	struct fixture fixture;
	struct image view;
	char content[64];
	size_t n = 0;

	(void)state;
	assert_good(fixture_make(linked, 3, &fixture, err));
	assert_good(commands_view(&commands, fixture.image, arena, &view, err));
	uint32_t left = image_find(&view, SPAN("/bin/rbash"));
	assert_true(commands_is_link(&view.entries[image_find(&view, SPAN("/bin/bash"))]));
	assert_true(commands_is_link(&view.entries[image_find(&view, SPAN("/bin/sh"))]));
	assert_false(commands_is_link(
		&fixture.image->entries[image_find(fixture.image, SPAN("/bin/sh"))]));
	assert_int_equal(view.entries[left].inode, left);
	assert_int_equal(view.entries[left].links, 1);
	assert_good(
		contents_read(fixture.contents, &view, left, 0, content, sizeof(content), &n, err));
	assert_int_equal(n, strlen("\177ELF a shell"));
	static struct span missing[] = {SPAN_INIT("/bin/zsh")};
	const struct commands other = {.form = COMMANDS_TABLE, .shells = {missing, 1}};
	assert_fails(ERR_MISMATCH, commands_view(&other, fixture.image, arena, &view, err));
	fixture_free(&fixture);
	arena_free(arena);
}

/* The program is known by its bytes; one of another name, or a shell of its name, is not. */
static void
the_table_is_no_shell(void **state)
{
	const struct span own = launcher_commands();
	char *other = malloc(own.n + 1);
	struct fixture fixture;
	struct shells *shells = NULL;

	(void)state;
	assert_non_null(other);
	if (own.n == 0)
		skip();
	memcpy(other, own.p, own.n);
	other[own.n - 1] ^= 1;
	const struct fixture_entry hardened[] = {
		{.path = ".mohs/commands", .mode = 0755, .content = own.p, .size = own.n},
		{.path = ".mohs/commands.json", .content = "{\"commands\":[{},{}]}"},
		{.path = "bin/bash", .mode = 0755, .content = other, .size = own.n},
		{.path = "bin/sh", .type = IMAGE_SYMLINK, .link = "/.mohs/commands"},
	};
	assert_good(fixture_make(hardened, 4, &fixture, err));
	assert_good(shells_find(fixture.image, fixture.contents, &shells, err));
	assert_int_equal(shells->shell_count, 1);
	assert_int_equal(shells->count, 3);
	assert_int_equal(shells->items[0].kind, SHELL_COMMANDS);
	assert_int_equal(shells->items[1].kind, SHELL_SHELL);
	assert_int_equal(shells->items[2].kind, SHELL_COMMANDS);
	assert_int_equal(shells->items[2].proof, SHELL_BY_LINK);
	assert_span(shells->items[2].what, "command table of 2 commands");
	shells_free(shells);
	fixture_free(&fixture);
	free(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_do_what_a_shell_does),
		cmocka_unit_test(unquoted_values_are_words),
		cmocka_unit_test(only_what_was_seen),
		cmocka_unit_test(places_take_harmless_words_only),
		cmocka_unit_test(places_are_rare),
		cmocka_unit_test(the_host_is_where_it_runs),
		cmocka_unit_test(shells_that_read_commands),
		cmocka_unit_test(what_is_left_is_named),
		cmocka_unit_test(logs_are_not_believed),
		cmocka_unit_test(it_comes_back_from_json),
		cmocka_unit_test(a_link_takes_the_shells_place),
		cmocka_unit_test(the_table_is_no_shell),
	};

	return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
