/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/limits.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/kubernetes_yaml.h"
#include "codec/limits_json.h"
#include "pipeline/trial.h"
#include "stage/limits.h"

#include <limits.h>
#include <stdio.h>

enum {
	ALL = (1U << LIMITS) - 1,
	ROUNDS = 3,	/* of adding system calls that were refused */
	NOBODY = 65532, /* in no image's use */
	TRIALS_MAX = 24,
	TIME_MS = 1800000, /* for all trials, or that of the first three when they take longer */
	FIRST = 3,
	READY_TIMES = 20, /* a trial is given so many times what the run without limits took */
	READY_MS = 10000, /* but not less */
	READY_STATED_MS = 60000, /* when the service states no time */
};

/* One run of the tests on the hardened image. */
struct trying {
	struct pipeline *p;
	struct arena *arena;
	struct limits *limits;
	unsigned held;		  /* limits that the last one that passed ran under */
	bool passed;		  /* the last one */
	bool ever;		  /* any */
	struct span_list refused; /* its system calls, when they were listed */
	struct span why;	  /* it did not pass */
};

/* ---- running ---- */

static struct span
why_failed(struct trying *trying, const struct suite *suite)
{
	if (!suite->started)
		return arena_printf(trying->arena, "the container did not start: %.*s",
				    SPAN_ARG(suite->start_error));
	for (size_t i = 0; i < suite->count; i++) {
		const struct suite_case *one = &suite->cases[i];
		struct span rest = one->message;
		struct span line = span_cut(&rest, '\n');

		if (one->state == CASE_FAILED || one->state == CASE_ERROR)
			return arena_printf(trying->arena, "%.*s: %.*s", SPAN_ARG(one->name),
					    SPAN_ARG(line));
	}
	return SPAN("fewer tests passed than without it");
}

static int
copy_names(struct trying *trying, struct span_list names, struct span_list *ret, struct err *err)
{
	struct span *items = arena_array(trying->arena, names.count + 1, sizeof(*items));

	if (!items)
		return err_memory(err);
	for (size_t i = 0; i < names.count; i++) {
		items[i] = arena_copy(trying->arena, names.items[i]);
		if (!items[i].p)
			return err_memory(err);
	}
	*ret = (struct span_list){items, names.count};
	return 0;
}

static int
judge(struct trying *trying, unsigned which, const struct profile *run, const struct suite *suite,
      struct err *err)
{
	const struct suite *wanted = trying->p->suite;
	struct limits *limits = trying->limits;

	trying->passed = suite->started && suite->failed == 0 && suite->passed >= wanted->passed;
	trying->why = trying->passed ? SPAN("") : why_failed(trying, suite);
	if (trying->passed || !trying->ever) {
		limits->passed = suite->passed;
		limits->failed = suite->failed;
	}
	trying->ever = trying->ever || trying->passed;
	limits->trials++;
	if (!trying->why.p)
		return err_memory(err);
	if (trying->passed)
		trying->held = which;
	return copy_names(trying, run->demands.refused_calls, &trying->refused, err);
}

/*
 * One that a limit breaks often neither ends nor becomes ready, and most trials are there to find
 * out which limit that is: the service's own time for it may be minutes.
 */
static uint64_t
time_to_be_ready(const struct pipeline *p)
{
	const struct profile *run = p->suite->run;
	uint64_t stated = p->service->ready.timeout_ms;
	uint64_t most = stated ? stated : READY_STATED_MS;
	uint64_t time = READY_MS;

	if (p->service->ready.ended)
		return stated;
	for (size_t i = 0; i < run->phase_count; i++) {
		if (run->phases[i].kind == PHASE_STARTUP &&
		    run->phases[i].duration_ms > READY_MS / READY_TIMES)
			time = run->phases[i].duration_ms * READY_TIMES;
	}
	return time < most ? time : most;
}

/* The tests under these limits; `list_refused`: the same filter, in a way that tells whom it hit.
 */
