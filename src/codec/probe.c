/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/probe.h"

#include "base/limits.h"
#include "base/vec.h"
#include "codec/json.h"

#include <stddef.h>

typedef VEC(struct span) spans;

struct reading {
	struct arena *arena;
	struct start_state *state;
	spans lists[4]; /* by enum list */
	size_t limits;
	bool ended;
};

enum list { LIST_ARGUMENTS, LIST_VARIABLES, LIST_DESCRIPTORS, LIST_PROCESSES };

static bool
to_octal(struct span s, uint32_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '7' || i > 6)
			return false;
		*ret = *ret * 8 + (uint32_t)(s.p[i] - '0');
	}
	return s.n > 0;
}

static bool
to_hex(struct span s, uint64_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
						   : -1;

		if (digit < 0)
			return false;
		*ret = *ret << 4 | (uint64_t)digit;
	}
	return s.n == 16;
}

static bool
to_u32(struct span s, uint32_t *ret)
{
	uint64_t value;

	if (!span_to_u64(s, &value) || value >= UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

/* "real\teffective\tsaved\tfilesystem": all the same, or it is in the middle of something. */
static bool
one_id(struct span ids, uint32_t *ret)
{
	if (!to_u32(span_cut(&ids, '\t'), ret))
		return false;
	while (ids.p) {
		uint32_t other;

		if (!to_u32(span_cut(&ids, '\t'), &other) || other != *ret)
			return false;
	}
	return true;
}

static int
take_groups(struct reading *reading, struct span value, struct err *err)
{
	VEC(uint32_t) groups = {0};
	int r = 0;

	while (r == 0 && value.p) {
		struct span word = span_cut(&value, ' ');
		uint32_t group;

		if (word.n == 0)
			continue;
		r = to_u32(word, &group) ? vec_push(&groups, &group, START_ITEMS_MAX, err)
					 : err_set(err, ERR_INVALID, "a group that is no number");
	}
	reading->state->groups = vec_keep(&groups, reading->arena);
	if (r == 0 && !reading->state->groups)
		r = err_memory(err);
	reading->state->group_count = groups.count;
	vec_free(&groups);
	return r;
}

static int
status_line(struct reading *reading, struct span name, struct span value, struct err *err)
{
	struct start_state *state = reading->state;
	const struct {
		struct span name;
		uint64_t *to;
	} masks[] = {
		{SPAN("CapInh"), &state->capabilities[0]},
		{SPAN("CapPrm"), &state->capabilities[1]},
		{SPAN("CapEff"), &state->capabilities[2]},
		{SPAN("CapBnd"), &state->capabilities[3]},
		{SPAN("CapAmb"), &state->capabilities[4]},
		{SPAN("SigIgn"), &state->ignored},
		{SPAN("SigBlk"), &state->blocked},
	};
	bool good = true;

	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		if (span_equal(name, masks[i].name))
			good = to_hex(value, masks[i].to);
	}
	if (span_equal(name, SPAN("Uid")))
		good = one_id(value, &state->uid);
	else if (span_equal(name, SPAN("Gid")))
		good = one_id(value, &state->gid);
	else if (span_equal(name, SPAN("Umask")))
		good = to_octal(value, &state->umask);
	else if (span_equal(name, SPAN("NoNewPrivs")))
		state->no_new_privileges = span_equal(value, SPAN("1"));
	else if (span_equal(name, SPAN("Groups")))
		return take_groups(reading, value, err);
	return good ? 0 : err_set(err, ERR_INVALID, "a status line \"%.*s\"", SPAN_ARG(name));
}

static int
take_status(struct reading *reading, struct span value, struct err *err)
{
	int r = 0;

	while (r == 0 && value.p) {
		struct span line = span_cut(&value, '\n');
		struct span name = span_cut(&line, ':');

		if (name.n > 0 && line.p)
			r = status_line(reading, name, span_trim(line), err);
	}
	return r;
}

static int
take_limit(struct reading *reading, struct span value, struct err *err)
{
	struct start_limit limit;
	struct span soft = span_cut(&value, ' ');

	if (reading->limits == START_LIMITS || !value.p || !to_hex(soft, &limit.soft) ||
	    !to_hex(value, &limit.hard))
		return err_set(err, ERR_INVALID, "a resource limit");
	reading->state->limits[reading->limits++] = limit;
	return 0;
}

static int
take_text(struct reading *reading, struct span value, struct span *ret, struct err *err)
{
	if (!json_is_text(value) || memchr(value.p, '\0', value.n))
		return err_set(err, ERR_INVALID, "bytes that are no UTF-8");
	*ret = arena_copy(reading->arena, value);
	return ret->p ? 0 : err_memory(err);
}

static int
take_record(struct reading *reading, struct span name, struct span value, struct err *err)
{
	static const struct span lists[] = {
		[LIST_ARGUMENTS] = SPAN_INIT("argument"),
		[LIST_VARIABLES] = SPAN_INIT("variable"),
		[LIST_DESCRIPTORS] = SPAN_INIT("descriptor"),
		[LIST_PROCESSES] = SPAN_INIT("process"),
	};
	struct span text;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (!span_equal(name, lists[i]))
			continue;
		int r = take_text(reading, value, &text, err);
		return r < 0 ? r : vec_push(&reading->lists[i], &text, START_ITEMS_MAX, err);
	}
	if (span_equal(name, SPAN("program")))
		return take_text(reading, value, &reading->state->program, err);
	if (span_equal(name, SPAN("directory")))
		return take_text(reading, value, &reading->state->directory, err);
	if (span_equal(name, SPAN("status")))
		return take_status(reading, value, err);
	if (span_equal(name, SPAN("limit")))
		return take_limit(reading, value, err);
	if (!span_equal(name, SPAN("end")))
		return err_set(err, ERR_INVALID, "an unknown record");
	reading->ended = true;
	return 0;
}

