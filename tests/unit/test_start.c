/* SPDX-License-Identifier: Apache-2.0 */
/* What a script may act on, what a probe tells, and what is compiled of it. */
#include "fixture.h"
#include "group_arena.h"
#include "test.h"

#include "base/limits.h"
#include "base/vec.h"
#include "codec/probe.h"
#include "codec/script.h"
#include "codec/start_json.h"
#include "stage/entrypoint.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- the text of scripts ---- */

static void
assert_words(const struct script_found *found, enum script_word kind, const char *wanted)
{
	char text[1024] = "";

	for (size_t i = 0; i < found->words[kind].count; i++) {
		struct span word = found->words[kind].items[i];

		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%.*s",
			       i ? " " : "", SPAN_ARG(word));
	}
	assert_string_equal(text, wanted);
}

static void
names_are_found(void **state)
{
	static const struct {
		const char *text;
		const char *names;
		const char *prefixes;
		const char *suffixes;
		bool whole;
	} cases[] = {
		{"echo $NAME ${OTHER:-x} ${!POINTER} ${#LONG}", "LONG NAME OTHER POINTER", "", "",
		 false},
		{"echo $name \"$1\" $? $$", "name", "", "", false},
		{"file_env 'APP_USER' ; export APP_DB=\"x\"", "APP_DB APP_USER", "", "", false},
		{"f=\"${var}_FILE\"", "var", "", "_FILE", false},
		{"for i in \"${!APP_@}\"; do :; done", "i APP_", "APP_", "", false},
		{"x=APP_${y}", "y", "APP_", "", false},
		{"  # $COMMENT", "", "", "", false},
		{"echo $UID $IFS $RANDOM", "", "", "", false},
		{"env | sort", "", "", "", true},
		{"environment | sort", "", "", "", false},
		{"envsubst <a", "", "", "", true},
		{"A B1 C2", "B1 C2", "", "", false},
		{"$", "", "", "", false},
		{"${", "", "", "", false},
		{"${!", "", "", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script_found found = {0};

		assert_good(script_scan(span_from(cases[i].text), SCRIPT_CODE, arena, &found, err));
		if (i != 1 && i != 4)
			assert_words(&found, SCRIPT_NAME, cases[i].names);
		assert_words(&found, SCRIPT_PREFIX, cases[i].prefixes);
		assert_words(&found, SCRIPT_SUFFIX, cases[i].suffixes);
		assert_int_equal(found.whole, cases[i].whole);
	}
}

static void
data_has_only_expansions(void **state)
{
	struct script_found found = {0};

	(void)state;
	assert_good(script_scan(SPAN("listen ${PORT}; # LISTEN $host\nenv --help"), SCRIPT_DATA,
				arena, &found, err));
	assert_words(&found, SCRIPT_NAME, "PORT host");
	assert_words(&found, SCRIPT_ARGUMENT, "");
	assert_false(found.whole);
}

static void
arguments_are_found(void **state)
{
	struct script_found found = {0};

	(void)state;
	assert_good(
		script_scan(SPAN("case \"$1\" in\n\tstart | 'stop') ;;\n\t--help|-?) ;;\n\t*) ;;\n"
				 "esac\n[ -n \"$x\" ] && set -- app --serve \"$@\"\n"),
			    SCRIPT_CODE, arena, &found, err));
	assert_words(&found, SCRIPT_ARGUMENT, "-- --help --serve -? -n start stop");
}

static void
values_stand_beside_names(void **state)
{
	static const char text[] =
		"# MODE=never\n[ \"$MODE\" = cluster ] || MODELS=3\nMODE=${MODE:-one}\n";
	struct span values[8];

	(void)state;
	size_t n =
		script_values(SPAN("[ \"$MODE\" = cluster ] || MODELS=3"), SPAN("MODE"), values, 8);
	assert_int_equal(n, 3);
	assert_span(values[0], "cluster");
	assert_true(script_assigns(span_from(text), SPAN("MODE")));
	assert_false(script_assigns(SPAN("echo $MODE == x"), SPAN("MODE")));
	assert_true(script_assigns(SPAN("while read -r line; do"), SPAN("line")));
	assert_int_equal(script_values(span_from(text), SPAN("NONE"), values, 8), 0);
}

static void
too_many_names_are_an_error(void **state)
{
	char *text = malloc(START_VARIABLES_MAX * 16);
	struct script_found found = {0};
	size_t n = 0;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i <= START_VARIABLES_MAX; i++)
		n += (size_t)snprintf(text + n, 16, "$NAME%d\n", i);
	assert_fails(ERR_LIMIT,
		     script_scan((struct span){text, n}, SCRIPT_CODE, arena, &found, err));
	free(text);
}