static int
try_under(struct trying *trying, unsigned which, bool list_refused, struct err *err)
{
	struct pipeline *p = trying->p;
	const struct limits *limits = trying->limits;
	CLEANUP(profile_cleanup) struct profile *run = NULL;
	CLEANUP(suite_cleanup) struct suite *suite = NULL;
	uint64_t start = clock_ms();
	struct runtime_limits enforced;
	struct span_list allowed;
	char logs[64];

	if (limits->trials >= TRIALS_MAX ||
	    (limits->trials >= FIRST && limits->duration_ms > TIME_MS))
		return err_set(err, ERR_TIMEOUT, "no time left after %u trials", limits->trials);
	int r = limits_enforce(limits, which, trying->arena, &enforced, err);

	if (r == 0)
		r = limits_allowed(limits, trying->arena, &allowed, err);
	if (r < 0)
		return r;
	const struct trial trial = {
		.kind = TRIAL_PLAIN,
		.subject = &p->after,
		.logs = logs,
		.limits = &enforced,
		.refuse = list_refused ? &allowed : NULL,
		.low_ports_privileged = !limits->low_ports_by_sysctl,
		.ready_ms = time_to_be_ready(p),
	};
	(void)snprintf(logs, sizeof(logs), "limits-%u", limits->trials + 1);
	progress_step(p->progress, 0, 0, "testing under run-time limits, trial %u",
		      limits->trials + 1);
	r = trial_run(p, &trial, &run, &suite, err);
	if (r == 0)
		r = judge(trying, which, run, suite, err);
	trying->limits->duration_ms += clock_ms() - start;
	return r;
}

/* ---- whom to blame ---- */

/* What is refused while the tests run is allowed, until they pass. */
static int
repair_seccomp(struct trying *trying, unsigned which, struct err *err)
{
	for (int round = 0; round < ROUNDS; round++) {
		int r = try_under(trying, which, true, err);

		if (r < 0)
			return r;
		if (trying->refused.count == 0)
			break;
		r = limits_add_calls(trying->limits, trying->refused, err);
		if (r == 0)
			r = try_under(trying, which, false, err);
		if (r < 0 || trying->passed)
			return r;
	}
	trying->passed = false;
	return 0;
}

/* The list without item `index`. */
static int
without(struct trying *trying, struct span_list names, size_t index, struct span_list *ret,
	struct err *err)
{
	int r = copy_names(trying, names, ret, err);

	if (r < 0)
		return r;
	for (size_t i = index; i + 1 < ret->count; i++)
		ret->items[i] = ret->items[i + 1];
	ret->count--;
	return 0;
}

/* Each capability from place `from` on is tried without; what is not missed goes. */
static int
trim_capabilities(struct trying *trying, unsigned which, struct span_list candidates,
		  struct err *err)
{
	for (size_t i = 0; i < candidates.count; i++) {
		struct span_list before = trying->limits->capabilities;
		struct span_list fewer;
		size_t at = 0;

		while (at < before.count && !span_equal(before.items[at], candidates.items[i]))
			at++;
		if (at == before.count)
			continue;
		int r = without(trying, before, at, &fewer, err);
		if (r == 0)
			r = limits_set_capabilities(trying->limits, fewer, err);
		if (r == 0)
			r = try_under(trying, which, false, err);
		if (r == 0 && !trying->passed)
			r = limits_set_capabilities(trying->limits, before, err);
		if (r < 0)
			return r;
	}
	trying->passed = true;
	return 0;
}

