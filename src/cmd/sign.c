/* SPDX-License-Identifier: Apache-2.0 */
/* mohs sign: a signature of an image, stored beside it. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "cmd/common.h"
#include "cmd/keys.h"
#include "cmd/signing.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"

static int
sign(struct signing_request *request, struct err *err)
{
	CLEANUP(key_cleanup) struct key *key = NULL;
	CLEANUP(signing_cleanup) struct signing *signing = NULL;
	int r = signing_start(request, &key, &signing, err);

	if (r == 0)
		r = signing_sign(signing, err);
	if (r == 0)
		r = signing_store(signing, err);
	terminal_clear();
	return r < 0 ? r : signing_report(signing, "signature", err);
}

static int
run(int argc, char **argv)
{
	struct option_list rest;
	struct err err = ERR_INIT;
	struct signing_request request = {.annotations = {.count = 0}};
	const struct option_spec specs[] = {
		{"annotation", 'a', OPTION_LIST, &request.annotations},
		SIGNING_SPECS(request),
		SIGNING_COMMON_SPECS,
		{0},
	};
	enum options_result parsed = options_parse(argc, argv, specs, 1, 1, &rest);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	request.image = rest.items[0];
	common_catch_signals();
	return sign(&request, &err) < 0 ? terminal_error(argv[0], &err) : 0;
}

const struct verb verb_sign = {"sign", "sign an image and store the signature beside it", run};