/* ---- what a probe tells ---- */

#define STATUS                                                                                     \
	"Umask:\t0077\nUid:\t33\t33\t33\t33\nGid:\t34\t34\t34\t34\nGroups:\t4 5 \n"                \
	"SigBlk:\t0000000000000000\nSigIgn:\t0000000000000001\nCapInh:\t0000000000000000\n"        \
	"CapPrm:\t00000000a80425fb\nNoNewPrivs:\t1\n"

static struct span
records(const char *status, const char *more)
{
	return arena_printf(arena,
			    "argument 3\napp\nargument 1\nx\nvariable 3\nA=1\nprogram 4\n/app\n"
			    "directory 1\n/\nstatus %zu\n%s\n"
			    "limit 33\n0000000000000400 ffffffffffffffff\n%s",
			    strlen(status), status, more);
}

static void
probes_are_read(void **state)
{
	struct start_state found = {0};

	(void)state;
	assert_good(probe_read(records(STATUS, "end 0\n\n"), arena, &found, err));
	assert_true(found.reached);
	assert_int_equal(found.arguments.count, 2);
	assert_span(found.environment.items[0], "A=1");
	assert_span(found.program, "/app");
	assert_int_equal(found.uid, 33);
	assert_int_equal(found.gid, 34);
	assert_int_equal(found.umask, 077);
	assert_int_equal(found.group_count, 2);
	assert_int_equal(found.groups[1], 5);
	assert_true(found.capabilities[1] == 0xa80425fb);
	assert_true(found.ignored == 1);
	assert_true(found.no_new_privileges);
	assert_true(found.limits[0].soft == 1024 && found.limits[0].hard == UINT64_MAX);
}

static void
forged_probes_are_not(void **state)
{
	static const char *const ends[] = {
		"",
		"end 0\n",
		"end 0\n\nmore",
		"end 1\n\n",
		"shell 1\nx\nend 0\n\n",
		"argument 99999999999999999999\nx\nend 0\n\n",
		"argument 2\na\0\nend 0\n\n",
		"argument 1\n\xff\nend 0\n\n",
		"limit 3\n0 0\nend 0\n\n",
		"status 14\nUid:\t1\t2\t1\t1\n\nend 0\n\n",
		"status 12\nUmask:\t0999\n\nend 0\n\n",
		"status 9\nSigIgn:\tx\n\nend 0\n\n",
		"status 10\nGroups:\tx\n\nend 0\n\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct start_state found = {0};

		assert_fails(ERR_INVALID, probe_read(records(STATUS, ends[i]), arena, &found, err));
		assert_false(found.reached);
	}
}

/* ---- starts of all kinds, as a script would make them ---- */

enum behaviour {
	SCRIPT_PLAIN,	 /* exec "$@" */
	SCRIPT_TEMPLATE, /* writes $PORT (or 80) into a file, becomes 33 */
	SCRIPT_COMPARES, /* MODE=fast is something else */
	SCRIPT_QUOTES,	 /* eats what is special to it */
	SCRIPT_RANDOM,	 /* different each time */
	SCRIPT_DATABASE, /* makes what no plan can hold */
	SCRIPT_STAYS,	 /* the shell stays */
	SCRIPT_FAILS,	 /* never becomes the service */
	SCRIPT_HOST,	 /* writes the host's name in capitals */
	SCRIPT_LEAKS,	 /* leaves a process behind */
	SCRIPT_SECRET,	 /* writes $TOKEN into a file */
};

