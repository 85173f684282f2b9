/* SPDX-License-Identifier: Apache-2.0 */
/* mohs copy: an image with all that refers to it, byte for byte. */
#include "port/copy.h"
#include "base/cleanup.h"
#include "cmd/common.h"
#include "cmd/printable.h"
#include "cmd/show.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"

#include <stdio.h>

static int
print_result(const struct depot *to, const struct copy_result *result, struct err *err)
{
	char digest[DIGEST_TEXT];
	char bytes[32];

	(void)digest_format(&result->digest, digest);
	if (common.json)
		return common_print_json(json_pack("{s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I}",
						   "image", json_span(to->reference), "digest",
						   digest, "manifests",
						   (json_int_t)result->manifests, "referrers",
						   (json_int_t)result->referrers, "blobs_moved",
						   (json_int_t)result->blobs, "blobs_mounted",
						   (json_int_t)result->mounted, "blobs_there",
						   (json_int_t)result->there, "bytes_moved",
						   (json_int_t)result->bytes),
					 err);
	printable_line(stdout, "wrote %.*s", SPAN_ARG(to->reference));
	(void)printf("      %s\n", digest);
	(void)printf("      %u manifests, %u referrers; blobs: %u moved (%s), %u mounted, "
		     "%u there already\n",
		     result->manifests, result->referrers, result->blobs,
		     show_bytes(result->bytes, bytes), result->mounted, result->there);
	return 0;
}

static int
copy(const char *source, const char *destination, struct err *err)
{
	const struct depot_options options = {.plain_http = common.plain_http,
					      .progress = common_progress()};
	CLEANUP(depot_cleanup) struct depot *from = NULL;
	CLEANUP(depot_cleanup) struct depot *to = NULL;
	struct copy_result result;
	int r = depot_open(span_from(source), &options, &from, err);

	if (r == 0)
		r = depot_open(span_from(destination), &options, &to, err);
	if (r == 0)
		r = copy_image(from, to, &result, err);
	terminal_clear();
	return r != 0 ? r : print_result(to, &result, err);
}

static int
run(int argc, char **argv)
{
	struct option_list rest;
	struct err err = ERR_INIT;
	const struct option_spec specs[] = {
		{"plain-http", 0, OPTION_FLAG, &common.plain_http},
		{"verbose", 'v', OPTION_FLAG, &common.verbose},
		{"json", 0, OPTION_FLAG, &common.json},
		{0},
	};
	enum options_result parsed = options_parse(argc, argv, specs, 2, 2, &rest);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	common_catch_signals();
	return copy(rest.items[0], rest.items[1], &err) < 0 ? terminal_error(argv[0], &err) : 0;
}

const struct verb verb_copy = {"copy", "copy an image with all that refers to it", run};
