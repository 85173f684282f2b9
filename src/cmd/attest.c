/* SPDX-License-Identifier: Apache-2.0 */
/* mohs attest: a signed statement about an image, stored beside it. */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "cmd/inputs.h"
#include "cmd/signing.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "codec/predicates.h"
#include "pipeline/bills.h"

#include <string.h>

struct attest_request {
	struct signing_request signing;
	const char *type;
	const char *predicate; /* file; NULL: made here */
};

/* ---- what can be made of an image alone ---- */

static int
make_bill(const struct subject *subject, const char *type, json_t **ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	const struct bill_kind *kind = bill_find(span_from(type));
	struct bill bills[BILLS];
	int r = arena ? bills_make(subject, arena, bills, err) : err_memory(err);

	return r < 0 ? r : json_parse(bills[kind - bill_kinds].text, ret, err);
}

static int
make_scan(const struct subject *subject, const char *type, json_t **ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct evidence evidence = {.after = subject_evidence(subject)};
	const struct predicate_context context = {.evidence = &evidence,
						  .repository = SPAN_INIT("")};

	if (!arena)
		return err_memory(err);
	int r = pipeline_stamp(&evidence, arena, err);
	return r < 0 ? r : predicate_make(predicate_find(span_from(type)), &context, ret, err);
}

static const struct maker {
	const char *name;
	const char *type;
	enum pipeline_step needs;
	int (*make)(const struct subject *subject, const char *type, json_t **ret, struct err *err);
} makers[] = {
	{"spdx", PROOF_SPDX, STEP_INVENTORY, make_bill},
	{"cyclonedx", PROOF_CYCLONEDX, STEP_INVENTORY, make_bill},
	{"vuln", PREDICATE_VULN, STEP_FINDINGS, make_scan},
	{"vulns", PREDICATE_VULNS, STEP_FINDINGS, make_scan},
};

static const struct maker *
find_maker(const char *type)
{
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		if (strcmp(makers[i].name, type) == 0 || strcmp(makers[i].type, type) == 0)
			return &makers[i];
	}
	return NULL;
}

/* A name of ours, or any URI. */
static int
find_type(const char *type, struct span *ret, struct err *err)
{
	const struct maker *maker = find_maker(type);
	const struct predicate *predicate = predicate_find(span_from(type));

	if (maker)
		*ret = span_from(maker->type);
	else if (predicate)
		*ret = span_from(predicate->type);
	else if (strstr(type, "://"))
		*ret = span_from(type);
	else
		return err_set(err, ERR_USAGE,
			       "no type \"%.40s\"; there are hardening, openvex, provenance, "
			       "test-result, vuln, vulns, spdx, cyclonedx, and any URI",
			       type);
	return 0;
}

static int
load_predicate(const char *path, json_t **ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span text;
	int r = arena ? file_load(path, JSON_DOCUMENT_MAX, arena, &text, err) : err_memory(err);

	if (r == 0)
		r = json_parse(text, ret, err);
	return r < 0 ? err_wrap(err, "%s", path) : 0;
}

static int
make_predicate(const struct attest_request *request, const struct signing *signing, json_t **ret,
	       struct err *err)
{
	CLEANUP(service_cleanup) struct service *service = NULL;
	CLEANUP(pipeline_free)
	struct pipeline pipeline = {
		.image_options = common_image_options(),
		.database = common.database,
		.progress = common_progress(),
	};
	const struct maker *maker = find_maker(request->type);

	if (!maker)
		return err_set(
			err, ERR_USAGE,
			"%s cannot be made of an image alone: --predicate names a file (mohs "
			"run writes predicates/ in its folder)",
			request->type);
	int r = inputs_service(NULL, request->signing.image, &service, err);
	pipeline.service = service;
	if (r == 0)
		r = pipeline_run(&pipeline, maker->needs, err);
	if (r == 0 && !digest_equal(&pipeline.before.image->manifest_digest,
				    &signing_subject(signing)->digest))
		r = err_set(err, ERR_USAGE,
			    "%s names images of several platforms: name one by its digest",
			    request->signing.image);
	return r < 0 ? r : maker->make(&pipeline.before, maker->type, ret, err);
}

static int
attest(struct attest_request *request, struct err *err)
{
	CLEANUP(key_cleanup) struct key *key = NULL;
	CLEANUP(signing_cleanup) struct signing *signing = NULL;
	CLEANUP(json_cleanup) json_t *predicate = NULL;
	struct span type;
	int r = request->type ? find_type(request->type, &type, err)
			      : err_set(err, ERR_USAGE,
					"--type says what is attested: spdx, cyclonedx, vuln, "
					"vulns, or a URI");

	if (r == 0 && request->predicate)
		r = load_predicate(request->predicate, &predicate, err);
	if (r == 0)
		r = signing_start(&request->signing, &key, &signing, err);
	if (r == 0 && !request->predicate)
		r = make_predicate(request, signing, &predicate, err);
	if (r == 0)
		r = signing_attest(signing, type, predicate, err);
	if (r == 0)
		r = signing_store(signing, err);
	terminal_clear();
	return r < 0 ? r : signing_report(signing, "attestation", err);
}

static int
run(int argc, char **argv)
{
	struct option_list rest;
	struct err err = ERR_INIT;
	struct attest_request request = {.type = NULL};
	const struct option_spec specs[] = {
		{"type", 0, OPTION_TEXT, &request.type},
		{"predicate", 0, OPTION_TEXT, &request.predicate},
		SIGNING_SPECS(request.signing),
		COMMON_SPECS,
	};
	enum options_result parsed = options_parse(argc, argv, specs, 1, 1, &rest);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	request.signing.image = rest.items[0];
	common_catch_signals();
	return attest(&request, &err) < 0 ? terminal_error(argv[0], &err) : 0;
}

const struct verb verb_attest = {"attest", "attest something of an image and store it beside it",
				 run};
