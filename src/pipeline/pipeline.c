/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/pipeline.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "codec/evidence_json.h"
#include "codec/profile_json.h"
#include "pipeline/attest.h"
#include "pipeline/bills.h"
#include "pipeline/confidence.h"
#include "pipeline/extend.h"
#include "pipeline/limits.h"
#include "pipeline/trial.h"
#include "port/runtime.h"
#include "port/sink.h"
#include "stage/build.h"
#include "stage/inventory.h"
#include "stage/match.h"
#include "stage/plan.h"
#include "stage/shells.h"
#include "stage/verdict.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

/* ---- the steps ---- */

static int
step_image(struct pipeline *p, struct err *err)
{
	return image_open(p->service->image, &p->image_options, &p->before.image,
			  &p->before.contents, err);
}

static int
step_inventory(struct pipeline *p, struct err *err)
{
	return inventory_read(p->before.image, p->before.contents, &p->before.inventory, err);
}

static int
step_findings(struct pipeline *p, struct err *err)
{
	int r = p->advisories ? 0 : advisories_open(p->database, &p->advisories, err);

	p->scanned = clock_now();
	return r < 0 ? r : match_run(p->before.inventory, p->advisories, &p->before.findings, err);
}

static int
step_sidecars(struct pipeline *p, struct err *err)
{
	size_t count = p->service->sidecar_count;

	if (count == 0)
		return 0;
	p->sidecars = calloc(count, sizeof(*p->sidecars));
	if (!p->sidecars)
		return err_memory(err);
	for (size_t i = 0; i < count; i++) {
		const struct service_sidecar *sidecar = &p->service->sidecars[i];
		int r = image_open(sidecar->image, &p->image_options, &p->sidecars[i].image,
				   &p->sidecars[i].contents, err);
		if (r < 0)
			return err_wrap(err, "service %.*s", SPAN_ARG(sidecar->name));
	}
	return 0;
}

/* Writes one document into the folder of results, when there is one. */
int
pipeline_write(const struct pipeline *p, const char *name, struct span text, struct err *err)
{
	char path[PATH_MAX];

	if (!p->folder)
		return 0;
	int r = directory_make(p->folder, 0755, err);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/%s", p->folder, name);
	return file_replace(path, text, 0644, err);
}

/* Results of an earlier run in the same folder must not stand beside those of this one. */
static int
forget_evidence(const struct pipeline *p, struct err *err)
{
	char path[PATH_MAX];

	if (!p->folder)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/evidence.json", p->folder);
	if (unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR)
		return err_sys(err, ERR_IO, errno, "cannot remove the old %s", path);
	return 0;
}

int
pipeline_write_profile(struct pipeline *p, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span text;

	if (!arena)
		return err_memory(err);
	int r = profile_json_write(p->profile, arena, &text, err);
	if (r < 0)
		return r;
	digest_of(text, &p->profile_file);
	p->has_profile_file = true;
	r = forget_evidence(p, err);
	return r < 0 ? r : pipeline_write(p, "profile.json", text, err);
}

/* Whether the image can be written there at all: before minutes of load, rather than after them. */
static int
check_output(const struct pipeline *p, struct err *err)
{
	static const struct sink_options options = {0};
	CLEANUP(sink_cleanup) struct sink *sink = NULL;
	int r = p->output ? sink_open(span_from(p->output), &options, &sink, err) : 0;

	if (r == -ERR_USAGE && span_equal(p->service->output, span_from(p->output)))
		err->kind = ERR_INVALID; /* a file's mistake, not the command line's */
	return r < 0 ? err_wrap(err, "output") : 0;
}

static int
step_profile(struct pipeline *p, struct err *err)
{
	const struct trial trial = {
		.kind = TRIAL_PROFILE, .subject = &p->before, .logs = "profile"};
	int r = check_output(p, err);

	if (r < 0 || p->profile)
		return r;
	r = trial_run(p, &trial, &p->profile, &p->suite_before, err);

	return r < 0 ? r : pipeline_write_profile(p, err);
}

static bool
profile_refused(const struct pipeline *p)
{
	return p->profile && !p->profile->complete && !p->accept_profile;
}

