/* SPDX-License-Identifier: Apache-2.0 */
/* mohs test: run the test suite on an image. */
#include "base/cleanup.h"
#include "cmd/common.h"
#include "cmd/inputs.h"
#include "cmd/results.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "pipeline/pipeline.h"

struct test_options {
	const char *file;
	const char *image;
	const char *original;
	const char *folder;
};

static int
test(const struct test_options *options, bool *ret_passed, struct err *err)
{
	CLEANUP(service_cleanup) struct service *service = NULL;
	CLEANUP(pipeline_free)
	struct pipeline pipeline = {
		.image_options = common_image_options(),
		.folder = options->folder,
		.progress = common_progress(),
	};
	int r = inputs_service(options->file, options->image, &service, err);

	if (r < 0)
		return r;
	if (service->test_count == 0 && options->file)
		return err_set(err, ERR_USAGE, "%s declares no tests", options->file);
	if (service->test_count == 0)
		return err_set(err, ERR_USAGE,
			       "no tests are declared: name a service file with -f");
	pipeline.service = service;
	r = pipeline_test(&pipeline, span_from(options->original), err);
	terminal_clear();
	if (r == 0)
		r = results_suite(pipeline.suite, common.json, err);
	if (r == 0)
		*ret_passed = pipeline.suite->started && pipeline.suite->failed == 0 &&
			      pipeline.suite->passed > 0;
	return r;
}

static int
run(int argc, char **argv)
{
	struct option_list rest;
	struct err err = ERR_INIT;
	struct test_options options = {0};
	bool passed = false;
	const struct option_spec specs[] = {
		{"file", 'f', OPTION_TEXT, &options.file},
		{"original", 0, OPTION_TEXT, &options.original},
		{"output", 'o', OPTION_TEXT, &options.folder},
		COMMON_SPECS,
	};
	enum options_result parsed = options_parse(argc, argv, specs, 0, 1, &rest);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	options.image = rest.count ? rest.items[0] : NULL;
	common_catch_signals();
	if (test(&options, &passed, &err) < 0)
		return terminal_error(argv[0], &err);
	return passed ? 0 : 1;
}

const struct verb verb_test = {"test", "run the test suite on an image", run};
