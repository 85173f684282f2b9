/* SPDX-License-Identifier: Apache-2.0 */
/* mohs verify: what is signed of an image, and whether it is what a policy asks for. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "cmd/common.h"
#include "cmd/inputs.h"
#include "cmd/keys.h"
#include "cmd/printable.h"
#include "cmd/report.h"
#include "cmd/show.h"
#include "cmd/table.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "codec/evidence_json.h"
#include "codec/predicates.h"
#include "pipeline/bills.h"
#include "pipeline/verifying.h"

#include <stdio.h>
#include <string.h>

struct verify_request {
	const char *image;
	struct option_list keys;
	const char *password_fd;
	const char *need; /* "any", "all", a number */
	const char *policy;
	const char *max_age;
	struct option_list types;
	struct option_list annotations;
};

struct verified {
	struct proof *proof;
	struct policy *policy;	 /* NULL: none was asked for */
	struct verdict *verdict; /* likewise */
	bool passed;
};

static void
verified_free(struct verified *verified)
{
	verdict_free(verified->verdict);
	policy_free(verified->policy);
	proof_free(verified->proof);
}

static int
find_need(const char *word, enum verify_need *ret, size_t *ret_threshold, struct err *err)
{
	uint64_t number = 0;

	if (!word || strcmp(word, "any") == 0) {
		*ret = VERIFY_ANY;
	} else if (strcmp(word, "all") == 0) {
		*ret = VERIFY_ALL;
	} else if (span_to_u64(span_from(word), &number) && number > 0) {
		*ret = VERIFY_THRESHOLD;
		*ret_threshold = (size_t)number;
	} else {
		return err_set(err, ERR_USAGE, "--need takes any, all, or how many of the keys");
	}
	return 0;
}

/* A name of a predicate of ours, or its type. */
static struct span
type_of(const char *word)
{
	const struct predicate *predicate = predicate_find(span_from(word));
	const struct bill_kind *bill = bill_find(span_from(word));

	return span_from(predicate ? predicate->type : bill ? bill->predicate_type : word);
}

static bool
has_types(const struct verify_request *request, const struct proof *proof)
{
	for (size_t i = 0; i < request->types.count; i++) {
		if (!proof_find(proof, type_of(request->types.items[i])))
			return false;
	}
	return true;
}

static int
load_policy(const struct verify_request *request, struct policy **ret, struct err *err)
{
	static const struct service nobody = {.policy = SPAN_INIT("")};
	uint64_t age = 0;
	int r = request->max_age ? duration_parse(span_from(request->max_age), &age, err) : 0;

	if (r == 0 && request->policy)
		r = inputs_policy(request->policy, &nobody, ret, err);
	if (r == 0 && *ret && request->max_age)
		(*ret)->signature_age_max_ms = age;
	if (r == 0 && !request->policy && request->max_age)
		r = err_set(err, ERR_USAGE, "--max-age goes with --policy");
	return r;
}

static int
verify(const struct verify_request *request, struct verified *verified, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(keys_free) struct keys keys = {0};
	struct signing_annotation annotations[OPTION_LIST_MAX];
	struct verifying_options options = {
		.reference = span_from(request->image),
		.annotations = annotations,
		.annotation_count = request->annotations.count,
		.depot = {.plain_http = common.plain_http, .progress = common_progress()},
	};
	const struct hardening_claims *claims = NULL;
	struct signature_list list;
	int r = arena ? find_need(request->need, &options.need, &options.threshold, err)
		      : err_memory(err);

	if (r == 0)
		r = keys_annotations(&request->annotations, annotations, err);
	if (r == 0)
		r = load_policy(request, &verified->policy, err);
	if (r == 0)
		r = keys_verifying(&request->keys, request->password_fd, &keys, err);
	options.keys = (struct verify_keys){(const struct key *const *)keys.items, keys.count};
	if (r == 0)
		r = verifying_read(&options, arena, &list, &verified->proof, &claims, err);
	if (r == 0 && verified->policy)
		r = verifying_judge(verified->proof, claims, verified->policy, clock_now(),
				    &verified->verdict, err);
	if (r != 0)
		return r;
	verified->passed = verified->proof->is_signed && has_types(request, verified->proof) &&
			   (!verified->verdict || verified->verdict->passed);
	return 0;
}

/* ---- for people ---- */

static const struct table_column columns[] = {
	{"document", FIT_CUT, false},
	{"result", FIT_RIGID, false},
	{"where", FIT_WRAP, false},
};

