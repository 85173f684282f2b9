/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/start.h"

#include "stage/entrypoint.h"

static int
observe(void *context, const struct start_trial *trial, struct arena *arena,
	struct start_state **ret, struct profile **ret_used, struct err *err)
{
	return profile_observe(context, trial, arena, ret, ret_used, err);
}

int
start_compile(const struct profile_options *options, struct start **ret, struct err *err)
{
	struct profile_options observed = *options;
	const struct entrypoint_input input = {
		.image = options->image,
		.contents = options->contents,
		.service = options->service,
		.observe = observe,
		.context = &observed,
		.progress = options->progress,
	};

	*ret = NULL;
	if (options->service->entrypoint != ENTRYPOINT_AUTO)
		return 0;
	int r = entrypoint_compile(&input, ret, err);
	return r < 0 ? err_wrap(err, "entrypoint") : 0;
}