struct world {
	struct fixture fixture;
	struct service service;
	enum behaviour behaviour;
	unsigned runs;
	VEC(struct span) made; /* starts, as texts, in their order */
	VEC(struct span) expected;
	unsigned met; /* expected ones that were asked for */
};

static const char script[] = "#!/bin/sh\n"
			     "[ \"$MODE\" = fast ] && extra=1\n"
			     "echo \"${PORT:-80} $TOKEN\" >/run/conf\n"
			     "case \"$1\" in --version) exit ;; esac\n"
			     "exec \"$@\"\n";

static void
open_world(struct world *world, enum behaviour behaviour)
{
	static const struct fixture_entry plain[] = {
		{.path = "/bin/sh", .mode = 0755, .content = "\177ELF shell"},
		{.path = "/entry.sh", .mode = 0755, .content = "#!/bin/sh\nexec \"$@\"\n"},
		{.path = "/usr/bin/app", .mode = 0755, .content = "\177ELF app"},
	};
	struct fixture_entry table[3];
	static struct span entrypoint[] = {SPAN_INIT("/entry.sh")};
	static struct span command[] = {SPAN_INIT("app"), SPAN_INIT("serve")};

	memcpy(table, plain, sizeof(plain));
	if (behaviour != SCRIPT_PLAIN)
		table[1].content = script;
	*world = (struct world){.behaviour = behaviour};
	assert_good(fixture_make(table, 3, &world->fixture, err));
	world->fixture.image->config.entrypoint = (struct span_list){entrypoint, 1};
	world->fixture.image->config.command = (struct span_list){command, 2};
	world->service.entrypoint = ENTRYPOINT_AUTO;
}

static void
close_world(struct world *world)
{
	vec_free(&world->made);
	vec_free(&world->expected);
	fixture_free(&world->fixture);
}

/* The value of NAME in a trial, as the container would have it. */
static struct span
value_of(const struct world *world, const struct start_trial *trial, const char *name)
{
	const struct span_list *lists[] = {&world->service.environment, &trial->environment};
	struct span found = {NULL, 0};

	for (size_t l = 0; l < 2; l++) {
		for (size_t i = 0; i < lists[l]->count; i++) {
			struct span item = lists[l]->items[i];
			struct span key = span_slice(item, 0, span_find(item, '='));

			if (span_equal(key, span_from(name)))
				found = key.n < item.n ? span_slice(item, key.n + 1, item.n)
						       : (struct span){NULL, 0};
		}
	}
	return found;
}

static void
add_text(struct span_list *list, struct span text)
{
	list->items[list->count++] = text;
}

static void
add_file(struct start_state *state, const char *path, struct span content)
{
	state->changes[state->change_count++] = (struct start_change){
		.kind = content.p ? CHANGE_FILE : CHANGE_OTHER,
		.path = span_from(path),
		.mode = 0644,
		.content = content.p ? content : SPAN("its content is no text"),
	};
}

/* Everything of the environment that the trial sets, the host's name, and what all have. */
static void
make_environment(const struct world *world, const struct start_trial *trial,
		 struct start_state *state)
{
	static const char *const names[] = {"PORT", "MODE", "TOKEN", "extra"};

	add_text(&state->environment, SPAN("PATH=/usr/bin"));
	add_text(&state->environment,
		 arena_printf(arena, "HOSTNAME=%.*s",
			      SPAN_ARG(trial->hostname.p ? trial->hostname : SPAN("box"))));
	for (size_t i = 0; i < 4; i++) {
		struct span value = value_of(world, trial, names[i]);

		if (value.p)
			add_text(&state->environment,
				 arena_printf(arena, "%s=%.*s", names[i], SPAN_ARG(value)));
	}
}

static struct span
without_special(struct span text)
{
	char *made = arena_alloc(arena, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '&')
			made[n++] = text.p[i];
	}
	return (struct span){made, n};
}

