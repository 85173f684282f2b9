/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/policy_yaml.h"

#include "base/cleanup.h"
#include "codec/glob.h"
#include "codec/yaml_value.h"

/* What libcyaml fills. Names are the keys of the file. */
struct raw_check {
	bool required;
	bool complete;
	char *max_database_age;
	char *min_duration;
	char *max_age;
	char *max_risk;
	char *minimum;
	uint32_t tests;
	enum count_kind count;
	struct yaml_strings formats;
};

struct raw_waiver {
	enum check check;
	char *service;
	char *reason;
	char *approved_by;
	char *expires;
};

struct raw_policy {
	struct {
		struct raw_check baseline;
		struct raw_check profile;
		struct raw_check reduction;
		struct raw_check tests;
		struct raw_check shell;
		struct raw_check signature;
		struct raw_check sbom;
	} checks;
	struct raw_waiver *waivers;
	uint32_t waivers_count;
};

enum { OPTIONAL = CYAML_FLAG_OPTIONAL, LIST = CYAML_FLAG_OPTIONAL | CYAML_FLAG_POINTER };

#define REQUIRED_FIELD CYAML_FIELD_BOOL("required", OPTIONAL, struct raw_check, required)
#define TEXT_FIELD(key, member)                                                                    \
	CYAML_FIELD_STRING_PTR(key, OPTIONAL, struct raw_check, member, 1, CYAML_UNLIMITED)

static const cyaml_strval_t counts[] = {
	{"findings", COUNT_FINDINGS},
	{"distinct", COUNT_DISTINCT},
};

static const cyaml_strval_t check_words[] = {
	{"baseline", CHECK_BASELINE}, {"profile", CHECK_PROFILE}, {"reduction", CHECK_REDUCTION},
	{"tests", CHECK_TESTS},	      {"shell", CHECK_SHELL},	  {"signature", CHECK_SIGNATURE},
	{"sbom", CHECK_SBOM},
};