int
probe_next(struct span *rest, struct span *ret_name, struct span *ret_value, struct err *err)
{
	struct span line = span_cut(rest, '\n');
	struct span name = span_cut(&line, ' ');
	uint64_t length;

	if (!rest->p || !line.p || !span_to_u64(line, &length) || length >= rest->n ||
	    rest->p[length] != '\n')
		return err_set(err, ERR_INVALID, "a record of no length, or cut off");
	*ret_name = name;
	*ret_value = span_slice(*rest, 0, (size_t)length);
	*rest = span_slice(*rest, (size_t)length + 1, rest->n);
	return 0;
}

static int
read_records(struct reading *reading, struct span rest, struct err *err)
{
	int r = 0;

	while (r == 0 && rest.n > 0 && !reading->ended) {
		struct span name;
		struct span value;

		r = probe_next(&rest, &name, &value, err);
		if (r == 0)
			r = take_record(reading, name, value, err);
	}
	if (r == 0 && (!reading->ended || rest.n > 0))
		r = err_set(err, ERR_INVALID, "it does not end where it should");
	return r;
}

static int
hand_over(struct reading *reading, struct err *err)
{
	struct start_state *state = reading->state;
	struct span_list *const to[] = {&state->arguments, &state->environment, &state->descriptors,
					&state->processes};

	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
		const spans *from = &reading->lists[i];

		to[i]->items = vec_keep(from, reading->arena);
		if (!to[i]->items)
			return err_memory(err);
		to[i]->count = from->count;
	}
	state->reached = true;
	return 0;
}

int
probe_read(struct span records, struct arena *arena, struct start_state *ret, struct err *err)
{
	struct start_state state = *ret;
	struct reading reading = {.arena = arena, .state = &state};
	int r = records.n > START_RECORDS_MAX ? err_set(err, ERR_LIMIT, "%zu bytes (at most %lu)",
							records.n, START_RECORDS_MAX)
					      : read_records(&reading, records, err);

	if (r == 0)
		r = hand_over(&reading, err);
	for (size_t i = 0; i < sizeof(reading.lists) / sizeof(reading.lists[0]); i++)
		vec_free(&reading.lists[i]);
	if (r < 0)
		return err_wrap(err, "what the probe saw");
	*ret = state;
	return 0;
}
