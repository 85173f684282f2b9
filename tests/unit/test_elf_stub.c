/* SPDX-License-Identifier: Apache-2.0 */
/* The judges are the loader of this machine and binutils. */
#include "test.h"

#include "base/cleanup.h"
#include "codec/elf.h"
#include "codec/elf_library.h"
#include "codec/elf_stub.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "stubbed.h"

#define CALLED	"was called: its code is not in this image, as nothing called it while profiling\n"
#define PROGRAM STUBBED_FOLDER "/stubbed_program"
#define TAKER	STUBBED_FOLDER "/stubbed_taker"

struct place {
	struct arena *arena;
	struct span folder; /* of stubs */
};

static int
make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	place->arena = arena_new(0);
	assert_non_null(place->arena);
	assert_good(directory_temporary(place->arena, &place->folder, err));
	*state = place;
	return 0;
}

static int
free_place(void **state)
{
	struct place *place = *state;

	assert_good(tree_remove(place->folder.p, err));
	arena_free(place->arena);
	free(place);
	return 0;
}

/* A stub by one of the two ways there are. */
typedef int (*stub_way)(struct span original, struct buf *ret, struct err *err);

static int
make_by(stub_way way, const struct place *place, struct span original, const char *name,
	struct err *err)
{
	CLEANUP(buf_cleanup) struct buf stub = {0};
	struct span path = arena_printf(place->arena, "%s/%s", place->folder.p, name);

	int r = way(original, &stub, err);
	if (r < 0)
		return r;
	assert_true(span_contains(buf_span(&stub), SPAN(ELF_STUB_NOTE)));
	assert_false(span_contains(original, SPAN(ELF_STUB_NOTE)));
	return file_replace(path.p, buf_span(&stub), 0755, err);
}

static int
quietly(const struct place *place, struct span original, const char *name, struct err *err)
{
	return make_by(elf_stub_make, place, original, name, err);
}

struct outcome {
	struct span output; /* of both descriptors */
	int status;
};

static struct outcome
run(struct arena *arena, const char *command)
{
	struct outcome outcome = {.status = -1};
	char text[65536];

	FILE *pipe = popen(command, "re"); /* NOLINT(cert-env33-c): of these tests only */
	assert_non_null(pipe);
	size_t n = fread(text, 1, sizeof(text), pipe);
	outcome.output = arena_copy(arena, (struct span){text, n});
	outcome.status = pclose(pipe);
	return outcome;
}

/* The program with stubs in the place of libraries; `before`: variables. */
static struct outcome
run_with_stubs(const struct place *place, const char *before, const char *program,
	       const char *arguments)
{
	struct span command = arena_printf(place->arena, "%s LD_LIBRARY_PATH=%s exec %s %s 2>&1",
					   before, place->folder.p, program, arguments);

	return run(place->arena, command.p);
}

static void
stub_of_helped(const struct place *place)
{
	assert_good(quietly(place, stubbed_load(place->arena, "libhelped.so.1"), "libhelped.so.1",
			    err));
}

static void
a_program_starts_on_a_stub(void **state)
{
	static const char *const ways[] = {"", "LD_BIND_NOW=1"};
	const struct place *place = *state;

	stub_of_helped(place);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct outcome outcome = run_with_stubs(place, ways[i], PROGRAM, "");
		assert_int_equal(outcome.status, 0);
		assert_span(outcome.output, "started\n");
	}
}

struct call {
	const char *argument; /* of the program that makes it */
	const char *symbol;   /* that is told */
};

static void
assert_told(const struct place *place, const char *program, const struct call *call)
{
	struct outcome outcome = run_with_stubs(place, "", program, call->argument);
	struct span wanted = arena_printf(place->arena, "started\nmohs: libhelped.so.1: %s " CALLED,
					  call->symbol);

	assert_span(outcome.output, wanted.p);
	assert_true(WIFSIGNALED(outcome.status));
	assert_int_equal(WTERMSIG(outcome.status), SIGABRT);
}

static void
a_call_is_told_and_ends_the_program(void **state)
{
	static const struct call calls[] = {
		{"helped_plain", "helped_plain"},
		{"helped_age", "helped_age"},
		{"old", "helped_age"},
		{"helped_weak", "helped_weak"},
		{"helped_chosen", "helped_chosen"},
		{"helped_untyped", "helped_untyped"},
		{"guarded", "helped_plain"},
	};
	const struct place *place = *state;

	stub_of_helped(place);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		assert_told(place, PROGRAM, &calls[i]);
}

