/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/extend.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "pipeline/trial.h"
#include "stage/build.h"
#include "stage/extend.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* Each round that adds can learn; one strict run more confirms, and one may learn all. */
#define RUNS_MOST(rounds) (2UL * (rounds) + 2)

struct extending {
	struct pipeline *pipeline;
	struct extension *extension;
	struct arena *arena; /* the extension's own */
	struct span folder;  /* for the images that are tried */
	struct subject hardened;
	struct digest diff_id; /* of its hardened layer */
	uint32_t before;       /* rounds of earlier runs, as the profile numbers them */
	uint32_t extended;     /* rounds so far that added something */
	bool learnt;	       /* a run that serves what is missing was made */
	bool lacking;	       /* this machine cannot run the image */
};

/* ---- one image ---- */

/* Uncompressed: the layer's content is that of the one that will be published. */
static int
build_trial(struct extending *extending, struct err *err)
{
	struct pipeline *p = extending->pipeline;
	CLEANUP(built_cleanup) struct built *built = NULL;
	const struct image *image = NULL;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span output =
		arena ? arena_printf(arena, "oci:%.*s/image:round", SPAN_ARG(extending->folder))
		      : (struct span){NULL, 0};
	const struct build_options options = {
		.compression = LAYER_PLAIN,
		.output = output.p,
		.progress = p->progress,
	};

	subject_free(&extending->hardened);
	if (!output.p)
		return err_memory(err);
	int r = tree_remove(extending->folder.p, err);
	if (r == 0)
		r = directory_make(extending->folder.p, 0700, err);
	if (r == 0)
		r = pipeline_view(p, &image, err);
	if (r == 0)
		r = build_write(image, p->before.contents, p->plan, &options, &built, err);
	if (r == 0)
		r = image_open(built->reference, &p->image_options, &extending->hardened.image,
			       &extending->hardened.contents, err);
	if (r == 0)
		extending->diff_id = built->diff_id;
	return r;
}

/* ---- one run ---- */

/* What the machine lacks for running a container, or what it is not, is a result. */
static bool
is_lack(int r)
{
	return r == -ERR_UNSUPPORTED || r == -ERR_MISMATCH;
}

static int
try_image(struct extending *extending, bool learning, struct extension_round **ret, struct err *err)
{
	struct pipeline *p = extending->pipeline;
	struct extension *extension = extending->extension;
	struct extension_round *round = &extension->rounds[extension->round_count];
	char logs[64];
	const struct trial trial = {
		.kind = learning ? TRIAL_SERVED : TRIAL_STRICT,
		.subject = &extending->hardened,
		.original = &p->before,
		.logs = logs,
	};

	(void)snprintf(logs, sizeof(logs), "round-%zu", extension->round_count + 1);
	progress_step(p->progress, 0, 0, "round %zu of testing%s", extension->round_count + 1,
		      learning ? ", with everything served" : "");
	*round = (struct extension_round){.diff_id = extending->diff_id, .learning = learning};
	int r = trial_run(p, &trial, NULL, &round->suite, err);
	extending->lacking = is_lack(r);
	if (r < 0)
		return r;
	extension->round_count++;
	*ret = round;
	return 0;
}

/* ---- what it misses ---- */

/* What the profile calls the run that was made last. */
static uint32_t
number_of(const struct extending *extending)
{
	return extending->before + (uint32_t)extending->extension->round_count;
}

static struct extend_input
input_of(const struct extending *extending, const struct extension_round *strict)
{
	const struct pipeline *p = extending->pipeline;

	return (struct extend_input){
		.original = p->before.image,
		.plan = p->plan,
		.profile = p->profile,
		.suite = strict->suite,
		.always = p->service->extend == EXTEND_ALWAYS,
		.round = number_of(extending),
	};
}

/* What the round shows, from the profile into the record. */
static int
note_added(struct extending *extending, const struct profile *profile, struct err *err)
{
	struct extension *extension = extending->extension;
	struct extension_round *round = &extension->rounds[extension->round_count - 1];
	struct arena *arena = extending->arena;

	round->added = arena_array(arena, profile->extended_count, sizeof(*round->added));
	round->added_count = 0;
	if (!round->added)
		return err_memory(err);
	for (size_t i = 0; i < profile->extended_count; i++) {
		struct profile_extended one = profile->extended[i];

		if (one.round != number_of(extending))
			continue;
		one.path = arena_copy(arena, one.path);
		one.phase = arena_copy(arena, one.phase);
		one.program = arena_copy(arena, one.program);
		if (!one.path.p || !one.phase.p || !one.program.p)
			return err_memory(err);
		round->added[round->added_count++] = one;
	}
	return 0;
}

