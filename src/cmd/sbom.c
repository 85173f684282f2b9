/* SPDX-License-Identifier: Apache-2.0 */
/* mohs sbom: the bill of materials of an image, or of what was removed from it. */
#include "stage/sbom.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "cmd/common.h"
#include "cmd/inputs.h"
#include "cmd/printable.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "codec/cyclonedx_json.h"
#include "codec/spdx_json.h"
#include "pipeline/recall.h"

#include <stdio.h>
#include <string.h>

struct sbom_request {
	const char *format;
	const char *output;
	const char *removed; /* evidence.json of a run */
	const char *image;
	bool files;
};

static int
write_cyclonedx(const struct sbom *sbom, struct arena *arena, struct span *ret, struct err *err)
{
	return cyclonedx_write(sbom, CYCLONEDX_1_6, arena, ret, err);
}

static int
write_cyclonedx_1_5(const struct sbom *sbom, struct arena *arena, struct span *ret, struct err *err)
{
	return cyclonedx_write(sbom, CYCLONEDX_1_5, arena, ret, err);
}

static const struct format {
	const char *name;
	int (*write)(const struct sbom *sbom, struct arena *arena, struct span *ret,
		     struct err *err);
} formats[] = {
	{"spdx", spdx_write},
	{"cyclonedx", write_cyclonedx},
	{"cyclonedx-1.5", write_cyclonedx_1_5},
};

static const struct format *
find_format(const char *name, struct err *err)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	}
	(void)err_set(err, ERR_USAGE,
		      "no format \"%.40s\"; there are spdx, cyclonedx, cyclonedx-1.5", name);
	return NULL;
}

static int
put_out(struct span text, const char *output, struct err *err)
{
	if (output && strcmp(output, "-") != 0)
		return file_replace(output, text, 0644, err);
	if (fwrite(text.p, 1, text.n, stdout) != text.n || fflush(stdout) != 0)
		return err_set(err, ERR_IO, "cannot write to standard output");
	return 0;
}

static int
write_document(const struct pipeline *pipeline, const struct sbom_request *request,
	       const struct format *format, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(sbom_cleanup) struct sbom *sbom = NULL;
	struct sbom_options options = {
		.files = request->files,
		.plan = request->removed ? pipeline->plan : NULL,
		.progress = common_progress(),
	};
	struct span text;

	if (!arena)
		return err_memory(err);
	int r = sbom_make(pipeline->before.image, pipeline->before.contents,
			  pipeline->before.inventory, &options, &sbom, err);
	if (r == 0)
		r = format->write(sbom, arena, &text, err);
	terminal_clear();
	if (r == 0)
		r = put_out(text, request->output, err);
	for (size_t i = 0; r == 0 && i < sbom->gaps.count; i++)
		printable_line(stderr, "mohs sbom: gap: %.*s: %.*s",
			       SPAN_ARG(sbom->gaps.items[i].subject),
			       SPAN_ARG(sbom->gaps.items[i].text));
	return r;
}

static int
make(const struct sbom_request *request, struct err *err)
{
	CLEANUP(service_cleanup) struct service *service = NULL;
	CLEANUP(pipeline_free)
	struct pipeline pipeline = {
		.image_options = common_image_options(),
		.database = common.database,
		.progress = common_progress(),
	};
	const struct format *format = find_format(request->format, err);
	int r;

	if (!format)
		return -(int)err->kind;
	if (!request->image == !request->removed)
		return err_set(err, ERR_USAGE,
			       "name an image, or the evidence of a run with "
			       "--removed");
	if (request->removed) {
		r = recall_run(request->removed, &pipeline, &service, err);
	} else {
		r = inputs_service(NULL, request->image, &service, err);
		pipeline.service = service;
		if (r == 0)
			r = pipeline_run(&pipeline, STEP_INVENTORY, err);
	}
	return r < 0 ? r : write_document(&pipeline, request, format, err);
}

static int
run(int argc, char **argv)
{
	struct option_list rest;
	struct err err = ERR_INIT;
	struct sbom_request request = {.format = "spdx"};
	const struct option_spec specs[] = {
		{"format", 0, OPTION_TEXT, &request.format},
		{"files", 0, OPTION_FLAG, &request.files},
		{"output", 'o', OPTION_TEXT, &request.output},
		{"removed", 0, OPTION_TEXT, &request.removed},
		COMMON_SPECS,
	};
	enum options_result parsed = options_parse(argc, argv, specs, 0, 1, &rest);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	request.image = rest.count ? rest.items[0] : NULL;
	common_catch_signals();
	return make(&request, &err) < 0 ? terminal_error(argv[0], &err) : 0;
}

const struct verb verb_sbom = {"sbom", "the bill of materials of an image", run};
