/* SPDX-License-Identifier: Apache-2.0 */
/* mohs why: why a path, a package or a CVE is still there, or why it went. */
#include "stage/why.h"

#include "base/cleanup.h"
#include "cmd/common.h"
#include "cmd/inputs.h"
#include "cmd/printable.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "pipeline/recall.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { NO_SUCH_THING = 1 };

static void
print_chain(const struct why *why)
{
	printable_line(stdout, "%.*s", SPAN_ARG(why->thing));
	for (size_t i = 0; i < why->count; i++) {
		const struct why_step *step = &why->steps[i];

		printable_line(stdout, "%*s%.*s: %.*s", (int)(step->depth + 1) * 2, "",
			       SPAN_ARG(step->subject), SPAN_ARG(step->text));
	}
}

static json_t *
chain_json(const struct why *why)
{
	json_t *steps = json_array();

	for (size_t i = 0; i < why->count; i++)
		(void)json_array_append_new(
			steps, json_pack("{s:i, s:o, s:o}", "depth", (int)why->steps[i].depth,
					 "subject", json_span(why->steps[i].subject), "text",
					 json_span(why->steps[i].text)));
	return json_pack("{s:o, s:b, s:o}", "thing", json_span(why->thing), "stays", why->stays,
			 "chain", steps);
}

/* NO_SUCH_THING: nothing of that name is in the image. */
static int
ask(const struct pipeline *pipeline, const char *thing, struct why **ret, struct err *err)
{
	const struct why_input input = {
		.image = pipeline->before.image,
		.inventory = pipeline->before.inventory,
		.plan = pipeline->plan,
		.findings = pipeline->before.findings,
		.profile = pipeline->profile,
		.risks = pipeline->risks,
	};
	int r = why_explain(&input, span_from(thing), ret, err);

	return r == -ERR_NOT_FOUND ? NO_SUCH_THING : r;
}

static bool
is_vulnerability(const char *thing)
{
	return strchr(thing, '/') == NULL && strchr(thing, '-') != NULL &&
	       strspn(thing, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strcspn(thing, "-");
}

/* From the results of a run: the chain of reasons. */
static int
explain_run(struct pipeline *pipeline, const char *evidence, const char *thing, struct why **ret,
	    struct err *err)
{
	CLEANUP(service_cleanup) struct service *service = NULL;
	int r = recall_run(evidence, pipeline, &service, err);

	if (r == 0 && is_vulnerability(thing))
		r = pipeline_run(pipeline, STEP_FINDINGS, err);
	if (r == 0 && thing[0] == '/')
		r = pipeline_run(pipeline, STEP_CONFIDENCE, err);
	if (r == 0)
		r = ask(pipeline, thing, ret, err);
	pipeline_free(pipeline); /* before the service it borrows */
	return r;
}

/* From an image alone: what it is and who owns it. */
static int
explain_image(struct pipeline *pipeline, const char *image, const char *thing, struct why **ret,
	      struct err *err)
{
	CLEANUP(service_cleanup) struct service *service = NULL;
	int r = inputs_service(NULL, image, &service, err);

	if (r < 0)
		return r;
	pipeline->service = service;
	r = pipeline_run(pipeline, is_vulnerability(thing) ? STEP_FINDINGS : STEP_INVENTORY, err);
	if (r == 0)
		r = ask(pipeline, thing, ret, err);
	pipeline_free(pipeline);
	return r;
}

static int
explain(const char *source, const char *thing, struct why **ret, struct err *err)
{
	struct pipeline pipeline = {
		.image_options = common_image_options(),
		.database = common.database,
		.progress = common_progress(),
	};
	struct stat st;

	if (stat(source, &st) == 0 && S_ISREG(st.st_mode))
		return explain_run(&pipeline, source, thing, ret, err);
	return explain_image(&pipeline, source, thing, ret, err);
}

static int
run(int argc, char **argv)
{
	CLEANUP(why_cleanup) struct why *why = NULL;
	struct option_list rest;
	struct err err = ERR_INIT;
	const struct option_spec specs[] = {COMMON_SPECS};
	enum options_result parsed = options_parse(argc, argv, specs, 2, 2, &rest);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	common_catch_signals();
	int r = explain(rest.items[0], rest.items[1], &why, &err);
	terminal_clear();
	if (r == NO_SUCH_THING) {
		(void)terminal_error(argv[0], &err);
		return 1;
	}
	if (r == 0 && common.json)
		r = common_print_json(chain_json(why), &err);
	else if (r == 0)
		print_chain(why);
	return r < 0 ? terminal_error(argv[0], &err) : 0;
}

const struct verb verb_why = {"why", "why a path, a package or a CVE is still there", run};