static void
functions_are_found_by_name_and_version(void **state)
{
	const struct place *place = *state;

	stub_of_helped(place);
	struct outcome outcome = run_with_stubs(place, "", PROGRAM, "look-up");
	assert_span(outcome.output, "started\n");
	assert_int_equal(outcome.status, 0);
}

static void
nothing_is_undefined(void **state)
{
	const struct place *place = *state;

	stub_of_helped(place);
	struct span command = arena_printf(
		place->arena, "LD_LIBRARY_PATH=%s ldd -r -v " PROGRAM " 2>&1", place->folder.p);
	struct outcome outcome = run(place->arena, command.p);
	assert_int_equal(outcome.status, 0);
	assert_true(span_contains(outcome.output, place->folder));
	assert_true(span_contains(outcome.output, SPAN("libhelped.so.1 (STUBBED_1)")));
	assert_false(span_contains(outcome.output, SPAN("undefined")));
	assert_false(span_contains(outcome.output, SPAN("not found")));
}

/* ---- what binutils read ---- */

/* Binding, visibility and name with version of each function, sorted. */
#define SYMBOLS                                                                                    \
	"LC_ALL=C readelf --dyn-syms -W %s | "                                                     \
	"awk '$7 != \"UND\" && $5 != \"LOCAL\" && ($4 ~ /FUNC/ || $8 ~ /untyped/) "                \
	"{print $5, $6, $8}' | sort"
#define NOTES "LC_ALL=C readelf -nW %s"
/* Everything else that the loader goes by. */
#define DYNAMIC                                                                                    \
	"LC_ALL=C readelf -dW %s | "                                                               \
	"awk '/NEEDED|SONAME|RPATH|RUNPATH|FLAGS/ && !/STATIC_TLS/ {$1 = \"\"; print}'"
#define VERSIONS "LC_ALL=C readelf -VW %s | grep -E 'Name|Parent' | sed 's/^ *[0-9a-fx]*://'"
#define WARNINGS                                                                                   \
	"readelf -aW %s 2>&1 >/dev/null; objdump -xT %s 2>&1 >/dev/null; "                         \
	"objdump -d %s 2>&1 >/dev/null"

static struct span
ask(struct arena *arena, const char *question, const char *file)
{
	char command[2048];
	size_t n = 0;

	for (const char *p = question; *p && n < sizeof(command) - 512; p++) {
		if (p[0] != '%') {
			command[n++] = *p;
			continue;
		}
		n += (size_t)snprintf(command + n, 512, "%s", file);
		p++;
	}
	command[n] = '\0';
	return run(arena, command).output;
}

static void
same_answers(const struct place *place, const char *original, const char *stub)
{
	static const char *const questions[] = {SYMBOLS, DYNAMIC, VERSIONS};

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		struct span one = ask(place->arena, questions[i], original);
		struct span other = ask(place->arena, questions[i], stub);
		if (!span_equal(one, other))
			fail_msg("%s: %.*s\nis not\n%.*s", original, SPAN_ARG(other),
				 SPAN_ARG(one));
	}
	assert_span(ask(place->arena, WARNINGS, stub), "");
}

static void
needs_binutils(const struct place *place)
{
	if (run(place->arena, "readelf --version >/dev/null 2>&1").status == 0)
		return;
	print_message("no binutils to ask\n");
	skip();
}

static void
tools_read_the_same(void **state)
{
	const struct place *place = *state;
	struct span stub = arena_printf(place->arena, "%s/libhelped.so.1", place->folder.p);
	struct span symbols;

	needs_binutils(place);
	stub_of_helped(place);
	symbols = ask(place->arena, SYMBOLS, stub.p);
	assert_true(span_contains(symbols, SPAN("GLOBAL DEFAULT helped_age@STUBBED_1\n")));
	assert_true(span_contains(symbols, SPAN("GLOBAL DEFAULT helped_age@@STUBBED_2\n")));
	assert_true(span_contains(symbols, SPAN("WEAK DEFAULT helped_weak@@STUBBED_2\n")));
	same_answers(place, STUBBED_FOLDER "/libhelped.so.1", stub.p);
	assert_true(
		span_contains(ask(place->arena, NOTES, stub.p), SPAN("73 74 75 62"))); /* stub */
}

/* ---- libraries of this machine ---- */

static int
count_name(void *context, struct span name, struct err *err)
{
	(void)err;
	assert_true(name.n > 0);
	++*(size_t *)context;
	return 0;
}

/*
 * The program with one of its libraries replaced: it says the same, or is ended by a call, or asks
 * for data that is known to be missing.
 */
