/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/signing.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "cmd/keys.h"
#include "cmd/printable.h"

#include <string.h>

static const struct {
	const char *name;
	unsigned formats;
} formats[] = {
	{"both", SIGNATURES_LEGACY | SIGNATURES_BUNDLE},
	{"legacy", SIGNATURES_LEGACY},
	{"bundle", SIGNATURES_BUNDLE},
};

static int
find_formats(const char *name, unsigned *ret, struct err *err)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, name ? name : "both") == 0) {
			*ret = formats[i].formats;
			return 0;
		}
	}
	return err_set(err, ERR_USAGE, "no format \"%.40s\"; there are both, legacy, bundle", name);
}

int
signing_start(struct signing_request *request, struct key **ret_key, struct signing **ret,
	      struct err *err)
{
	CLEANUP(key_cleanup) struct key *key = NULL;
	struct signing_options options = {
		.reference = span_from(request->image),
		.identity = span_from(request->identity ? request->identity : ""),
		.annotations = request->parsed,
		.annotation_count = request->annotations.count,
		.created = clock_now(),
		.depot = {.plain_http = common.plain_http, .progress = common_progress()},
	};
	int r = find_formats(request->format, &options.formats, err);

	if (r == 0)
		r = keys_annotations(&request->annotations, request->parsed, err);
	if (r == 0)
		r = keys_signing(request->key, request->password_fd, &key, err);
	if (r < 0)
		return r;
	options.key = key;
	r = signing_open(&options, ret, err);
	if (r == 0)
		*ret_key = TAKE(key);
	return r;
}

int
signing_report(const struct signing *signing, const char *what, struct err *err)
{
	char digest[DIGEST_TEXT];
	struct span reference = signing_depot(signing)->reference;

	(void)digest_format(&signing_subject(signing)->digest, digest);
	if (common.json)
		return common_print_json(json_pack("{s:o, s:s, s:s, s:o, s:I}", "image",
						   json_span(reference), "digest", digest, "stored",
						   what, "identity",
						   json_span(signing_identity(signing)),
						   "documents", (json_int_t)signing_count(signing)),
					 err);
	printable_line(stdout, "stored %s of %.*s", what, SPAN_ARG(reference));
	(void)printf("       %s\n", digest);
	return 0;
}