/* The doubtful ones come back; those that are not missed go again. */
static int
repair_capabilities(struct trying *trying, unsigned which, struct err *err)
{
	struct limits *limits = trying->limits;
	struct span_list before = limits->capabilities;
	struct span_list doubtful = limits->doubtful;
	struct span_list all = {
		arena_array(trying->arena, before.count + doubtful.count + 1, sizeof(struct span)),
		0};

	if (!all.items)
		return err_memory(err);
	if (doubtful.count == 0)
		return 0;
	for (size_t i = 0; i < before.count; i++)
		all.items[all.count++] = before.items[i];
	for (size_t i = 0; i < doubtful.count; i++)
		all.items[all.count++] = doubtful.items[i];
	int r = limits_set_capabilities(limits, all, err);
	if (r == 0)
		r = try_under(trying, which, false, err);
	if (r < 0)
		return r;
	if (!trying->passed)
		return limits_set_capabilities(limits, before, err);
	return trim_capabilities(trying, which, doubtful, err);
}

static int (*const repairs[LIMITS])(struct trying *trying, unsigned which, struct err *err) = {
	[LIMIT_CAPABILITIES] = repair_capabilities,
	[LIMIT_SECCOMP] = repair_seccomp,
};

/* A limit that the tests do not pass under: widened where that can be, else left out. */
static int
blame(struct trying *trying, enum limit limit, unsigned which, struct span why, struct err *err)
{
	struct limits *limits = trying->limits;
	unsigned held = trying->held;
	int r = 0;

	trying->passed = false;
	if (repairs[limit])
		r = repairs[limit](trying, which, err);
	if (r < 0 || trying->passed)
		return r;
	trying->held = held;
	limits->limits[limit].proposed = false;
	limits->limits[limit].reason = arena_copy(limits->arena, why);
	return limits->limits[limit].reason.p ? 0 : err_memory(err);
}

/* The tests do not pass under all of `which`: one after the other is relaxed. 1: found it. */
static int
relax_one(struct trying *trying, unsigned which, struct err *err)
{
	struct span why = trying->why;

	for (enum limit limit = 0; limit < LIMITS; limit++) {
		if (!(which & LIMIT_BIT(limit)))
			continue;
		int r = try_under(trying, which & ~LIMIT_BIT(limit), false, err);
		if (r < 0)
			return r;
		if (!trying->passed)
			continue;
		r = blame(trying, limit, which, why, err);
		return r < 0 ? r : 1;
	}
	return 0;
}

/* No single one is to blame: from none on, each that the tests pass under is kept. */
static int
add_up(struct trying *trying, unsigned which, struct err *err)
{
	int r = try_under(trying, 0, false, err);
	unsigned held = 0;

	if (r < 0 || !trying->passed)
		return r;
	for (enum limit limit = 0; r == 0 && limit < LIMITS; limit++) {
		if (!(which & LIMIT_BIT(limit)))
			continue;
		trying->held = held;
		r = try_under(trying, held | LIMIT_BIT(limit), false, err);
		if (r == 0 && !trying->passed)
			r = blame(trying, limit, held | LIMIT_BIT(limit), trying->why, err);
		held = trying->held;
	}
	trying->passed = r == 0;
	return r;
}

/* Root without a capability that a user who is not root would lack: why root? */
static int
try_user(struct trying *trying, struct err *err)
{
	struct limits *limits = trying->limits;
	const struct limits before = *limits;
	const struct span_list *needed = &limits->capabilities;

	if (limits->uid != 0 || !(trying->held & LIMIT_BIT(LIMIT_CAPABILITIES)) ||
	    needed->count > 1 ||
	    (needed->count == 1 && !span_equal(needed->items[0], SPAN("CAP_NET_BIND_SERVICE"))))
		return 0;
	limits_set_user(limits, NOBODY, NOBODY);
	int r = try_under(trying, trying->held, false, err);
	if (r < 0 || !trying->passed) {
		limits->uid = before.uid;
		limits->gid = before.gid;
		limits->other_user = false;
		limits->low_ports_by_sysctl = before.low_ports_by_sysctl;
		limits->capabilities = before.capabilities;
		limits->doubtful = before.doubtful;
		limits->method = before.method;
	}
	return r;
}