static void
run_without(const struct place *place, const char *program, struct span original,
	    struct outcome wanted)
{
	struct outcome outcome = run_with_stubs(place, "LD_BIND_NOW=1", program, "--version");
	size_t data = 0;

	if (span_contains(outcome.output, SPAN(CALLED))) {
		assert_true(WIFSIGNALED(outcome.status));
		assert_int_equal(WTERMSIG(outcome.status), SIGABRT);
	} else if (span_contains(outcome.output, SPAN("symbol lookup error"))) {
		assert_good(elf_stub_data(original, count_name, &data, err));
		assert_true(data > 0);
	} else {
		assert_int_equal(outcome.status, wanted.status);
		assert_true(span_equal(outcome.output, wanted.output));
	}
}

/* True when there is a stub for it. */
static bool
replace_library(const struct place *place, const char *program, const char *path,
		struct outcome wanted)
{
	struct err why = ERR_INIT;
	struct span original = {NULL, 0};
	struct elf_info info = {0};
	struct elf_info again = {0};

	assert_good(file_load(path, ELF_FILE_MAX, place->arena, &original, err));
	assert_good(elf_read(original, place->arena, &info, err));
	struct span name = arena_copy(place->arena, info.soname);
	struct span stub = arena_printf(place->arena, "%s/%s", place->folder.p, name.p);
	struct span bytes = {NULL, 0};
	int r = quietly(place, original, name.p, &why);
	if (r < 0) {
		assert_int_equal(r, -ERR_UNSUPPORTED);
		return false;
	}
	assert_good(file_load(stub.p, ELF_FILE_MAX, place->arena, &bytes, err));
	assert_good(elf_read(bytes, place->arena, &again, err));
	assert_true(span_equal(info.soname, again.soname));
	assert_int_equal(info.needed.count, again.needed.count);
	for (size_t i = 0; i < info.needed.count; i++)
		assert_true(span_equal(info.needed.items[i], again.needed.items[i]));
	same_answers(place, path, stub.p);
	run_without(place, program, original, wanted);
	assert_good(tree_remove(stub.p, err));
	return true;
}

static void
libraries_of_this_machine_have_stubs(void **state)
{
	static const char *const programs[] = {"/usr/bin/python3", "/usr/bin/openssl",
					       "/usr/bin/curl", "/bin/ls"};
	const struct place *place = *state;
	size_t stubs = 0;

	needs_binutils(place);
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		struct span ldd = arena_printf(place->arena,
					       "ldd %s 2>/dev/null | awk '$3 ~ /^\\// {print $3}'",
					       programs[i]);
		struct span rest = run(place->arena, ldd.p).output;
		struct outcome wanted = run_with_stubs(place, "", programs[i], "--version");
		while (rest.n) {
			struct span path = arena_copy(place->arena, span_cut(&rest, '\n'));
			stubs += replace_library(place, programs[i], path.p, wanted);
		}
	}
	assert_true(stubs > 0);
}

/* ---- stubs with data ---- */

static void
lend_helped(const struct place *place)
{
	assert_good(make_by(elf_stub_lend, place, stubbed_load(place->arena, "libhelped.so.1"),
			    "libhelped.so.1", err));
}

static void
data_is_as_it_was(void **state)
{
	static const char *const ways[] = {"", "LD_BIND_NOW=1"};
	const struct place *place = *state;

	lend_helped(place);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct outcome outcome = run_with_stubs(place, ways[i], TAKER, "data");
		assert_span(outcome.output, "started\n");
		assert_int_equal(outcome.status, 0);
		outcome = run_with_stubs(place, ways[i], TAKER, "look-up");
		assert_int_equal(outcome.status, 0);
	}
}

static void
calls_are_told_as_by_any_stub(void **state)
{
	static const struct call calls[] = {
		{"helped_plain", "helped_plain"},   {"old", "helped_age"},
		{"helped_chosen", "helped_chosen"}, {"helped_untyped", "helped_untyped"},
		{"pointed", "a function"},	    {"guarded", "helped_plain"},
	};
	const struct place *place = *state;

	lend_helped(place);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		assert_told(place, TAKER, &calls[i]);
}