int
pipeline_view(struct pipeline *p, const struct image **ret, struct err *err)
{
	const struct commands *commands = p->profile ? p->profile->commands : NULL;
	bool other = commands && commands->form == COMMANDS_TABLE;
	int r = 0;

	if (other && !p->view) {
		p->view_arena = arena_new(0);
		struct image *view =
			p->view_arena ? arena_alloc(p->view_arena, sizeof(*view)) : NULL;

		r = view ? commands_view(commands, p->before.image, p->view_arena, view, err)
			 : err_memory(err);
		if (r == 0)
			p->view = view;
	}
	if (r == 0)
		*ret = other ? p->view : p->before.image;
	return r;
}

static int
step_plan(struct pipeline *p, struct err *err)
{
	const struct gap_list *gaps = &p->profile->gaps;
	const struct image *image = NULL;

	if (profile_refused(p)) {
		struct span why = gaps->count ? gaps->items[0].text : SPAN("no reason recorded");

		return err_set(err, ERR_MISMATCH,
			       "the profile is not complete: %.*s (--accept-profile goes on)",
			       SPAN_ARG(why));
	}
	int r = pipeline_view(p, &image, err);
	return r < 0 ? r
		     : plan_make(image, p->before.contents, p->before.inventory, p->profile,
				 p->service, p->accept_profile, &p->plan, err);
}

static int
step_build(struct pipeline *p, struct err *err)
{
	struct build_options options = {
		.compression = p->service->compression,
		.output = p->output,
		.plain_http = p->image_options.source.plain_http,
		.progress = p->progress,
	};

	const struct image *image = NULL;
	int r = forget_evidence(p, err);

	if (r == 0)
		r = pipeline_view(p, &image, err);
	return r < 0 ? r
		     : build_write(image, p->before.contents, p->plan, &options, &p->built, err);
}

static int
step_rescan(struct pipeline *p, struct err *err)
{
	int r = image_open(p->built->reference, &p->image_options, &p->after.image,
			   &p->after.contents, err);

	return r < 0 ? r : subject_match(&p->after, p->advisories, err);
}

static int
step_shells(struct pipeline *p, struct err *err)
{
	int r = shells_find(p->before.image, p->before.contents, &p->before.shells, err);

	return r < 0 ? r : shells_find(p->after.image, p->after.contents, &p->after.shells, err);
}

static int
step_verdict(struct pipeline *p, struct err *err)
{
	struct verdict_input input = {
		.service = p->service,
		.before = p->before.findings,
		.after = p->after.findings,
		.profile = p->profile,
		.confidence = p->confidence,
		.suite = p->suite,
		.extension = p->extension,
		.untested = p->untested,
		.shells = p->after.shells,
		.built = p->built,
		.hardened = p->after.image,
		.remaining = p->after.inventory,
		.proof = p->proof,
		.unproven = p->unproven,
		.scanned = p->scanned,
		.now = clock_now(),
	};
	struct verdict *verdict = NULL;
	int r = verdict_judge(&input, p->policy, &verdict, err);

	if (r < 0)
		return r;
	verdict_free(p->verdict);
	p->verdict = verdict;
	return 0;
}

struct evidence
pipeline_evidence(const struct pipeline *p)
{
	return (struct evidence){
		.service = p->service,
		.policy = p->policy,
		.before = subject_evidence(&p->before),
		.after = subject_evidence(&p->after),
		.profile = p->profile,
		.plan = p->plan,
		.confidence = p->confidence,
		.risks = p->risks,
		.built = p->built,
		.shells = p->after.shells,
		.suite = p->suite,
		.limits = p->limits,
		.proof = p->proof,
		.extension = p->extension,
		.untested = p->untested,
		.verdict = p->verdict,
	};
}

