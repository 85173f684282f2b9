/* SPDX-License-Identifier: Apache-2.0 */
/* mohs profile: run an image under load and record what it uses. */
#include "base/cleanup.h"
#include "base/fd.h"
#include "cmd/common.h"
#include "cmd/inputs.h"
#include "cmd/results.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "codec/profile_json.h"
#include "pipeline/pipeline.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static int
write_out(const struct profile *profile, const char *output, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span text;

	if (!arena)
		return err_memory(err);
	int r = profile_json_write(profile, arena, &text, err);
	if (r < 0)
		return r;
	if (!span_equal(span_from(output), SPAN("-")))
		return file_replace(output, text, 0644, err);
	(void)fwrite(text.p, 1, text.n, stdout);
	return fflush(stdout) == 0 ? 0 : err_set(err, ERR_IO, "cannot write to standard output");
}

/* Before minutes of load, rather than after them. */
static int
check_output(const char *output, struct err *err)
{
	struct span path = span_from(output);
	size_t slash = span_find_last(path, '/');
	char folder[PATH_MAX];

	if (span_equal(path, SPAN("-")))
		return 0;
	(void)snprintf(folder, sizeof(folder), "%.*s", slash == path.n ? 1 : (int)slash + 1,
		       slash == path.n ? "." : output);
	return access(folder, W_OK | X_OK) == 0
		       ? 0
		       : err_sys(err, ERR_IO, errno, "the profile cannot be written to %s", folder);
}

static int
take_profile(const char *file, const char *image, const char *output, struct profile **ret,
	     struct err *err)
{
	CLEANUP(service_cleanup) struct service *service = NULL;
	CLEANUP(pipeline_free)
	struct pipeline pipeline = {
		.image_options = common_image_options(),
		.progress = common_progress(),
	};
	int r = inputs_service(file, image, &service, err);

	if (r == 0)
		r = check_output(output, err);
	if (r < 0)
		return r;
	pipeline.service = service;
	r = pipeline_run(&pipeline, STEP_PROFILE, err);
	if (r == 0)
		*ret = TAKE(pipeline.profile);
	return r;
}

static int
run(int argc, char **argv)
{
	CLEANUP(profile_cleanup) struct profile *profile = NULL;
	struct option_list rest;
	struct err err = ERR_INIT;
	const char *file = NULL;
	const char *output = "profile.json";
	bool unite = false;
	const struct option_spec specs[] = {
		{"file", 'f', OPTION_TEXT, &file},
		{"output", 'o', OPTION_TEXT, &output},
		{"unite", 0, OPTION_FLAG, &unite},
		COMMON_SPECS,
	};
	enum options_result parsed = options_parse(argc, argv, specs, 0, OPTION_LIST_MAX, &rest);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	common_catch_signals();
	int r = unite && rest.count == 0
			? err_set(&err, ERR_USAGE, "--unite needs profiles to unite")
		: !unite && rest.count > 1
			? err_set(&err, ERR_USAGE, "one image at a time (or --unite with profiles)")
		: unite ? inputs_profile(&rest, &profile, &err)
			: take_profile(file, rest.count ? rest.items[0] : NULL, output, &profile,
				       &err);
	if (r == 0)
		r = write_out(profile, output, &err);
	terminal_clear();
	if (r != 0)
		return terminal_error(argv[0], &err);
	results_profile(profile, output);
	return profile->complete ? 0 : 1;
}

const struct verb verb_profile = {"profile", "run an image under load and record what it uses",
				  run};
