/* SPDX-License-Identifier: Apache-2.0 */
/* Go programs: the program's module, those it depends on, and the standard library. */
#include "codec/go_build.h"
#include "stage/inventory/programs.h"

/* A module of a program, and how many before it have no version. */
struct golang {
	struct reading *reading;
	const struct program *program;
	size_t unknown;
	struct span example;
};

static int
add(struct golang *golang, struct span name, struct span version, bool guessed, struct err *err)
{
	struct component component = program_component(golang->program, SPAN("golang"));

	component.name = name;
	component.version = version;
	component.guessed = guessed;
	if ((name.n == 0 || version.n == 0) && golang->unknown++ == 0)
		golang->example = name;
	return name.n ? language_add(golang->reading, &component, NULL, 0, err) : 0;
}

static bool
is_stated(struct span version)
{
	return version.n && !span_equal(version, SPAN("(devel)"));
}

/* What was built in its place where it was replaced: another module, or a folder without version.
 */
static int
add_module(struct golang *golang, const struct go_module *module, struct err *err)
{
	bool replaced = module->instead.n > 0;

	if (replaced && is_stated(module->instead_version))
		return add(golang, module->instead, module->instead_version, false, err);
	bool stated = !replaced && is_stated(module->version);
	return add(golang, module->path, stated ? module->version : SPAN(""), false, err);
}

/* Built from a folder it has no version of its own, but may have been given one to print. */
static int
add_main(struct golang *golang, const struct go_build *build, struct err *err)
{
	const struct go_module *main = &build->main;
	struct span printed = go_flags_version(build->flags);

	if (main->path.n == 0 || is_stated(main->version) || is_stated(main->instead_version) ||
	    printed.n == 0)
		return main->path.n ? add_module(golang, main, err) : 0;
	if (printed.p[0] != 'v')
		printed = arena_printf(golang->reading->arena, "v%.*s", SPAN_ARG(printed));
	return printed.p ? add(golang, main->path, printed, true, err) : err_memory(err);
}

static int
add_toolchain(struct golang *golang, const struct go_build *build, struct err *err)
{
	struct span version = go_version(build->go, golang->reading->arena);
	int r = version.p ? add(golang, SPAN("stdlib"), version, false, err) : err_memory(err);

	/* The go command itself: advisories about it are under this name. */
	if (r >= 0 && span_equal(build->main_path, SPAN("cmd/go")))
		r = add(golang, SPAN("toolchain"), version, false, err);
	return r;
}

int
golang_program(struct reading *reading, const struct program *program, struct err *err)
{
	struct golang golang = {.reading = reading, .program = program};
	struct go_build build;
	struct err why = ERR_INIT;

	if (go_build_read(program->bytes, reading->arena, &build, &why) < 0)
		return program_failed(reading, program, &why, err);
	int r = add_main(&golang, &build, err);
	for (size_t i = 0; r >= 0 && i < build.module_count; i++)
		r = add_module(&golang, &build.modules[i], err);
	if (r >= 0)
		r = add_toolchain(&golang, &build, err);
	if (r >= 0 && golang.unknown)
		r = reading_gap(reading, err, program->path,
				"%zu of its Go modules ha%s no version (%.*s%s): not matched",
				golang.unknown, golang.unknown == 1 ? "s" : "ve",
				SPAN_ARG(golang.example), golang.unknown > 1 ? ", ..." : "");
	return r;
}