static void
run_script(struct world *world, const struct start_trial *trial, struct start_state *state)
{
	struct span port = value_of(world, trial, "PORT");
	struct span mode = value_of(world, trial, "MODE");
	struct span token = value_of(world, trial, "TOKEN");
	struct span content =
		arena_printf(arena, "listen %.*s\n", SPAN_ARG(port.n ? port : SPAN("80")));

	if (world->behaviour == SCRIPT_QUOTES)
		content = without_special(content);
	if (world->behaviour == SCRIPT_RANDOM)
		content = arena_printf(arena, "%u", world->runs);
	if (world->behaviour == SCRIPT_HOST)
		content = trial->hostname.p ? SPAN("OTHER") : SPAN("BOX");
	if (world->behaviour == SCRIPT_SECRET)
		content = token.n > 8 ? SPAN("long swordfish-swordfish") : SPAN("none");
	if (world->behaviour == SCRIPT_COMPARES && span_equal(mode, SPAN("fast")))
		add_file(state, "/run/fast", SPAN("yes"));
	if (world->behaviour == SCRIPT_DATABASE) {
		for (size_t i = 0; i < 5; i++)
			add_file(state, "/data/table", (struct span){NULL, 0});
	} else if (world->behaviour != SCRIPT_PLAIN) {
		add_file(state, "/run/conf", content);
	}
	if (world->behaviour == SCRIPT_LEAKS)
		add_text(&state->processes, SPAN("helper\n"));
	if (world->behaviour != SCRIPT_PLAIN) {
		state->uid = state->gid = 33;
		state->capabilities[1] = state->capabilities[2] = 0;
	}
}

static struct span
join(struct span text, struct span_list list)
{
	for (size_t i = 0; i < list.count; i++)
		text = arena_printf(arena, "%.*s [%.*s]", SPAN_ARG(text), SPAN_ARG(list.items[i]));
	return text;
}

/* A trial as a text. */
static struct span
name_of(const struct start_trial *trial)
{
	struct span text =
		arena_printf(arena, "%d %zu %d %.*s %.*s %.*s", trial->bare, trial->plant_count,
			     trial->no_mounts, SPAN_ARG(trial->program), SPAN_ARG(trial->user),
			     SPAN_ARG(trial->hostname));

	return join(join(text, trial->environment), trial->arguments);
}

static bool
strike(struct world *world, struct span name)
{
	for (size_t i = 0; i < world->expected.count; i++) {
		if (!span_equal(world->expected.items[i], name))
			continue;
		world->expected.items[i] = world->expected.items[--world->expected.count];
		return true;
	}
	return false;
}

static void
expect(void *context, const struct start_trial *trial)
{
	struct world *world = context;
	struct span name = name_of(trial);

	assert_good(vec_push(&world->expected, &name, 1000, err));
}

static void
forget(void *context, const struct start_trial *trial)
{
	(void)strike(context, name_of(trial));
}

static struct profile *
script_used(void)
{
	struct arena *own = arena_new(0);
	struct profile *used = arena_alloc(own, sizeof(*used));

	used->arena = own;
	used->paths = arena_array(own, 1, sizeof(*used->paths));
	used->paths[0] = (struct profile_path){
		.path = SPAN("/entry.sh"), .use = USE_READ, .program = SPAN("/bin/sh")};
	used->path_count = 1;
	return used;
}

static int
observe(void *context, const struct start_trial *trial, struct arena *where,
	struct start_state **ret, struct profile **ret_used, struct err *err)
{
	struct world *world = context;
	struct start_state *state = arena_alloc(where, sizeof(*state));
	const struct span_list *command =
		trial->other_arguments ? &trial->arguments : &world->fixture.image->config.command;

	struct span name = name_of(trial);
	world->met += strike(world, name);
	if (vec_push(&world->made, &name, 1000, err) < 0)
		return -ERR_MEMORY;
	world->runs++;
	*state = (struct start_state){
		.reached = true,
		.words = SPAN("last words"),
		.program = SPAN("/usr/bin/app"),
		.directory = SPAN("/"),
		.umask = 022,
		.capabilities = {0, 0xff, 0xff, 0xff, 0},
	};
	struct span_list *lists[] = {&state->arguments, &state->environment, &state->processes};
	for (size_t i = 0; i < 3; i++)
		lists[i]->items = arena_array(where, 16 + command->count, sizeof(struct span));
	state->changes = arena_array(where, 16, sizeof(*state->changes));
	for (size_t i = 0; i < command->count; i++)
		add_text(&state->arguments, command->items[i]);
	make_environment(world, trial, state);
	if (!trial->bare)
		run_script(world, trial, state);
	if (world->behaviour == SCRIPT_STAYS)
		state->program = SPAN("/bin/sh");
	if (world->behaviour == SCRIPT_FAILS && trial->program.n && !trial->bare)
		state->reached = false;
	if (command->count && span_equal(command->items[command->count - 1], SPAN("--version")))
		state->reached = false;

