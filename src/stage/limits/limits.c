/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/limits/parts.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"
#include "codec/seccomp_json.h"

/* ---- ports ---- */

/* Those that something outside can reach, of every run. */
static int
ports_derive(const struct limits_input *input, struct limits *limits, struct err *err)
{
	size_t room = 1;
	size_t count = 0;
	size_t distinct = 0;

	for (size_t i = 0; i < input->run_count; i++)
		room += input->runs[i]->demands.port_count;
	struct demands_port *ports = arena_array(limits->arena, room, sizeof(*ports));
	if (!ports)
		return err_memory(err);
	for (size_t i = 0; i < input->run_count; i++) {
		const struct demands *demands = &input->runs[i]->demands;

		for (size_t k = 0; k < demands->port_count; k++) {
			if (!demands->ports[k].local)
				ports[count++] = demands->ports[k];
		}
	}
	qsort(ports, count, sizeof(*ports), demands_compare_ports);
	for (size_t i = 0; i < count; i++) {
		if (distinct == 0 || demands_compare_ports(&ports[distinct - 1], &ports[i]) != 0)
			ports[distinct++] = ports[i];
	}
	limits->ports = ports;
	limits->port_count = distinct;
	return 0;
}

/* ---- the proposal ---- */

/* What a run could not record, by the subject that the session gives it. */
static const struct gap *
run_gap(const struct profile *run, struct span subject, size_t *at)
{
	for (; *at < run->gaps.count; (*at)++) {
		if (span_equal(run->gaps.items[*at].subject, subject))
			return &run->gaps.items[(*at)++];
	}
	return NULL;
}

static int
add_gap(struct limits *limits, struct span subject, struct span text, struct err *err)
{
	struct gap gap = {subject, arena_copy(limits->arena, text)};

	if (!gap.text.p)
		return err_memory(err);
	for (size_t i = 0; i < limits->gaps.count; i++) {
		if (span_equal(limits->gaps.items[i].subject, subject) &&
		    span_equal(limits->gaps.items[i].text, text))
			return 0;
	}
	if (limits->gaps.count < LIMITS_GAPS_MAX)
		limits->gaps.items[limits->gaps.count++] = gap;
	return 0;
}

static int
find_gaps(const struct limits_input *input, struct limits *limits, struct err *err)
{
	static const struct span subjects[] = {SPAN_INIT("system calls"), SPAN_INIT("ports")};
	int r = 0;

	limits->gaps.items = arena_array(limits->arena, LIMITS_GAPS_MAX, sizeof(struct gap));
	if (!limits->gaps.items)
		return err_memory(err);
	for (size_t i = 0; i < input->run_count; i++) {
		const struct profile *run = input->runs[i];

		for (size_t k = 0; k < sizeof(subjects) / sizeof(subjects[0]); k++) {
			size_t at = 0;
			const struct gap *gap;

			while (r == 0 && (gap = run_gap(run, subjects[k], &at)) != NULL)
				r = add_gap(limits, subjects[k], gap->text, err);
		}
		if (r == 0 && !demands_are_known(&run->demands))
			r = add_gap(limits, SPAN("loads"),
				    SPAN("the profile says nothing of system calls: what only a "
					 "load asks for is not allowed"),
				    err);
	}
	if (r == 0 && input->service->test_count == 0)
		r = add_gap(limits, SPAN("tests"),
			    SPAN("the service has none: only its start and end were tried"), err);
	return r;
}

static void
propose(const struct limits_input *input, struct limits *limits)
{
	const struct demands *demands = &input->runs[input->run_count - 1]->demands;

	for (enum limit limit = 0; limit < LIMITS; limit++)
		limits->limits[limit] = (struct limits_limit){.proposed = true, .reason = SPAN("")};
	if (demands->recorder.n == 0)
		limits->limits[LIMIT_SECCOMP] = (struct limits_limit){
			.reason = SPAN("system calls could not be recorded on this machine")};
}