/* Adds to *profile (NULL: to the pipeline's) what the input shows. */
static int
extend_by(const struct extend_input *shown, struct profile **profile, struct err *err)
{
	struct extend_input input = *shown;
	struct profile *extended = NULL;

	if (*profile)
		input.profile = *profile;
	int r = extend_profile(&input, &extended, err);
	if (r < 0 || !extended)
		return r;
	profile_free(*profile);
	*profile = extended;
	return 0;
}

/* One run with everything served; `input` says what of it counts. */
static int
learn(struct extending *extending, struct extend_input input, struct profile **profile,
      struct err *err)
{
	struct extension_round *round;
	int r = try_image(extending, true, &round, err);

	if (r < 0)
		return r;
	input.served = round->suite->run;
	input.round = number_of(extending);
	return extend_by(&input, profile, err);
}

/* The whole tree below what is missing at once, and not a level of it each round. */
static int
learn_below(struct extending *extending, struct extend_input input, struct profile **profile,
	    struct err *err)
{
	input.profile = *profile;
	input.below = true;
	if (!extend_stopped_short(&input))
		return 0;
	int r = learn(extending, input, profile, err);
	return r < 0 ? r : note_added(extending, *profile, err);
}

/* The extended profile, or NULL when there is nothing to extend it by. */
static int
find_missing(struct extending *extending, const struct extension_round *strict,
	     struct profile **ret, struct err *err)
{
	CLEANUP(profile_cleanup) struct profile *profile = NULL;
	struct extend_input input = input_of(extending, strict);
	bool all = extending->extension->learn && !extending->learnt;
	int r = 0;

	if (all)
		r = learn(extending, input, &profile, err);
	input.round = number_of(extending);
	if (r == 0)
		r = extend_by(&input, &profile, err);
	if (r == 0 && !profile && !all && !extending->learnt && !suite_passed(strict->suite) &&
	    extend_listed_less(&input)) {
		all = true;
		r = learn(extending, input, &profile, err);
	}
	extending->learnt = extending->learnt || all;
	if (r == 0 && profile)
		r = note_added(extending, profile, err);
	if (r == 0 && profile && !all)
		r = learn_below(extending, input, &profile, err);
	if (r == 0)
		*ret = TAKE(profile);
	return r;
}

/* The last run did not pass and nothing more is done about it. */
static int
give_up(struct extending *extending, const struct extension_round *strict, enum extension_end end,
	struct err *err)
{
	struct extension *extension = extending->extension;
	const struct extend_input input = input_of(extending, strict);

	extension->end = end;
	return extend_wanted(&input, extending->arena, &extension->wanted, &extension->wanted_count,
			     err);
}

/* ---- the rounds ---- */

/* Takes the extended profile over; plans and builds again. */
static int
go_on_with(struct extending *extending, struct profile *profile, struct err *err)
{
	struct pipeline *p = extending->pipeline;

	profile_free(p->profile);
	p->profile = profile;
	plan_free(p->plan);
	p->plan = NULL;
	extending->extended++;
	int r = pipeline_run(p, STEP_PLAN, err);
	return r < 0 ? r : build_trial(extending, err);
}

static int
go_round(struct extending *extending, bool *ret_done, struct err *err)
{
	const struct service *service = extending->pipeline->service;
	struct extension_round *strict = NULL;
	struct profile *profile = NULL;
	int r = try_image(extending, false, &strict, err);

	if (r < 0)
		return r;
	bool passed = suite_passed(strict->suite);
	bool may = service->extend != EXTEND_NEVER && service->max_rounds > 0;
	bool up = extending->extended >= service->max_rounds;

	*ret_done = true;
	if (passed && (service->extend != EXTEND_ALWAYS || up))
		return 0;
	if (!may || up)
		return give_up(extending, strict, may ? EXTENSION_LIMIT : EXTENSION_OFF, err);
	r = find_missing(extending, strict, &profile, err);
	if (r < 0)
		return r;
	*ret_done = !profile;
	if (profile)
		return go_on_with(extending, profile, err);
	return passed ? 0 : give_up(extending, strict, EXTENSION_STUCK, err);
}

