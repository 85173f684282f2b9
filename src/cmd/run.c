/* SPDX-License-Identifier: Apache-2.0 */
/* mohs run: the whole checklist. */
#include "base/cleanup.h"
#include "base/fd.h"
#include "cmd/common.h"
#include "cmd/inputs.h"
#include "cmd/keys.h"
#include "cmd/results.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "codec/reference.h"
#include "pipeline/pipeline.h"
#include "port/sink.h"

#include <stdio.h>

struct run_options {
	const char *file;
	const char *image;
	const char *folder;
	const char *policy;
	const char *profile;
	const char *key;
	const char *password_fd;
	bool accept_profile;
	bool no_limits;
	bool learn;
};

static int
show_results(const struct pipeline *pipeline, struct err *err)
{
	terminal_clear();
	if (common.json) {
		struct evidence evidence = pipeline_evidence(pipeline);
		return common_print_evidence(&evidence, err);
	}
	return results_run(pipeline, err);
}

/*
 * The image goes where the service file says, else into the folder of results. A registry gets it
 * from there, and only once the verdict is in.
 */
static int
choose_output(const struct service *service, const char *folder, struct arena *arena,
	      struct pipeline *pipeline, struct err *err)
{
	bool registry = service->output.n && sink_is_registry(service->output);
	struct span output = service->output.n && !registry
				     ? service->output
				     : arena_printf(arena, "oci:%s/image:hardened", folder);
	struct span named = service->output;
	struct reference reference;

	if (!output.p)
		return err_memory(err);
	pipeline->output = output.p;
	if (!registry)
		return 0;
	if (span_starts_with(named, SPAN("docker://")))
		named = span_slice(named, sizeof("docker://") - 1, named.n);
	int r = reference_parse(named, arena, &reference, err);
	if (r < 0)
		return err_wrap(err, "output");
	if (reference.has_digest)
		return err_set(err, ERR_USAGE, "an output takes a tag, not a digest");
	pipeline->publish = reference.text.p;
	return 0;
}

/* Before anything runs: a password that is wrong should not cost a run. */
static int
load_key(const struct run_options *options, const struct service *service, struct key **ret,
	 struct err *err)
{
	const char *reference = options->key		 ? options->key
				: service->signing_key.n ? service->signing_key.p
							 : NULL;

	return reference ? keys_signing(reference, options->password_fd, ret, err) : 0;
}

static int
harden(const struct run_options *options, bool *ret_passed, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(service_cleanup) struct service *service = NULL;
	CLEANUP(policy_cleanup) struct policy *policy = NULL;
	CLEANUP(key_cleanup) struct key *key = NULL;
	CLEANUP(pipeline_free)
	struct pipeline pipeline = {
		.image_options = common_image_options(),
		.database = common.database,
		.folder = options->folder,
		.accept_profile = options->accept_profile,
		.learn = options->learn,
		.progress = common_progress(),
	};

	if (!arena)
		return err_memory(err);
	int r = inputs_service(options->file, options->image, &service, err);
	if (r == 0)
		r = inputs_policy(options->policy, service, &policy, err);
	if (r == 0)
		r = choose_output(service, options->folder, arena, &pipeline, err);
	if (r == 0)
		r = load_key(options, service, &key, err);
	if (r == 0 && options->profile)
		r = inputs_profile(&(struct option_list){{options->profile}, 1}, &pipeline.profile,
				   err);
	if (r < 0)
		return r;
	service->limits = service->limits && !options->no_limits;
	pipeline.service = service;
	pipeline.policy = policy;
	pipeline.key = key;
	r = pipeline_run(&pipeline, STEP_EVIDENCE, err);
	if (r == 0)
		r = show_results(&pipeline, err);
	if (r == 0 && pipeline.failed.kind) {
		*err = pipeline.failed;
		r = -(int)err->kind;
	}
	if (r == 0)
		*ret_passed = pipeline.verdict->passed;
	return r;
}

static int
run(int argc, char **argv)
{
	struct option_list rest;
	struct err err = ERR_INIT;
	struct run_options options = {.folder = "mohs-out"};
	bool passed = false;
	const struct option_spec specs[] = {
		{"file", 'f', OPTION_TEXT, &options.file},
		{"output", 'o', OPTION_TEXT, &options.folder},
		{"policy", 0, OPTION_TEXT, &options.policy},
		{"profile", 0, OPTION_TEXT, &options.profile},
		{"key", 0, OPTION_TEXT, &options.key},
		{"password-fd", 0, OPTION_TEXT, &options.password_fd},
		{"accept-profile", 0, OPTION_FLAG, &options.accept_profile},
		{"no-limits", 0, OPTION_FLAG, &options.no_limits},
		{"learn", 0, OPTION_FLAG, &options.learn},
		COMMON_SPECS,
	};
	enum options_result parsed = options_parse(argc, argv, specs, 0, 1, &rest);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	options.image = rest.count ? rest.items[0] : NULL;
	common_catch_signals();
	if (harden(&options, &passed, &err) < 0)
		return terminal_error(argv[0], &err);
	return passed ? 0 : 1;
}

const struct verb verb_run = {"run", "harden an image and go through the whole checklist", run};