static int
derive(const struct limits_input *input, struct limits *limits, struct err *err)
{
	const struct demands *demands = &input->runs[input->run_count - 1]->demands;

	limits->uid = demands->uid;
	limits->gid = demands->gid;
	limits->failure = SPAN("");
	limits->architecture = arena_copy(limits->arena, input->image->config.architecture);
	limits->recorder = arena_copy(limits->arena, demands->recorder);
	if (!limits->architecture.p || !limits->recorder.p)
		return err_memory(err);
	int r = calls_derive(input, limits, err);
	if (r == 0)
		r = ports_derive(input, limits, err);
	if (r == 0)
		r = capabilities_derive(input, limits, err);
	propose(input, limits);
	if (r == 0)
		r = volumes_derive(input, limits, err);
	if (r == -ERR_LIMIT) {
		limits->limits[LIMIT_READ_ONLY] = (struct limits_limit){
			.reason = SPAN("it writes in more directories than a manifest can list")};
		limits->volume_count = limits->refused_count = 0;
		r = 0;
	}
	return r < 0 ? r : find_gaps(input, limits, err);
}

int
limits_derive(const struct limits_input *input, struct limits **ret, struct err *err)
{
	struct arena *arena = arena_new(0);
	CLEANUP(limits_cleanup)
	struct limits *limits = arena ? arena_alloc(arena, sizeof(*limits)) : NULL;

	if (!limits) {
		arena_free(arena);
		return err_memory(err);
	}
	limits->arena = arena;
	if (!demands_are_known(&input->runs[input->run_count - 1]->demands))
		return err_set(err, ERR_INVALID, "the run of the hardened image recorded nothing");
	int r = derive(input, limits, err);
	if (r == 0)
		*ret = TAKE(limits);
	return r;
}

/* ---- as others read it ---- */

int
limits_seccomp(const struct limits *limits, struct arena *arena, struct span *ret, struct err *err)
{
	static const struct span comments[CALL_SOURCES] = {
		[CALLS_SERVICE] = SPAN_INIT("the service, seen"),
		[CALLS_RUNTIME] = SPAN_INIT("the container runtime, before the service starts"),
		[CALLS_MACHINE] =
			SPAN_INIT("any program, on another machine or under another load"),
		[CALLS_ADDED] = SPAN_INIT("the service, seen when it was refused"),
	};
	struct seccomp_group groups[CALL_SOURCES];
	const struct seccomp_profile profile = {
		.otherwise = SECCOMP_ERRNO,
		.architecture = limits->architecture,
		.groups = groups,
		.group_count = CALL_SOURCES,
	};

	for (size_t i = 0; i < CALL_SOURCES; i++)
		groups[i] = (struct seccomp_group){SECCOMP_ALLOW, comments[i], limits->calls[i]};
	return seccomp_json_write(&profile, arena, ret, err);
}

int
limits_enforce(const struct limits *limits, unsigned which, struct arena *arena,
	       struct runtime_limits *ret, struct err *err)
{
	struct runtime_limits made = {
		.no_new_privileges = which & LIMIT_BIT(LIMIT_NO_NEW_PRIVILEGES),
		.some_capabilities = which & LIMIT_BIT(LIMIT_CAPABILITIES),
		.capabilities = limits->capabilities,
		.read_only = which & LIMIT_BIT(LIMIT_READ_ONLY),
		.other_user = limits->other_user,
		.uid = limits->uid,
		.gid = limits->gid,
	};
	int r = 0;

	if (which & LIMIT_BIT(LIMIT_SECCOMP))
		r = limits_seccomp(limits, arena, &made.seccomp, err);
	if (r == 0 && made.read_only) {
		made.empty.items =
			arena_array(arena, limits->volume_count + 1, sizeof(struct span));
		if (!made.empty.items)
			return err_memory(err);
		for (size_t i = 0; i < limits->volume_count; i++)
			made.empty.items[made.empty.count++] = limits->volumes[i].path;
	}
	if (r == 0)
		*ret = made;
	return r;
}

int
limits_add_calls(struct limits *limits, struct span_list names, struct err *err)
{
	return names_unite(limits->calls[CALLS_ADDED], names, limits->arena,
			   &limits->calls[CALLS_ADDED], err);
}

void
limits_set_user(struct limits *limits, uint32_t uid, uint32_t gid)
{
	bool low = false;

	limits->other_user = true;
	limits->uid = uid;
	limits->gid = gid;
	for (size_t i = 0; i < limits->capabilities.count; i++)
		low |= span_equal(limits->capabilities.items[i], SPAN("CAP_NET_BIND_SERVICE"));
	limits->low_ports_by_sysctl = low;
	limits->capabilities = limits->doubtful = (struct span_list){0};
	limits->method = CAPABILITIES_NONE;
}

int
limits_set_capabilities(struct limits *limits, struct span_list names, struct err *err)
{
	return names_sort(names.items, names.count, limits->arena, &limits->capabilities, err);
}