static const cyaml_schema_field_t plain_fields[] = {
	REQUIRED_FIELD,
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t baseline_fields[] = {
	REQUIRED_FIELD,
	TEXT_FIELD("max_database_age", max_database_age),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t profile_fields[] = {
	REQUIRED_FIELD,
	CYAML_FIELD_BOOL("complete", OPTIONAL, struct raw_check, complete),
	TEXT_FIELD("min_duration", min_duration),
	TEXT_FIELD("max_age", max_age),
	TEXT_FIELD("max_risk", max_risk),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t reduction_fields[] = {
	REQUIRED_FIELD,
	TEXT_FIELD("minimum", minimum),
	CYAML_FIELD_ENUM("count", OPTIONAL | CYAML_FLAG_STRICT, struct raw_check, count, counts,
			 CYAML_ARRAY_LEN(counts)),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t tests_fields[] = {
	REQUIRED_FIELD,
	CYAML_FIELD_UINT("minimum", OPTIONAL, struct raw_check, tests),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t signature_fields[] = {
	REQUIRED_FIELD,
	TEXT_FIELD("max_age", max_age),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t sbom_fields[] = {
	REQUIRED_FIELD,
	CYAML_FIELD_SEQUENCE("formats", LIST, struct raw_check, formats.items, &yaml_word_schema, 1,
			     CYAML_UNLIMITED),
	CYAML_FIELD_END,
};

#define CHECK_FIELD(key, fields)                                                                   \
	CYAML_FIELD_MAPPING(#key, OPTIONAL, __typeof__(((struct raw_policy *)NULL)->checks), key,  \
			    fields)

static const cyaml_schema_field_t checks_fields[] = {
	CHECK_FIELD(baseline, baseline_fields),	  CHECK_FIELD(profile, profile_fields),
	CHECK_FIELD(reduction, reduction_fields), CHECK_FIELD(tests, tests_fields),
	CHECK_FIELD(shell, plain_fields),	  CHECK_FIELD(signature, signature_fields),
	CHECK_FIELD(sbom, sbom_fields),		  CYAML_FIELD_END,
};

static const cyaml_schema_field_t waiver_fields[] = {
	CYAML_FIELD_ENUM("check", CYAML_FLAG_STRICT, struct raw_waiver, check, check_words,
			 CYAML_ARRAY_LEN(check_words)),
	CYAML_FIELD_STRING_PTR("service", 0, struct raw_waiver, service, 1, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("reason", 0, struct raw_waiver, reason, 1, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("approved_by", 0, struct raw_waiver, approved_by, 1,
			       CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("expires", 0, struct raw_waiver, expires, 1, CYAML_UNLIMITED),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t waiver_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_waiver, waiver_fields),
};

static const cyaml_schema_field_t policy_fields[] = {
	CYAML_FIELD_MAPPING("checks", OPTIONAL, struct raw_policy, checks, checks_fields),
	CYAML_FIELD_SEQUENCE("waivers", LIST, struct raw_policy, waivers, &waiver_schema, 0,
			     CYAML_UNLIMITED),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t policy_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_policy, policy_fields),
};

static void
take_required(const struct raw_policy *raw, const struct yaml_node *checks, struct policy *policy)
{
	const struct raw_check *const sections[CHECKS] = {
		[CHECK_BASELINE] = &raw->checks.baseline,
		[CHECK_PROFILE] = &raw->checks.profile,
		[CHECK_REDUCTION] = &raw->checks.reduction,
		[CHECK_TESTS] = &raw->checks.tests,
		[CHECK_SHELL] = &raw->checks.shell,
		[CHECK_SIGNATURE] = &raw->checks.signature,
		[CHECK_SBOM] = &raw->checks.sbom,
	};

	for (enum check i = 0; i < CHECKS; i++) {
		if (yaml_get(yaml_get(checks, check_name(i)), "required"))
			policy->required[i] = sections[i]->required;
	}
}

static int
take_formats(const struct yaml_source *source, const struct yaml_strings *formats,
	     const struct yaml_node *at, struct policy *policy)
{
	for (uint32_t i = 0; i < formats->items_count; i++) {
		if (strcmp(formats->items[i], "spdx") != 0 &&
		    strcmp(formats->items[i], "cyclonedx") != 0)
			return yaml_fail(source->err, source->path, yaml_at(at, i),
					 "no SBOM format \"%.40s\"; allowed: spdx, cyclonedx",
					 formats->items[i]);
	}
	return yaml_list(source, formats, &policy->sbom_formats);
}

static int
take_checks(const struct yaml_source *source, const struct raw_policy *raw,
	    const struct yaml_node *checks, struct policy *policy)
{
	const struct yaml_node *baseline = yaml_get(checks, "baseline");
	const struct yaml_node *profile = yaml_get(checks, "profile");
	const struct yaml_node *reduction = yaml_get(checks, "reduction");

	if (yaml_get(profile, "complete"))
		policy->profile_complete = raw->checks.profile.complete;
	if (yaml_get(reduction, "count"))
		policy->reduction_count = raw->checks.reduction.count;
	if (yaml_get(yaml_get(checks, "tests"), "minimum"))
		policy->tests_min = raw->checks.tests.tests;
	take_required(raw, checks, policy);
	int r = yaml_duration(source, raw->checks.baseline.max_database_age,
			      yaml_get(baseline, "max_database_age"), &policy->database_age_max_ms);
	if (r == 0)
		r = yaml_duration(source, raw->checks.profile.min_duration,
				  yaml_get(profile, "min_duration"),
				  &policy->profile_duration_min_ms);
	if (r == 0)
		r = yaml_duration(source, raw->checks.profile.max_age, yaml_get(profile, "max_age"),
				  &policy->profile_age_max_ms);
	policy->profile_risk_limited = raw->checks.profile.max_risk != NULL;
	if (r == 0)
		r = yaml_percent(source, raw->checks.profile.max_risk,
				 yaml_get(profile, "max_risk"), &policy->profile_risk_max);
	if (r == 0)
		r = yaml_duration(source, raw->checks.signature.max_age,
				  yaml_get(yaml_get(checks, "signature"), "max_age"),
				  &policy->signature_age_max_ms);
	if (r == 0)
		r = yaml_percent(source, raw->checks.reduction.minimum,
				 yaml_get(reduction, "minimum"), &policy->reduction_min);
	if (r == 0)
		r = take_formats(source, &raw->checks.sbom.formats,
				 yaml_get(yaml_get(checks, "sbom"), "formats"), policy);
	return r;
}

/* Text that says something: not only blanks. */
static int
take_sentence(const struct yaml_source *source, const char *text, const struct yaml_node *at,
	      struct span *ret)
{
	if (span_trim(span_from(text)).n == 0)
		return yaml_fail(source->err, source->path, at, "%s is empty", at->key.p);
	return yaml_text(source, text, ret);
}

static int
take_waiver(const struct yaml_source *source, const struct raw_waiver *raw,
	    const struct yaml_node *node, struct waiver *waiver)
{
	const struct yaml_node *service = yaml_get(node, "service");
	struct span glob = arena_printf(source->arena, "/%s", raw->service);
	struct err why = ERR_INIT;

	if (!glob.p)
		return err_memory(source->err);
	waiver->check = raw->check;
	if (glob_check(glob, &why) < 0)
		return yaml_fail(source->err, source->path, service, "%s", why.text);
	int r = yaml_text(source, raw->service, &waiver->service);
	if (r == 0)
		r = take_sentence(source, raw->reason, yaml_get(node, "reason"), &waiver->reason);
	if (r == 0)
		r = take_sentence(source, raw->approved_by, yaml_get(node, "approved_by"),
				  &waiver->approved_by);
	if (r == 0)
		r = yaml_expiry(source, raw->expires, yaml_get(node, "expires"), &waiver->expires);
	return r;
}

static int
take_waivers(const struct yaml_source *source, const struct raw_policy *raw,
	     const struct yaml_node *list, struct policy *policy)
{
	struct waiver *waivers = arena_array(
		source->arena, raw->waivers_count ? raw->waivers_count : 1, sizeof(*waivers));

	if (!waivers)
		return err_memory(source->err);
	for (uint32_t i = 0; i < raw->waivers_count; i++) {
		int r = take_waiver(source, &raw->waivers[i], yaml_at(list, i), &waivers[i]);
		if (r < 0)
			return r;
	}
	policy->waivers = waivers;
	policy->waiver_count = raw->waivers_count;
	return 0;
}

int
policy_default(struct policy **ret, struct err *err)
{
	static const uint64_t second = 1000;
	static const uint64_t day = 86400000;
	static const struct span formats[] = {SPAN_INIT("spdx"), SPAN_INIT("cyclonedx")};
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct policy *policy = arena ? arena_alloc(arena, sizeof(*policy)) : NULL;
	struct span *items = policy ? arena_array(arena, 2, sizeof(*items)) : NULL;

	if (!items)
		return err_memory(err);
	memcpy(items, formats, sizeof(formats));
	*policy = (struct policy){
		.database_age_max_ms = 5 * day,
		.profile_complete = true,
		.profile_duration_min_ms = 30 * second,
		.profile_age_max_ms = 30 * day,
		.reduction_min = 0.70,
		.reduction_count = COUNT_FINDINGS,
		.tests_min = 1,
		.sbom_formats = {items, 2},
		.path = SPAN_INIT(""),
	};
	for (enum check i = 0; i < CHECKS; i++)
		policy->required[i] = true;
	policy->arena = TAKE(arena);
	*ret = policy;
	return 0;
}

int
policy_parse(struct span text, struct span path, struct policy **ret, struct err *err)
{
	CLEANUP(policy_cleanup) struct policy *policy = NULL;
	struct yaml_node *tree;
	void *raw;
	int r = policy_default(&policy, err);

	if (r < 0)
		return r;
	policy->path = arena_copy(policy->arena, path);
	if (!policy->path.p)
		return err_memory(err);
	digest_of(text, &policy->digest);
	r = yaml_load(text, path, &policy_schema, policy->arena, &tree, &raw, err);
	if (r < 0)
		return r;
	struct yaml_source source = yaml_source(path, policy->arena, err);
	r = take_checks(&source, raw, yaml_get(tree, "checks"), policy);
	if (r == 0)
		r = take_waivers(&source, raw, yaml_get(tree, "waivers"), policy);
	yaml_release(&policy_schema, raw);
	if (r < 0)
		return r;
	*ret = TAKE(policy);
	return 0;
}
