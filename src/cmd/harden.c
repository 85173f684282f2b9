/* SPDX-License-Identifier: Apache-2.0 */
/* mohs harden: build the hardened image from a profile. */
#include "base/cleanup.h"
#include "cmd/common.h"
#include "cmd/inputs.h"
#include "cmd/results.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "pipeline/pipeline.h"

#include <stdio.h>

struct harden_options {
	const char *file;
	const char *image;
	const char *output;
	struct option_list profiles;
	bool accept_profile;
	bool plan_only;
};

static int
harden(const struct harden_options *options, struct err *err)
{
	CLEANUP(service_cleanup) struct service *service = NULL;
	CLEANUP(pipeline_free)
	struct pipeline pipeline = {
		.image_options = common_image_options(),
		.output = options->output,
		.accept_profile = options->accept_profile,
		.progress = common_progress(),
	};
	int r = inputs_service(options->file, options->image, &service, err);

	if (r == 0)
		r = inputs_profile(&options->profiles, &pipeline.profile, err);
	if (r < 0)
		return r;
	pipeline.service = service;
	r = pipeline_run(&pipeline, options->plan_only ? STEP_PLAN : STEP_BUILD, err);
	terminal_clear();
	return r < 0 ? r : results_plan(&pipeline, common.json, err);
}

static int
run(int argc, char **argv)
{
	struct option_list rest;
	struct err err = ERR_INIT;
	struct harden_options options = {0};
	const struct option_spec specs[] = {
		{"file", 'f', OPTION_TEXT, &options.file},
		{"profile", 'p', OPTION_LIST, &options.profiles},
		{"output", 'o', OPTION_TEXT, &options.output},
		{"accept-profile", 0, OPTION_FLAG, &options.accept_profile},
		{"plan", 0, OPTION_FLAG, &options.plan_only},
		COMMON_SPECS,
	};
	enum options_result parsed = options_parse(argc, argv, specs, 0, 1, &rest);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	options.image = rest.count ? rest.items[0] : NULL;
	common_catch_signals();
	int r = options.profiles.count == 0
			? err_set(&err, ERR_USAGE,
				  "name a profile with -p (mohs profile takes one)")
		: !options.output && !options.plan_only
			? err_set(&err, ERR_USAGE, "say where the image goes with -o oci:DIR:TAG")
			: harden(&options, &err);
	return r < 0 ? terminal_error(argv[0], &err) : 0;
}

const struct verb verb_harden = {"harden", "build the hardened image from a profile", run};