	/* the first one shows how long one takes */
	assert_int_equal(trial->patience_ms, trial->program.n ? START_PATIENCE_MS : 0);
	*ret = state;
	if (trial->used)
		*ret_used = script_used();
	return 0;
}

static struct start *
compile(struct world *world)
{
	const struct entrypoint_input input = {
		.image = world->fixture.image,
		.contents = world->fixture.contents,
		.service = &world->service,
		.observe = observe,
		.expect = expect,
		.forget = forget,
		.context = world,
	};
	struct start *start = NULL;

	assert_good(entrypoint_compile(&input, &start, err));
	return start;
}

static const struct start_variable *
variable(const struct start *start, const char *name)
{
	for (size_t i = 0; i < start->variable_count; i++) {
		if (span_equal(start->variables[i].name, span_from(name)))
			return &start->variables[i];
	}
	fail_msg("no variable %s", name);
	return NULL;
}

static void
a_bare_exec_needs_no_launcher(void **state)
{
	struct world world;

	(void)state;
	open_world(&world, SCRIPT_PLAIN);
	struct start *start = compile(&world);
	assert_int_equal(start->left.count, 0);
	assert_int_equal(start->form, START_EXEC);
	assert_int_equal(start->entrypoint.count, 0);
	assert_int_equal(start->command.count, 2);
	assert_span(start->command.items[0], "app");
	assert_int_equal(start->plan.n, 0);
	start_free(start);
	close_world(&world);
}

static void
what_only_goes_through_is_free(void **state)
{
	struct world world;

	(void)state;
	open_world(&world, SCRIPT_TEMPLATE);
	struct start *start = compile(&world);
	assert_int_equal(start->left.count, 0);
	assert_int_equal(start->form, START_LAUNCHER);
	assert_span(start->entrypoint.items[0], "/.mohs/start");
	assert_int_equal(start->uid, 33);
	assert_int_equal(variable(start, "PORT")->kind, VARIABLE_FREE);
	assert_int_equal(variable(start, "MODE")->kind, VARIABLE_FIXED);
	assert_int_equal(variable(start, "TOKEN")->kind, VARIABLE_FIXED);
	assert_true(span_contains(start->plan, SPAN("\"fallback\": \"80\"")));
	assert_true(span_contains(start->plan, SPAN("\"plain\": false")));
	assert_true(span_contains(start->plan, SPAN("\"--version\"")));
	start_free(start);
	close_world(&world);
}

static unsigned
repeats(const struct world *world)
{
	unsigned count = 0;

	for (size_t i = 0; i < world->made.count; i++) {
		for (size_t k = 0; k < i; k++)
			count += span_equal(world->made.items[i], world->made.items[k]);
	}
	return count;
}

/* Hints change nothing; what is made because of one is asked for or dropped. */
static void
starts_may_be_made_ahead(void **state)
{
	static const enum behaviour behaviours[] = {SCRIPT_PLAIN, SCRIPT_TEMPLATE, SCRIPT_QUOTES,
						    SCRIPT_COMPARES};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct world world;

		open_world(&world, behaviours[i]);
		start_free(compile(&world));
		assert_int_equal(world.expected.count, 0);
		assert_in_range(world.met, world.runs / 3, world.runs);
		/* only whether it can be repeated takes the same start twice */
		assert_int_equal(repeats(&world), 1);
		close_world(&world);
	}
}

static void
what_is_quoted_is_free_within_limits(void **state)
{
	struct world world;

	(void)state;
	open_world(&world, SCRIPT_QUOTES);
	struct start *start = compile(&world);
	assert_int_equal(variable(start, "PORT")->kind, VARIABLE_FREE);
	assert_true(span_contains(start->plan, SPAN("\"plain\": true")));
	start_free(start);
	close_world(&world);
}

