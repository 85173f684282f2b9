/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/shell_log.h"

#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "codec/probe.h"

struct reading {
	struct arena *arena;
	struct map *names; /* of inputs: index + 1 */
	VEC(struct span) inputs;
	VEC(struct shell_run) runs;
	VEC(struct span) refused;
	VEC(struct span) options;
};

static int
take_input(struct reading *reading, struct span value, struct err *err)
{
	struct span bytes = value;
	struct span name = span_cut(&bytes, '\n');

	if (!bytes.p)
		return err_set(err, ERR_INVALID, "an input without a name");
	int r = vec_push(&reading->inputs, &bytes, SHELL_RUNS_MAX, err);
	return r < 0 ? r : map_put(reading->names, name, reading->inputs.count, err);
}

static void
find_input(const struct reading *reading, struct span name, struct shell_run *run)
{
	uint64_t index = 0;

	run->reads = true;
	run->lost = run->lost || !map_get(reading->names, name, &index);
	run->input = index ? reading->inputs.items[index - 1] : SPAN("");
	run->lost = run->lost || run->input.n >= SHELL_INPUT_MAX;
}

static int
take_member(const struct reading *reading, struct span name, struct span value,
	    struct shell_run *run, struct err *err)
{
	if (span_equal(name, SPAN("program")))
		run->program = value;
	else if (span_equal(name, SPAN("name")))
		run->name = value;
	else if (span_equal(name, SPAN("parent")))
		run->parent = value;
	else if (span_equal(name, SPAN("input")))
		find_input(reading, value, run);
	else if (span_equal(name, SPAN("lost")))
		run->lost = true;
	else
		return err_set(err, ERR_INVALID, "an unknown record");
	return 0;
}

static int
take_run(struct reading *reading, struct span rest, struct err *err)
{
	struct shell_run run = {.program = SPAN(""), .name = SPAN(""), .parent = SPAN("")};
	VEC(struct span) arguments = {0};
	int r = 0;

	while (r == 0 && rest.n > 0) {
		struct span name;
		struct span value;

		r = probe_next(&rest, &name, &value, err);
		if (r == 0 && span_equal(name, SPAN("argument")))
			r = vec_push(&arguments, &value, START_ITEMS_MAX, err);
		else if (r == 0)
			r = take_member(reading, name, value, &run, err);
	}
	run.arguments.count = arguments.count;
	run.arguments.items = vec_keep(&arguments, reading->arena);
	if (r == 0 && !run.arguments.items)
		r = err_memory(err);
	vec_free(&arguments);
	return r < 0 ? r : vec_push(&reading->runs, &run, SHELL_RUNS_MAX, err);
}

static int
read_all(struct reading *reading, struct span rest, struct err *err)
{
	int r = 0;

	while (r == 0 && rest.n > 0) {
		struct span name;
		struct span value;

		r = probe_next(&rest, &name, &value, err);
		if (r < 0)
			break;
		if (span_equal(name, SPAN("input")))
			r = take_input(reading, value, err);
		else if (span_equal(name, SPAN("run")))
			r = take_run(reading, value, err);
		else if (span_equal(name, SPAN("refused")))
			r = vec_push(&reading->refused, &value, SHELL_RUNS_MAX, err);
		else if (span_equal(name, SPAN("options")))
			r = vec_push(&reading->options, &value, SHELL_RUNS_MAX, err);
		else
			r = err_set(err, ERR_INVALID, "an unknown record");
	}
	return r;
}

int
shell_log_read(struct span log, struct arena *arena, struct shell_log *ret, struct err *err)
{
	struct reading reading = {.arena = arena, .names = map_new(0)};
	struct shell_log all = {0};
	int r = reading.names ? 0 : err_memory(err);

	if (r == 0 && log.n > SHELL_LOG_MAX)
		r = err_set(err, ERR_LIMIT, "%zu bytes (at most %lu)", log.n, SHELL_LOG_MAX);
	if (r == 0)
		r = read_all(&reading, log, err);
	if (r == 0) {
		all.runs = vec_keep(&reading.runs, arena);
		all.count = reading.runs.count;
		all.refused.items = vec_keep(&reading.refused, arena);
		all.refused.count = reading.refused.count;
		all.options.items = vec_keep(&reading.options, arena);
		all.options.count = reading.options.count;
		if (!all.runs || !all.refused.items || !all.options.items)
			r = err_memory(err);
	}
	vec_free(&reading.inputs);
	vec_free(&reading.runs);
	vec_free(&reading.refused);
	vec_free(&reading.options);
	map_free(reading.names);
	if (r < 0)
		return err_wrap(err, "how shells were run");
	*ret = all;
	return 0;
}