int
pipeline_stamp(struct evidence *evidence, struct arena *arena, struct err *err)
{
	struct utsname machine;
	struct runtime runtime;
	struct err ignored = ERR_INIT;

	evidence->tool = SPAN("mohs " MOHS_VERSION);
	evidence->created = clock_now();
	if (uname(&machine) < 0)
		return err_sys(err, ERR_IO, errno, "cannot ask for the kernel's name");
	evidence->host.kernel = arena_copy(arena, span_from(machine.release));
	evidence->host.architecture = arena_copy(arena, span_from(machine.machine));
	if (evidence->profile && runtime_find(arena, &runtime, &ignored) == 0)
		evidence->host.runtime = runtime.path;
	return evidence->host.kernel.p && evidence->host.architecture.p ? 0 : err_memory(err);
}

static int
step_evidence(struct pipeline *p, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct evidence evidence = pipeline_evidence(p);
	struct span text;

	if (!arena)
		return err_memory(err);
	int r = pipeline_stamp(&evidence, arena, err);
	if (r == 0)
		r = evidence_write(&evidence, arena, &text, err);
	if (r == 0)
		r = pipeline_write(p, "evidence.json", text, err);
	return r < 0 || !p->folder ? r : bills_write(p->billed ? p->bills : NULL, p->folder, err);
}

/*
 * What goes wrong after the verdict on the image itself is no reason to keep back what was
 * measured: it is noted, and the evidence is written.
 */
static int
note_failure(struct pipeline *p, int r, struct err *err)
{
	if (r >= 0 || r == -ERR_MEMORY)
		return r;
	p->failed = *err;
	p->unproven = span_from(p->failed.text);
	*err = (struct err)ERR_INIT;
	return 0;
}

static int
step_attest(struct pipeline *p, struct err *err)
{
	return note_failure(p, attest_hardened(p, err), err);
}

static int
step_publish(struct pipeline *p, struct err *err)
{
	return p->failed.kind ? 0 : note_failure(p, attest_publish(p, err), err);
}

/* Signature and SBOM are judged by what is there, so the verdict comes once more. */
static int
step_prove(struct pipeline *p, struct err *err)
{
	int r = p->failed.kind ? 0 : note_failure(p, attest_prove(p, err), err);

	return r < 0 ? r : step_verdict(p, err);
}

#define NEEDS(step) (1U << (step))

/* What is said while a step runs, what must have run before it, and the step itself. */
static const struct {
	const char *doing;
	unsigned needs;
	int (*run)(struct pipeline *pipeline, struct err *err);
} steps[PIPELINE_STEPS] = {
	[STEP_IMAGE] = {"reading the image", 0, step_image},
	[STEP_INVENTORY] = {"taking the inventory", NEEDS(STEP_IMAGE), step_inventory},
	[STEP_FINDINGS] = {"matching advisories", NEEDS(STEP_INVENTORY), step_findings},
	[STEP_SIDECARS] = {"reading the images beside it", 0, step_sidecars},
	[STEP_PROFILE] = {"profiling under load", NEEDS(STEP_IMAGE) | NEEDS(STEP_SIDECARS),
			  step_profile},
	[STEP_PLAN] = {"planning", NEEDS(STEP_INVENTORY) | NEEDS(STEP_PROFILE), step_plan},
	[STEP_EXTEND] = {"trying the hardened image", NEEDS(STEP_PLAN) | NEEDS(STEP_SIDECARS),
			 extend_run},
	[STEP_CONFIDENCE] = {"weighing what was not seen", NEEDS(STEP_PLAN), confidence_take},
	[STEP_BUILD] = {"building the hardened image", NEEDS(STEP_PLAN), step_build},
	[STEP_RESCAN] = {"scanning the hardened image",
			 NEEDS(STEP_FINDINGS) | NEEDS(STEP_EXTEND) | NEEDS(STEP_BUILD),
			 step_rescan},
	[STEP_SHELLS] = {"looking for shells", NEEDS(STEP_RESCAN), step_shells},
	[STEP_TESTS] = {"testing the hardened image", NEEDS(STEP_RESCAN) | NEEDS(STEP_SIDECARS),
			extend_confirm},
	[STEP_LIMITS] = {"trying run-time limits", NEEDS(STEP_TESTS), limits_step},
	[STEP_VERDICT] = {"judging",
			  NEEDS(STEP_SHELLS) | NEEDS(STEP_LIMITS) | NEEDS(STEP_CONFIDENCE),
			  step_verdict},
	[STEP_ATTEST] = {"signing and attesting", NEEDS(STEP_VERDICT), step_attest},
	[STEP_PUBLISH] = {"pushing the hardened image", NEEDS(STEP_ATTEST), step_publish},
	[STEP_PROVE] = {"reading back what is attested", NEEDS(STEP_PUBLISH), step_prove},
	[STEP_EVIDENCE] = {"writing the evidence", NEEDS(STEP_PROVE), step_evidence},
};

