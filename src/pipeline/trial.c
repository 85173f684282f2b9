/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/trial.h"

#include "base/cleanup.h"
#include "base/fd.h"
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

static int
run(const struct pipeline *p, const struct trial *trial, const struct profile_options *wanted,
    struct profile **ret, struct suite **ret_suite, struct err *err)
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
	int r = profile_run(&options, &profile, ret_suite, err);
	if (r == 0 && ret)
		*ret = TAKE(profile);
	return r;
}

int
trial_run(const struct pipeline *p, const struct trial *trial, struct profile **ret,
	  struct suite **ret_suite, struct err *err)
{
	size_t count = p->service->sidecar_count;
	CLEANUP(free_cleanup)
	struct profile_sidecar *sidecars = calloc(count + 1, sizeof(*sidecars));
	const struct subject *original = trial->original;
	struct profile_options options = {
		.service = p->service,
		.image = trial->subject->image,
		.contents = trial->subject->contents,
		.sidecars = sidecars,
		.loads = trial->kind == TRIAL_PROFILE,
		.tests = true,
		.record = trial->kind != TRIAL_PLAIN,
		.progress = p->progress,
	};
	struct image view;

	if (!sidecars)
		return err_memory(err);
	for (size_t i = 0; i < count; i++)
		sidecars[i] =
			(struct profile_sidecar){p->sidecars[i].image, p->sidecars[i].contents};
	if (original && trial->kind == TRIAL_STRICT)
		options.original = original->image;
	if (original && trial->kind == TRIAL_SERVED) {
		view = everything_of(original->image, trial->subject->image);
		options.image = &view;
		options.contents = original->contents;
	}
	return run(p, trial, &options, ret, ret_suite, err);
}