/* Nothing of the code of the original, and all of its data. */
static void
no_code_is_left(void **state)
{
	const struct place *place = *state;
	struct span file = stubbed_load(place->arena, "libhelped.so.1");
	struct elf_library one = {0};
	struct elf_library other = {0};
	struct buf stub = {0};

	assert_good(elf_stub_lend(file, &stub, err));
	assert_good(elf_library_read(file, place->arena, &one, err));
	assert_good(elf_library_read(buf_span(&stub), place->arena, &other, err));
	assert_true(stub.n < file.n);
	assert_int_equal(other.load_count, one.load_count + 1);
	for (size_t i = 0; i < one.load_count; i++) {
		struct span code = span_slice(file, one.loads[i].offset,
					      one.loads[i].offset + one.loads[i].size);
		assert_int_equal(other.loads[i].address, one.loads[i].address);
		assert_int_equal(other.loads[i].size, one.loads[i].executable ? 0 : code.n);
		assert_false(other.loads[i].executable);
		for (size_t at = 0; one.loads[i].executable && at + 32 < code.n; at += 32) {
			struct span some = span_slice(code, at, at + 32);
			bool plain = some.p[0] == some.p[1] && some.p[1] == some.p[2];
			assert_true(plain || !span_contains(buf_span(&stub), some));
		}
	}
	buf_cleanup(&stub);
}

/* Of the libraries of programs: each way says the same, or is ended by a call. */
static void
lend_library(const struct place *place, const char *program, const char *path, size_t *stubs)
{
	struct err why = ERR_INIT;
	struct elf_info info = {0};
	struct span original = {NULL, 0};

	assert_good(file_load(path, ELF_FILE_MAX, place->arena, &original, err));
	assert_good(elf_read(original, place->arena, &info, err));
	struct span name = arena_copy(place->arena, info.soname);
	struct outcome wanted = run_with_stubs(place, "LD_BIND_NOW=1", program, "--version");
	int r = make_by(elf_stub_lend, place, original, name.p, &why);
	if (r < 0) {
		assert_int_equal(r, -ERR_UNSUPPORTED);
		return;
	}
	struct outcome outcome = run_with_stubs(place, "LD_BIND_NOW=1", program, "--version");
	if (span_contains(outcome.output, SPAN(CALLED))) {
		assert_int_equal(WTERMSIG(outcome.status), SIGABRT);
	} else {
		assert_int_equal(outcome.status, wanted.status);
		assert_true(span_equal(outcome.output, wanted.output));
	}
	assert_good(
		tree_remove(arena_printf(place->arena, "%s/%s", place->folder.p, name.p).p, err));
	++*stubs;
}

static void
libraries_of_this_machine_lend(void **state)
{
	static const char *const programs[] = {"/usr/bin/openssl", "/usr/bin/curl", "/bin/ls"};
	const struct place *place = *state;
	size_t stubs = 0;

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		struct span ldd = arena_printf(place->arena,
					       "ldd %s 2>/dev/null | awk '$3 ~ /^\\// {print $3}'",
					       programs[i]);
		struct span rest = run(place->arena, ldd.p).output;
		while (rest.n) {
			struct span path = arena_copy(place->arena, span_cut(&rest, '\n'));
			lend_library(place, programs[i], path.p, &stubs);
		}
	}
	assert_true(stubs > 0);
}

/* ---- what has none, and what a stub leaves out ---- */

static void
the_reason_is_told(void **state)
{
	static const struct {
		const char *file;
		const char *reason;
	} cases[] = {
		{"libbegun.so.1", "it has 2 constructors"},
		{"libunique.so.1", "it has symbols that are one for the whole process"},
		{"stubbed_program", "it is a program too"},
	};
	const struct place *place = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err why = ERR_INIT;
		struct buf stub = {0};
		struct span file = stubbed_load(place->arena, cases[i].file);
		assert_int_equal(elf_stub_make(file, &stub, &why), -ERR_UNSUPPORTED);
		assert_string_equal(why.text, cases[i].reason);
		assert_null(stub.p);
	}
	assert_good(
		quietly(place, stubbed_load(place->arena, "libended.so.1"), "libended.so.1", err));
}

static void
other_files_have_no_stub(void **state)
{
	const struct place *place = *state;
	struct span file = stubbed_load(place->arena, "libsmall.so.1");
	struct buf stub = {0};
	char *text = malloc(file.n);

	assert_non_null(text);
	memcpy(text, file.p, file.n);
	struct span changed = {text, file.n};
	assert_fails(ERR_INVALID, elf_stub_make(SPAN("#!/bin/sh\n"), &stub, err));
	assert_fails(ERR_INVALID, elf_stub_make(span_slice(file, 0, 64), &stub, err));
	text[EI_CLASS] = ELFCLASS32;
	assert_fails(ERR_UNSUPPORTED, elf_stub_make(changed, &stub, err));
	text[EI_CLASS] = ELFCLASS64;
	text[offsetof(Elf64_Ehdr, e_machine)] = EM_PPC64;
	assert_fails(ERR_UNSUPPORTED, elf_stub_make(changed, &stub, err));
	free(text);
}

