/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/container_state.h"

#include "base/cleanup.h"
#include "codec/json.h"

#include <stddef.h>

/* Keys of labels and annotations, by the engine that is behind the kubelet. */
static const struct {
	struct span key;
	size_t to;
} names[] = {
	{SPAN_INIT("io.kubernetes.cri.sandbox-name"), offsetof(struct container_state, pod)},
	{SPAN_INIT("io.kubernetes.pod.name"), offsetof(struct container_state, pod)},
	{SPAN_INIT("io.kubernetes.cri.sandbox-namespace"), offsetof(struct container_state, space)},
	{SPAN_INIT("io.kubernetes.pod.namespace"), offsetof(struct container_state, space)},
	{SPAN_INIT("io.kubernetes.cri.container-name"),
	 offsetof(struct container_state, container)},
	{SPAN_INIT("io.kubernetes.container.name"), offsetof(struct container_state, container)},
};

/* Letters, digits, '-', '.': what Kubernetes takes for a name. */
static bool
is_name(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'))
			return false;
	}
	return s.n > 0 && s.n < 254 && s.p[0] != '-';
}

static int
take_label(struct span key, struct span value, struct arena *arena, struct container_state *state,
	   struct err *err)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!span_equal(key, names[i].key) || !is_name(value))
			continue;
		struct span copy = arena_copy(arena, value);
		if (!copy.p)
			return err_memory(err);
		memcpy((char *)state + names[i].to, &copy, sizeof(copy));
	}
	return 0;
}

static uint64_t
number_of(const json_t *json)
{
	json_int_t value = json_integer_value(json);

	return value > 0 ? (uint64_t)value : 0;
}

/* runc keeps annotations as "key=value" among the labels of its own configuration. */
static int
read_runc(const json_t *json, struct arena *arena, struct container_state *state, struct err *err)
{
	const json_t *labels = json_object_get(json_object_get(json, "config"), "labels");
	int r = 0;

	state->pid = number_of(json_object_get(json, "init_process_pid"));
	state->start = number_of(json_object_get(json, "init_process_start"));
	for (size_t i = 0; r == 0 && i < json_array_size(labels); i++) {
		struct span value = json_string_span(json_array_get(labels, i));
		struct span key = span_cut(&value, '=');

		if (value.p)
			r = take_label(key, value, arena, state, err);
	}
	return r;
}

static int
read_crun(const json_t *json, struct arena *arena, struct container_state *state, struct err *err)
{
	(void)arena;
	(void)err;
	state->pid = number_of(json_object_get(json, "pid"));
	state->start = number_of(json_object_get(json, "process-start-time"));
	return 0;
}

static int
read_inspect(const json_t *json, struct arena *arena, struct container_state *state,
	     struct err *err)
{
	const json_t *one = json_is_array(json) ? json_array_get(json, 0) : json;
	json_t *labels = json_object_get(json_object_get(one, "Config"), "Labels");
	const char *key;
	json_t *value;
	int r = 0;

	state->pid = number_of(json_object_get(json_object_get(one, "State"), "Pid"));
	json_object_foreach(labels, key, value)
	{
		if (r == 0)
			r = take_label(span_from(key), json_string_span(value), arena, state, err);
	}
	return r;
}

int
container_state_read(enum container_format format, struct span text, struct arena *arena,
		     struct container_state *ret, struct err *err)
{
	static int (*const readers[])(const json_t *json, struct arena *arena,
				      struct container_state *state, struct err *err) = {
		[CONTAINER_RUNC] = read_runc,
		[CONTAINER_CRUN] = read_crun,
		[CONTAINER_INSPECT] = read_inspect,
	};
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct container_state state = {.pod = SPAN(""), .space = SPAN(""), .container = SPAN("")};
	int r = json_parse(text, &json, err);

	if (r == 0)
		r = readers[format](json, arena, &state, err);
	if (r == 0 && state.pid > INT32_MAX)
		r = err_set(err, ERR_INVALID, "no process identifier");
	if (r == 0)
		*ret = state;
	return r;
}