static int
go_rounds(struct extending *extending, struct err *err)
{
	bool done = false;
	int r = build_trial(extending, err);

	if (r < 0)
		return r;
	while (r == 0 && !done)
		r = go_round(extending, &done, err);
	if (!extending->lacking)
		return r;
	extending->extension->end = EXTENSION_NOT_DONE;
	extending->extension->why = arena_copy(extending->arena, span_from(err->text));
	return extending->extension->why.p ? 0 : err_memory(err);
}

static struct extension *
new_extension(const struct pipeline *p)
{
	struct arena *arena = arena_new(0);
	struct extension *extension = arena ? arena_alloc(arena, sizeof(*extension)) : NULL;

	if (!extension) {
		arena_free(arena);
		return NULL;
	}
	extension->arena = arena;
	extension->mode = p->service->extend;
	extension->max_rounds = p->service->max_rounds;
	extension->learn = p->service->learn || p->learn;
	extension->why = SPAN("");
	extension->rounds =
		arena_array(arena, RUNS_MOST(extension->max_rounds), sizeof(*extension->rounds));
	if (!extension->rounds)
		extension_cleanup(&extension);
	return extension;
}

static const char rounds_folder[] = ".rounds";

static int
choose_folder(struct extending *extending, struct err *err)
{
	const char *results = extending->pipeline->folder;

	if (!results)
		return directory_temporary(extending->arena, &extending->folder, err);
	extending->folder = arena_printf(extending->arena, "%s/%s", results, rounds_folder);
	return extending->folder.p ? 0 : err_memory(err);
}

int
extend_forget(const struct pipeline *p, struct err *err)
{
	char path[PATH_MAX];

	if (!p->folder)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/%s", p->folder, rounds_folder);
	return access(path, F_OK) < 0 ? 0 : tree_remove(path, err);
}

/* An earlier run in the same folder may have had more rounds. */
static int
forget_logs(const struct pipeline *p, struct err *err)
{
	char path[PATH_MAX];
	int r = 0;

	for (unsigned i = 1; p->folder && r == 0 && i <= RUNS_MOST(EXTEND_ROUNDS_MAX); i++) {
		(void)snprintf(path, sizeof(path), "%s/logs/round-%u", p->folder, i);
		r = tree_remove(path, err);
	}
	return r;
}

int
extend_run(struct pipeline *p, struct err *err)
{
	struct extending extending = {.pipeline = p, .extension = new_extension(p)};
	struct err left = ERR_INIT;

	if (!extending.extension)
		return err_memory(err);
	p->extension = extending.extension;
	extending.arena = extending.extension->arena;
	for (size_t i = 0; i < p->profile->extended_count; i++) {
		if (p->profile->extended[i].round > extending.before)
			extending.before = p->profile->extended[i].round;
	}
	int r = forget_logs(p, err);
	if (r == 0)
		r = choose_folder(&extending, err);
	if (r < 0)
		return r;
	r = go_rounds(&extending, err);
	subject_free(&extending.hardened);
	if (tree_remove(extending.folder.p, &left) < 0 && r == 0) {
		*err = left;
		r = -(int)left.kind;
	}
	return r < 0 ? r : pipeline_write_profile(p, err);
}

int
extend_confirm(struct pipeline *p, struct err *err)
{
	const struct trial trial = {
		.kind = TRIAL_PLAIN,
		.subject = &p->after,
		.logs = "tests",
	};

	if (!digest_equal(&p->after.image->manifest_digest, &p->built->manifest_digest))
		return err_set(err, ERR_MISMATCH, "%.*s is no longer the image that was built",
			       SPAN_ARG(p->built->reference));
	int r = contents_verify(p->after.contents, p->after.image, err);
	if (r < 0)
		return r;
	r = trial_run(p, &trial, NULL, &p->suite, err);
	if (!is_lack(r))
		return r;
	p->untested = arena_copy(p->extension->arena, span_from(err->text));
	return p->untested.p ? 0 : err_memory(err);
}