static struct span
corpus_load(const struct place *place, const char *name)
{
	struct span path = arena_printf(place->arena, "fuzz/corpus/elf_stub/%s", name);
	struct span file = {NULL, 0};

	assert_good(file_load(path.p, ELF_FILE_MAX, place->arena, &file, err));
	return file;
}

/* What a loader could read in another way than elf_read(); each of them had a stub once. */
static void
what_can_be_read_in_two_ways_has_no_stub(void **state)
{
	static const struct {
		const char *file;
		const char *reason;
	} cases[] = {
		{"load-past-end", "a segment that is not all there"},
		{"load-over-load", "segments that overlap or are not in order"},
		{"load-over-page", "segments that overlap in a page"},
		{"headers-far-apart", "malformed ELF program headers"},
		{"two-names", "two dynamic entries of a kind (0xe)"},
		{"dynamic-elsewhere", "a dynamic section that is not loaded"},
		{"dynamic-without-end", "a dynamic section that does not end"},
		{"constructor-after-constructor", "its constructor is not to be found"},
	};
	const struct place *place = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err why = ERR_INIT;
		struct buf stub = {0};
		struct span file = corpus_load(place, cases[i].file);
		assert_int_equal(elf_stub_make(file, &stub, &why), -ERR_INVALID);
		assert_string_equal(why.text, cases[i].reason);
		assert_int_equal(elf_stub_lend(file, &stub, &why), -ERR_INVALID);
		assert_null(stub.p);
	}
}

static void
tables_that_overlap_are_not_lent(void **state)
{
	static const char *const files[] = {"relocations-in-headers", "relocations-in-dynamic",
					    "symbols-in-relocations"};
	const struct place *place = *state;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct err why = ERR_INIT;
		struct buf stub = {0};
		struct span file = corpus_load(place, files[i]);
		assert_int_equal(elf_stub_lend(file, &stub, &why), -ERR_INVALID);
		assert_string_equal(why.text, "tables that overlap");
		assert_null(stub.p);
	}
}

struct names {
	char text[256];
	int answer;
};

static int
add_name(void *context, struct span name, struct err *err)
{
	struct names *names = context;
	size_t n = strlen(names->text);

	(void)snprintf(names->text + n, sizeof(names->text) - n, "%.*s ", SPAN_ARG(name));
	return names->answer ? err_set(err, ERR_CANCELLED, "enough") : 0;
}

static void
data_is_shown(void **state)
{
	const struct place *place = *state;
	struct span file = stubbed_load(place->arena, "libhelped.so.1");
	struct names names = {.answer = 0};
	struct names one = {.answer = 1};

	assert_good(elf_stub_data(file, add_name, &names, err));
	assert_non_null(strstr(names.text, "helped_data "));
	assert_non_null(strstr(names.text, "helped_thread "));
	assert_non_null(strstr(names.text, "helped_table "));
	assert_int_equal(strlen(names.text), strlen("helped_data helped_thread helped_table "));
	assert_fails(ERR_CANCELLED, elf_stub_data(file, add_name, &one, err));
	assert_fails(ERR_INVALID, elf_stub_data(SPAN("no ELF"), add_name, &names, err));
}

static void
the_same_original_gives_the_same_bytes(void **state)
{
	const struct place *place = *state;
	struct span file = stubbed_load(place->arena, "libhelped.so.1");
	struct buf one = {0};
	struct buf other = {0};
	struct buf third = {0};

	assert_good(elf_stub_make(file, &one, err));
	assert_good(elf_stub_make(file, &other, err));
	assert_true(span_equal(buf_span(&one), buf_span(&other)));
	assert_true(one.n < file.n);
	/* a stub is a library like any other */
	assert_good(elf_stub_make(buf_span(&one), &third, err));
	buf_cleanup(&one);
	buf_cleanup(&other);
	buf_cleanup(&third);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, free_place)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_program_starts_on_a_stub),
		TEST(a_call_is_told_and_ends_the_program),
		TEST(functions_are_found_by_name_and_version),
		TEST(nothing_is_undefined),
		TEST(tools_read_the_same),
		TEST(libraries_of_this_machine_have_stubs),
		TEST(the_reason_is_told),
		TEST(other_files_have_no_stub),
		TEST(what_can_be_read_in_two_ways_has_no_stub),
		TEST(tables_that_overlap_are_not_lent),
		TEST(data_is_shown),
		TEST(data_is_as_it_was),
		TEST(calls_are_told_as_by_any_stub),
		TEST(no_code_is_left),
		TEST(libraries_of_this_machine_lend),
		TEST(the_same_original_gives_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