static void
what_is_compared_is_not_free(void **state)
{
	static struct span environment[] = {SPAN_INIT("MODE=slow")};
	struct world world;

	(void)state;
	open_world(&world, SCRIPT_COMPARES);
	world.service.environment = (struct span_list){environment, 1};
	struct start *start = compile(&world);
	/* any other value makes no difference: only the one the script names does */
	assert_int_equal(variable(start, "MODE")->kind, VARIABLE_FIXED);
	assert_span(variable(start, "MODE")->value, "slow");
	start_free(start);
	close_world(&world);
}

static void
what_cannot_be_carried_over_is_named(void **state)
{
	static struct span environment[] = {SPAN_INIT("TOKEN=swordfish-swordfish")};
	static const struct {
		enum behaviour behaviour;
		const char *words;
	} cases[] = {
		{SCRIPT_RANDOM, "differently each time"},
		{SCRIPT_DATABASE, "sets data up there (5 files"},
		{SCRIPT_STAYS, "stays while the service runs"},
		{SCRIPT_FAILS, "never becomes /usr/bin/app: last words"},
		{SCRIPT_HOST, "not the name itself"},
		{SCRIPT_LEAKS, "running beside the service"},
		{SCRIPT_SECRET, "would be written into the image"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world world;

		open_world(&world, cases[i].behaviour);
		if (cases[i].behaviour == SCRIPT_SECRET)
			world.service.environment = (struct span_list){environment, 1};
		struct start *start = compile(&world);
		assert_int_equal(start->form, START_KEPT);
		assert_true(start->left.count > 0);
		if (!span_contains(start->left.items[0].text, span_from(cases[i].words)))
			fail_msg("%s", start->left.items[0].text.p);
		assert_int_equal(start->plan.n, 0);
		start_free(start);
		close_world(&world);
	}
}

static void
no_shell_is_no_matter(void **state)
{
	static struct span entrypoint[] = {SPAN_INIT("/usr/bin/app")};
	struct world world;

	(void)state;
	open_world(&world, SCRIPT_PLAIN);
	world.fixture.image->config.entrypoint = (struct span_list){entrypoint, 1};
	assert_null(compile(&world));
	assert_int_equal(world.runs, 0);
	close_world(&world);
}

static void
starts_come_back_from_json(void **state)
{
	struct world world;
	struct start *back = NULL;
	struct span first;
	struct span second;

	(void)state;
	open_world(&world, SCRIPT_TEMPLATE);
	struct start *start = compile(&world);
	json_t *json = start_json_make(start);
	assert_good(json_text(json, false, arena, &first, err));
	assert_good(start_json_read(json, arena, &back, err));
	json_decref(json);
	json = start_json_make(back);
	assert_good(json_text(json, false, arena, &second, err));
	assert_true(span_equal(first, second));
	assert_int_equal(json_object_set_new(json, "plan", json_string("")), 0);
	assert_fails(ERR_INVALID, start_json_read(json, arena, &back, err));
	json_decref(json);
	start_free(start);
	close_world(&world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found),
		cmocka_unit_test(data_has_only_expansions),
		cmocka_unit_test(arguments_are_found),
		cmocka_unit_test(values_stand_beside_names),
		cmocka_unit_test(too_many_names_are_an_error),
		cmocka_unit_test(probes_are_read),
		cmocka_unit_test(forged_probes_are_not),
		cmocka_unit_test(a_bare_exec_needs_no_launcher),
		cmocka_unit_test(what_only_goes_through_is_free),
		cmocka_unit_test(starts_may_be_made_ahead),
		cmocka_unit_test(what_is_quoted_is_free_within_limits),
		cmocka_unit_test(what_is_compared_is_not_free),
		cmocka_unit_test(what_cannot_be_carried_over_is_named),
		cmocka_unit_test(no_shell_is_no_matter),
		cmocka_unit_test(starts_come_back_from_json),
	};

	return cmocka_run_group_tests_name("start", tests, group_arena, group_arena_free);
}
