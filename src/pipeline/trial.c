/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/trial.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "pipeline/commands.h"
#include "pipeline/start.h"
#include "stage/profile.h"

#include <limits.h>
#include <stdio.h>

/* All paths of the original; identity and configuration are the image's own. */
static struct image
everything_of(const struct image *original, const struct image *image)
{
	struct image view = *original;

	view.manifest_digest = image->manifest_digest;
	view.reference = image->reference;
	view.config = image->config;
	return view;
}

/* What was served and is not in the image goes among what is missing, by its first phase. */
static int
flag_served(struct profile *run, const struct image *image, struct err *err)
{
	size_t count = run->missing_count;
	struct profile_missing *all =
		arena_array(run->arena, count + run->path_count + 1, sizeof(*all));

	if (!all)
		return err_memory(err);
	if (count)
		memcpy(all, run->missing, count * sizeof(*all));
	for (size_t i = 0; i < run->path_count; i++) {
		const struct profile_path *path = &run->paths[i];

		if (image_find(image, path->path) == IMAGE_NONE)
			all[count++] = (struct profile_missing){path->path, path->program,
								path->first_phase, true};
	}
	run->missing = all;
	run->missing_count = count;
	profile_sort_missing(run);
	return 0;
}

int
trial_once(const struct pipeline *p, const struct trial *trial,
	   const struct profile_options *wanted, struct profile **ret, struct suite **ret_suite,
	   struct err *err)
{
	CLEANUP(profile_cleanup) struct profile *profile = NULL;
	struct profile_options options = *wanted;
	char folder[PATH_MAX];

	if (p->folder) {
		(void)snprintf(folder, sizeof(folder), "%s/logs/%s", p->folder, trial->logs);
		int r = directory_make(folder, 0755, err);
		if (r < 0)
			return r;
		options.log_folder = folder;
	}
	CLEANUP(suite_cleanup) struct suite *suite = NULL;
	int r = profile_run(&options, ret ? &profile : NULL, &suite, err);
	if (r == 0 && trial->kind == TRIAL_SERVED)
		r = flag_served(suite->run, trial->subject->image, err);
	if (r < 0)
		return r;
	if (ret)
		*ret = TAKE(profile);
	*ret_suite = TAKE(suite);
	return 0;
}

int
trial_run(const struct pipeline *p, const struct trial *trial, struct profile **ret,
	  struct suite **ret_suite, struct err *err)
{
	size_t count = p->service->sidecar_count;
	CLEANUP(free_cleanup)
	struct profile_sidecar *sidecars = calloc(count + 1, sizeof(*sidecars));
	const struct subject *original = trial->original;
	struct service service = *p->service;
	struct profile_options options = {
		.service = &service,
		.image = trial->subject->image,
		.contents = trial->subject->contents,
		.sidecars = sidecars,
		.loads = trial->kind == TRIAL_PROFILE,
		.tests = true,
		.record = trial->kind != TRIAL_PLAIN,
		.demands = p->service->limits && !trial->limits &&
			   (trial->kind == TRIAL_PROFILE || trial->kind == TRIAL_PLAIN),
		.limits = trial->limits,
		.refuse = trial->refuse,
		.low_ports_privileged = trial->low_ports_privileged,
		.progress = p->progress,
	};
	CLEANUP(start_cleanup) struct start *start = NULL;
	struct image view;

	if (!sidecars)
		return err_memory(err);
	if (trial->ready_ms)
		service.ready.timeout_ms = trial->ready_ms;
	for (size_t i = 0; i < count; i++)
		sidecars[i] =
			(struct profile_sidecar){p->sidecars[i].image, p->sidecars[i].contents};
	if (original && trial->kind == TRIAL_STRICT)
		options.original = original->image;
	if (original && trial->kind == TRIAL_SERVED) {
		view = everything_of(p->view ? p->view : original->image, trial->subject->image);
		options.image = &view;
		options.contents = original->contents;
		options.start = p->profile ? p->profile->start : NULL; /* not among its paths */
		options.commands = p->profile ? p->profile->commands : NULL;
	}
	int r = trial->kind == TRIAL_PROFILE ? start_compile(&options, &start, err) : 0;
	if (r < 0)
		return r;
	if (start)
		options.start = start;
	if (trial->kind == TRIAL_PROFILE && p->service->commands == SERVICE_COMMANDS_AUTO)
		return commands_profile(p, trial, &options, ret, ret_suite, err);
	bool has_table =
		p->profile && p->profile->commands && p->profile->commands->form == COMMANDS_TABLE;
	if (has_table && (trial->kind == TRIAL_STRICT || trial->kind == TRIAL_PLAIN))
		return commands_test(p, trial, &options, ret, ret_suite, err);
	return trial_once(p, trial, &options, ret, ret_suite, err);
}