static bool
step_done(const struct pipeline *p, enum pipeline_step step)
{
	const void *const results[PIPELINE_STEPS] = {
		[STEP_IMAGE] = p->before.image,
		[STEP_INVENTORY] = p->before.inventory,
		[STEP_FINDINGS] = p->before.findings,
		[STEP_SIDECARS] = p->sidecars,
		[STEP_PROFILE] = p->profile,
		[STEP_PLAN] = p->plan,
		[STEP_EXTEND] = p->extension,
		[STEP_CONFIDENCE] = p->confidence,
		[STEP_BUILD] = p->built,
		[STEP_RESCAN] = p->after.findings,
		[STEP_SHELLS] = p->after.shells,
		[STEP_TESTS] = p->suite,
		[STEP_LIMITS] = p->limits,
		[STEP_VERDICT] = p->verdict,
		[STEP_PROVE] = p->proof,
	};

	return results[step] != NULL;
}

/* The goal and all it needs, in the order of the table. */
static unsigned
needed_for(enum pipeline_step goal)
{
	unsigned needed = NEEDS(goal);

	for (enum pipeline_step step = goal + 1; step-- > 0;) {
		if (needed & NEEDS(step))
			needed |= steps[step].needs;
	}
	return needed;
}

/* A verdict is also due on a run that ends at a profile that may not be used. */
static bool
step_left_out(const struct pipeline *p, enum pipeline_step step, enum pipeline_step goal)
{
	return goal >= STEP_VERDICT && step >= STEP_PLAN && step < STEP_VERDICT &&
	       profile_refused(p);
}

int
pipeline_run(struct pipeline *p, enum pipeline_step goal, struct err *err)
{
	unsigned needed = needed_for(goal);

	if (p->started == 0) {
		int r = extend_forget(p, err);
		if (r < 0)
			return r;
		p->started = clock_now();
	}
	for (enum pipeline_step step = 0; step <= goal; step++) {
		if (!(needed & NEEDS(step)) || step_done(p, step) || step_left_out(p, step, goal))
			continue;
		progress_step(p->progress, 0, 0, "%s", steps[step].doing);
		int r = steps[step].run(p, err);
		if (r < 0)
			return err_wrap(err, "%s", steps[step].doing);
	}
	return 0;
}

int
pipeline_test(struct pipeline *p, struct span original, struct err *err)
{
	struct trial trial = {.kind = TRIAL_STRICT, .subject = &p->after, .logs = "tests"};
	int r = image_open(p->service->image, &p->image_options, &p->after.image,
			   &p->after.contents, err);

	if (original.n)
		trial.original = &p->before;
	if (r == 0 && original.n)
		r = image_open(original, &p->image_options, &p->before.image, &p->before.contents,
			       err);
	if (r == 0)
		r = step_sidecars(p, err);
	return r < 0 ? r : trial_run(p, &trial, NULL, &p->suite, err);
}

void
pipeline_free(struct pipeline *p)
{
	proof_free(p->proof);
	arena_free(p->arena);
	verdict_free(p->verdict);
	limits_free(p->limits);
	suite_free(p->suite);
	suite_free(p->suite_before);
	extension_free(p->extension);
	subject_free(&p->after);
	built_free(p->built);
	risks_free(p->risks);
	confidence_free(p->confidence);
	plan_free(p->plan);
	arena_free(p->view_arena);
	profile_free(p->profile);
	for (size_t i = 0; p->sidecars && p->service && i < p->service->sidecar_count; i++)
		subject_free(&p->sidecars[i]);
	free(p->sidecars);
	subject_free(&p->before);
	advisories_free(p->advisories);
	*p = (struct pipeline){0};
}
