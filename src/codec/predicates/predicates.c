/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "codec/predicates/parts.h"

const struct predicate predicates[] = {
	{"hardening", PREDICATE_HARDENING, predicate_hardening},
	{"vuln", PREDICATE_VULN, predicate_vuln},
	{"vulns", PREDICATE_VULNS, predicate_vulns},
	{"test-result", PREDICATE_TEST_RESULT, predicate_test_result},
	{"provenance", PREDICATE_PROVENANCE, predicate_provenance},
	{"openvex", PREDICATE_OPENVEX, predicate_openvex},
	{NULL, NULL, NULL},
};

const struct predicate *
predicate_find(struct span name)
{
	for (const struct predicate *predicate = predicates; predicate->name; predicate++) {
		if (span_equal(name, span_from(predicate->name)) ||
		    span_equal(name, span_from(predicate->type)))
			return predicate;
	}
	return NULL;
}

int
predicate_make(const struct predicate *predicate, const struct predicate_context *context,
	       json_t **ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(json_cleanup) json_t *gaps = json_array();
	struct predicate_writer writer = {
		.writer = {.evidence = context->evidence, .gaps = gaps},
		.context = context,
		.evidence = context->evidence,
		.arena = arena,
	};
	int r = arena && gaps ? write_check(context->evidence, err) : err_memory(err);

	if (r < 0)
		return r;
	json_t *json = predicate->write(&writer);
	if (writer.writer.failed) {
		json_decref(json);
		return err_memory(err);
	}
	*ret = json;
	return 0;
}