/* "hardening" where it is one of ours, else the type itself. */
static struct span
name_of(const struct proof_document *document)
{
	const struct bill_kind *bill = bill_find(document->predicate_type);

	if (document->kind == PROOF_SIGNATURE)
		return SPAN("signature");
	if (bill)
		return span_from(bill->format);
	for (const struct predicate *one = predicates; one->name; one++) {
		if (proof_is_type(document->predicate_type, span_from(one->type)))
			return span_from(one->name);
	}
	return document->predicate_type.n ? document->predicate_type : SPAN("?");
}

static bool
add_document(struct table *table, const struct proof_document *document)
{
	static const struct table_cell nothing = {SPAN_INIT(""), STYLE_PLAIN};

	return table_row(table,
			 (struct table_cell[]){{name_of(document), STYLE_PLAIN},
					       {document->passed ? SPAN("good") : SPAN("bad"),
						document->passed ? STYLE_GOOD : STYLE_BAD},
					       {document->place, STYLE_PLAIN}}) &&
	       (document->text.n == 0 ||
		table_row(table,
			  (struct table_cell[]){nothing, nothing, {document->text, STYLE_DIM}}));
}

static int
print_documents(const struct proof *proof, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct table *table = arena ? table_new(arena, columns, 3) : NULL;

	if (!table)
		return err_memory(err);
	for (size_t i = 0; i < proof->count; i++) {
		if (!add_document(table, &proof->documents[i]))
			return err_memory(err);
	}
	if (proof->count > 0)
		table_print(table, stdout, 0);
	return 0;
}

static void
print_missing(const struct verify_request *request, const struct proof *proof)
{
	for (size_t i = 0; i < request->types.count; i++) {
		if (!proof_find(proof, type_of(request->types.items[i])))
			printable_line(stdout, "no attestation of type %s holds",
				       request->types.items[i]);
	}
}

static int
print_text(const struct verify_request *request, const struct verified *verified, struct err *err)
{
	const struct proof *proof = verified->proof;
	char digest[DIGEST_TEXT];

	printable_line(stdout, "%.*s", SPAN_ARG(proof->reference));
	(void)printf("%s\n\n", digest_format(&proof->digest, digest));
	int r = print_documents(proof, err);
	if (r < 0)
		return r;
	show_gaps(&proof->gaps, "what is beside the image");
	bool attested = proof_find(proof, SPAN(PROOF_HARDENING)) != NULL;
	if (verified->verdict) {
		(void)putchar('\n');
		if (attested)
			r = report_checklist(verified->verdict, stdout, 0, err);
		else
			(void)printf("not judged by the policy: no good attestation of the "
				     "hardening is beside the image (mohs run --key makes one)\n");
	}
	if (proof->count + proof->gaps.count > 0 || verified->verdict)
		(void)putchar('\n');
	if (proof->is_signed)
		(void)printf("signed by %zu of %zu key%s\n", proof->signers, proof->keys.count,
			     proof->keys.count == 1 ? "" : "s");
	else
		printable_line(stdout, "not signed: %.*s", SPAN_ARG(proof->why_not));
	print_missing(request, proof);
	return r;
}

static int
print_json(const struct verified *verified, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	json_t *json = NULL;
	int r = arena ? evidence_proof_json(verified->proof, verified->verdict, verified->policy,
					    &json, err)
		      : err_memory(err);

	if (r < 0)
		return r;
	json_put(&json, "passed", json_boolean(verified->passed));
	return common_print_json(json, err);
}

static int
run(int argc, char **argv)
{
	CLEANUP(verified_free) struct verified verified = {0};
	struct option_list rest;
	struct err err = ERR_INIT;
	struct verify_request request = {.need = NULL};
	const struct option_spec specs[] = {
		{"key", 0, OPTION_LIST, &request.keys},
		{"password-fd", 0, OPTION_TEXT, &request.password_fd},
		{"need", 0, OPTION_TEXT, &request.need},
		{"policy", 0, OPTION_TEXT, &request.policy},
		{"max-age", 0, OPTION_TEXT, &request.max_age},
		{"type", 0, OPTION_LIST, &request.types},
		{"annotation", 'a', OPTION_LIST, &request.annotations},
		{"plain-http", 0, OPTION_FLAG, &common.plain_http},
		{"verbose", 'v', OPTION_FLAG, &common.verbose},
		{"json", 0, OPTION_FLAG, &common.json},
		{0},
	};
	enum options_result parsed = options_parse(argc, argv, specs, 1, 1, &rest);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	request.image = rest.items[0];
	common_catch_signals();
	int r = verify(&request, &verified, &err);
	terminal_clear();
	if (r == 0)
		r = common.json ? print_json(&verified, &err)
				: print_text(&request, &verified, &err);
	if (r < 0)
		return terminal_error(argv[0], &err);
	return verified.passed ? 0 : 1;
}

const struct verb verb_verify = {"verify", "verify what is signed and attested of an image", run};