static int
try_all(struct trying *trying, struct err *err)
{
	struct limits *limits = trying->limits;
	unsigned which = 0;

	for (enum limit limit = 0; limit < LIMITS; limit++)
		which |= limits->limits[limit].proposed ? LIMIT_BIT(limit) : 0;
	int r = try_under(trying, which, false, err);
	if (r == 0 && !trying->passed) {
		r = relax_one(trying, which, err);
		if (r == 0)
			r = add_up(trying, which, err);
		else if (r > 0)
			trying->passed = true;
	}
	if (r < 0)
		return r;
	limits->outcome = trying->passed ? LIMITS_PASSED : LIMITS_FAILED;
	if (!trying->passed) {
		limits->failure = arena_printf(limits->arena,
					       "the tests do not pass without any limit either: "
					       "%.*s",
					       SPAN_ARG(trying->why));
		return limits->failure.p ? 0 : err_memory(err);
	}
	if (limits->method == CAPABILITIES_BY_CALLS && trying->held & LIMIT_BIT(LIMIT_CAPABILITIES))
		r = trim_capabilities(trying, trying->held, limits->capabilities, err);
	return r < 0 ? r : try_user(trying, err);
}

/* A trial that could not be carried out is no reason to lose what else was found. */
static int
try_and_note(struct trying *trying, struct err *err)
{
	struct limits *limits = trying->limits;
	int r = try_all(trying, err);

	if (r == 0 || r == -ERR_CANCELLED || r == -ERR_MEMORY)
		return r;
	limits->outcome = LIMITS_FAILED;
	limits->failure = arena_copy(limits->arena, span_from(err->text));
	return limits->failure.p ? 0 : err_memory(err);
}

/* ---- results ---- */

static int
write_all(struct pipeline *p, struct arena *arena, struct err *err)
{
	const struct limits *limits = p->limits;
	char digest[DIGEST_TEXT];
	struct span image =
		arena_printf(arena, "%s@%s", p->publish ? p->publish : "REGISTRY/hardened",
			     digest_format(&p->built->manifest_digest, digest));
	struct span seccomp = SPAN("");
	struct span kubernetes = SPAN("");
	struct span json = SPAN("");
	char folder[PATH_MAX];

	if (!p->folder)
		return 0;
	if (!image.p)
		return err_memory(err);
	(void)snprintf(folder, sizeof(folder), "%s/limits", p->folder);
	int r = tree_remove(folder, err);
	if (r == 0)
		r = directory_make(folder, 0755, err);
	if (r == 0)
		r = limits_seccomp(limits, arena, &seccomp, err);
	if (r == 0)
		r = kubernetes_yaml_write(limits, p->service, image, arena, &kubernetes, err);
	if (r == 0)
		r = limits_json_write(limits, arena, &json, err);
	if (r == 0 && limits->limits[LIMIT_SECCOMP].proposed)
		r = pipeline_write(p, "limits/seccomp.json", seccomp, err);
	if (r == 0)
		r = pipeline_write(p, "limits/kubernetes.yaml", kubernetes, err);
	return r < 0 ? r : pipeline_write(p, "limits/limits.json", json, err);
}

static int
derive(struct pipeline *p, struct err *err)
{
	const struct profile *const runs[] = {p->profile, p->suite->run};
	const struct limits_input input = {
		.service = p->service,
		.image = p->after.image,
		.runs = runs,
		.run_count = 2,
	};

	return limits_derive(&input, &p->limits, err);
}

int
limits_step(struct pipeline *p, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct trying trying = {.p = p, .arena = arena};

	if (!arena)
		return err_memory(err);
	if (!p->service->limits || !p->suite || !p->suite->run)
		return 0;
	int r = derive(p, err);
	if (r < 0)
		return r;
	trying.limits = p->limits;
	if (p->suite->started && p->suite->failed == 0)
		r = try_and_note(&trying, err);
	else
		p->limits->failure = SPAN("the tests do not pass on the hardened image");
	return r < 0 ? r : write_all(p, arena, err);
}
