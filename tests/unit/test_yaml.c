/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "codec/policy_yaml.h"
#include "codec/service_yaml.h"

#include <stdio.h>
#include <stdlib.h>

static const char full[] =
	"service: shop-frontend\n"
	"team: web\n"
	"image: oci:build/image\n"
	"output: registry.example.com/shop/frontend:1.4.2-hardened\n"
	"env: {MODE: fast, N: 3}\n"
	"mounts: [{source: data, target: /data, writable: true}]\n"
	"services:\n"
	"  - {name: db, image: registry.example.com/postgres:16, env: {PASSWORD: x}}\n"
	"ready: {http: \"http://127.0.0.1:8080/healthz\", timeout: 90s}\n"
	"loads:\n"
	"  - {name: browse, run: [wrk, -t1, \"http://127.0.0.1:8080/\"], repeat: 2, timeout: 1m}\n"
	"tests:\n"
	"  - {name: api, run: [pytest, -q, \"--junitxml=${MOHS_JUNIT}\"]}\n"
	"harden: {granularity: package, keep: [\"/usr/share/zoneinfo/**\"], entrypoint: auto,\n "
	"commands: auto,\n"
	"         compression: zstd, extend: always, max_rounds: 9, learn: true}\n"
	"policy: policy.yaml\n"
	"sign: {key: /keys/cosign.key}\n";

static void
service_is_read_whole(void **state)
{
	CLEANUP(service_cleanup) struct service *service = NULL;

	(void)state;
	assert_good(service_parse(span_from(full), SPAN("/srv/shop/mohs.yaml"), &service, err));
	assert_span(service->name, "shop-frontend");
	assert_span(service->team, "web");
	assert_span(service->image, "oci:/srv/shop/build/image");
	assert_span(service->output, "registry.example.com/shop/frontend:1.4.2-hardened");
	assert_int_equal(service->environment.count, 2);
	assert_span(service->environment.items[1], "N=3");
	assert_int_equal(service->mount_count, 1);
	assert_span(service->mounts[0].source, "/srv/shop/data");
	assert_true(service->mounts[0].writable);
	assert_int_equal(service->sidecar_count, 1);
	assert_span(service->sidecars[0].environment.items[0], "PASSWORD=x");
	assert_int_equal(service->sidecars[0].ready_timeout_ms, 60000);
	assert_true(service->ready.set);
	assert_int_equal(service->ready.timeout_ms, 90000);
	assert_int_equal(service->load_count, 1);
	assert_int_equal(service->loads[0].run.count, 3);
	assert_span(service->loads[0].run.items[1], "-t1");
	assert_int_equal(service->loads[0].repeat, 2);
	assert_int_equal(service->loads[0].timeout_ms, 60000);
	assert_int_equal(service->tests[0].repeat, 1);
	assert_int_equal(service->tests[0].timeout_ms, 0);
	assert_int_equal(service->granularity, GRANULARITY_PACKAGE);
	assert_int_equal(service->entrypoint, ENTRYPOINT_AUTO);
	assert_int_equal(service->commands, SERVICE_COMMANDS_AUTO);
	assert_int_equal(service->compression, LAYER_ZSTD);
	assert_int_equal(service->extend, EXTEND_ALWAYS);
	assert_int_equal(service->max_rounds, 9);
	assert_true(service->learn);
	assert_span(service->keep.items[0], "/usr/share/zoneinfo/**");
	assert_span(service->policy, "/srv/shop/policy.yaml");
	assert_span(service->signing_key, "/keys/cosign.key");
	assert_int_equal(service->stop_grace_ms, 10000);
}

static void
service_defaults(void **state)
{
	CLEANUP(service_cleanup) struct service *service = NULL;

	(void)state;
	assert_good(service_parse(SPAN("service: a\nimage: dir:rootfs\n"), SPAN("mohs.yaml"),
				  &service, err));
	assert_span(service->image, "dir:rootfs");
	assert_false(service->ready.set);
	assert_int_equal(service->ready.timeout_ms, 60000);
	assert_int_equal(service->compression, LAYER_GZIP);
	assert_int_equal(service->extend, EXTEND_ON_FAILURE);
	assert_int_equal(service->max_rounds, 5);
	assert_false(service->learn);
	assert_int_equal(service->granularity, GRANULARITY_FILE);
	assert_int_equal(service->policy.n, 0);
	assert_int_equal(service->load_count, 0);
}

static void
keys_are_files_or_on_tokens(void **state)
{
	static const char *const keys[][2] = {
		{"keys/cosign.key", "/srv/shop/keys/cosign.key"},
		{"\"pkcs11:token=release;object=images\"", "pkcs11:token=release;object=images"},
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		CLEANUP(service_cleanup) struct service *service = NULL;
		char text[128];
		int n = snprintf(text, sizeof(text), "service: a\nimage: b\nsign: {key: %s}\n",
				 keys[i][0]);

		assert_good(service_parse((struct span){text, (size_t)n},
					  SPAN("/srv/shop/mohs.yaml"), &service, err));
		assert_span(service->signing_key, keys[i][1]);
	}
}

struct bad {
	const char *text;
	const char *says; /* part of the error */
};

/* Each is put behind "service: a\nimage: b\n", so the first line of it is line 3. */
static const struct bad bad_services[] = {
	{"loadz: []\n", "m.yaml: line 3: unknown key \"loadz\"; allowed: service, team, image"},
	{"harden:\n  keep: [/a]\n  kep: [/b]\n",
	 "line 5: unknown key \"kep\"; allowed: granularity, entrypoint, commands, compression, "
	 "unused_libraries, extend, max_rounds, learn, keep, drop"},
	{"harden: {extend: maybe}\n", "line 3: "},
	{"harden: {max_rounds: 101}\n", "line 3: max_rounds: at most 100"},
	{"harden: {max_rounds: -1}\n", "line 3: "},
	{"harden: {granularity: fil}\n",
	 "line 3: granularity cannot be \"fil\"; allowed: file, package"},
	{"loads:\n  - name: x\n    run: wrk -t1\n", "line 5: run wants a list"},
	{"loads:\n  - name: x\n", "line 4: \"run\" is missing"},
	{"loads:\n  - {name: x, run: []}\n", "line 4: run is an empty list"},
	{"loads:\n  - {name: ../x, run: [a]}\n", "line 4: not a usable name: \"../x\""},
	{"tests: [{name: x, run: [a]}, {name: x, run: [b]}]\n", "the name \"x\" is there twice"},
	{"tests: [{name: x, run: [\"\"]}]\n", "the program's name is empty"},
	{"loads:\n  - {name: x, run: [a],\n     timeout: 3 parsecs}\n",
	 "line 5: not a duration: \"3 parsecs\""},
	{"loads: [{name: x, run: [a], repeat: 0}]\n", "repeat must be at least 1"},
	{"loads: [{name: x, run: [a], repeat: -1}]\n", "repeat is not a whole number"},
	{"loads: 3\n", "line 3: loads wants a list"},
	{"ready: {http: \"http://x/\", tcp: \"x:1\"}\n",
	 "ready wants one of http, tcp, command, ended"},
	{"ready: {http: 8080}\n", "line 3: not a URL: \"8080\""},
	{"env: [A=b]\n", "line 3: env wants a map"},
	{"env:\n  A B: c\n", "line 4: not a variable's name: \"A B\""},
	{"env: {A: [b]}\n", "A wants one value"},
	{"mounts: [{source: a, target: b}]\n", "must begin with \"/\""},
	{"mounts: [{source: a, target: /b, writable: yep}]\n",
	 "writable is neither true nor false"},
	{"harden: {keep: [etc]}\n", "must begin with \"/\": \"etc\""},
	{"harden: {keep: [\"/[\"]}\n", "line 3: "},
	{"service: b\n", "line 3: \"service\" is there twice"},
	{"team: &a x\noutput: *a\n", "line 3: anchors and tags are not allowed"},
	{"team: *a\n", "line 3: aliases are not allowed"},
	{"team: !!str x\n", "anchors and tags are not allowed"},
	{"team: \"a\\0b\"\n", "a NUL byte in a value"},
	{"? [a]\n: b\n", "a key must be plain text"},
	{"---\nservice: c\n", "a second document"},
	{"team: [\n", "not valid YAML"},
	{"\tteam: x\n", "not valid YAML"},
};

static void
bad_services_name_line_and_remedy(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_services) / sizeof(bad_services[0]); i++) {
		char text[300];
		struct service *service = NULL;
		struct err err = ERR_INIT;

		(void)snprintf(text, sizeof(text), "service: a\nimage: b\n%s",
			       bad_services[i].text);
		int r = service_parse(span_from(text), SPAN("m.yaml"), &service, &err);
		assert_int_equal(r, -ERR_INVALID);
		if (!strstr(err.text, bad_services[i].says))
			fail_msg("\"%s\" does not say \"%s\"", err.text, bad_services[i].says);
	}
}

static void
documents_are_bounded(void **state)
{
	struct service *service = NULL;
	CLEANUP(free_cleanup) char *big = malloc(YAML_DOCUMENT_MAX + 2);
	char deep[400] = "service: a\nimage: b\nteam: ";

	(void)state;
	memset(big, '#', YAML_DOCUMENT_MAX + 2);
	assert_fails(ERR_LIMIT, service_parse((struct span){big, YAML_DOCUMENT_MAX + 1}, SPAN("m"),
					      &service, err));
	memset(deep + strlen(deep), '[', 100);
	assert_fails(ERR_LIMIT, service_parse(span_from(deep), SPAN("m"), &service, err));

	int n = snprintf(big, YAML_DOCUMENT_MAX, "service: a\nimage: b\nharden: {keep: [");
	for (size_t i = 0; i <= YAML_NODES_MAX; i++)
		n += snprintf(big + n, 4, "a,");
	assert_fails(ERR_LIMIT,
		     service_parse((struct span){big, (size_t)n}, SPAN("m"), &service, err));
	assert_fails(ERR_INVALID, service_parse(SPAN(""), SPAN("m"), &service, err));
	assert_null(service);
}

static void
policy_defaults(void **state)
{
	CLEANUP(policy_cleanup) struct policy *policy = NULL;

	(void)state;
	assert_good(policy_default(&policy, err));
	for (enum check i = 0; i < CHECKS; i++)
		assert_true(policy->required[i]);
	assert_true(policy->reduction_min > 0.699 && policy->reduction_min < 0.701);
	assert_int_equal(policy->profile_duration_min_ms, 30000);
	assert_int_equal(policy->database_age_max_ms, 5L * 86400 * 1000);
	assert_int_equal(policy->sbom_formats.count, 2);
	assert_int_equal(policy->path.n, 0);
}

static void
policy_is_read_whole(void **state)
{
	static const char text[] =
		"checks:\n"
		"  baseline:  {required: true, max_database_age: 2d}\n"
		"  profile:   {complete: false, min_duration: 5s, max_age: 7d, max_risk: 5%}\n"
		"  reduction: {minimum: 82.5%, count: distinct}\n"
		"  tests:     {minimum: 4}\n"
		"  signature: {required: false}\n"
		"  sbom:      {formats: [spdx]}\n"
		"waivers:\n"
		"  - {check: shell, service: \"legacy-*\", reason: old, approved_by: ann,\n"
		"     expires: 2027-01-31}\n";
	CLEANUP(policy_cleanup) struct policy *policy = NULL;
	struct digest digest;
	int64_t end = 0;

	(void)state;
	assert_good(policy_parse(span_from(text), SPAN("p.yaml"), &policy, err));
	assert_int_equal(policy->database_age_max_ms, 2L * 86400 * 1000);
	assert_false(policy->profile_complete);
	assert_int_equal(policy->profile_duration_min_ms, 5000);
	assert_true(policy->profile_risk_limited);
	assert_true(policy->profile_risk_max == 0.05);
	assert_true(policy->reduction_min > 0.8249 && policy->reduction_min < 0.8251);
	assert_int_equal(policy->reduction_count, COUNT_DISTINCT);
	assert_int_equal(policy->tests_min, 4);
	assert_true(policy->required[CHECK_BASELINE]);
	assert_true(policy->required[CHECK_SBOM]);
	assert_false(policy->required[CHECK_SIGNATURE]);
	assert_int_equal(policy->sbom_formats.count, 1);
	assert_int_equal(policy->waiver_count, 1);
	assert_int_equal(policy->waivers[0].check, CHECK_SHELL);
	assert_good(clock_parse(SPAN("2027-02-01"), &end, err));
	assert_int_equal(policy->waivers[0].expires, end); /* the 31st is the last day */
	digest_of(span_from(text), &digest);
	assert_true(digest_equal(&digest, &policy->digest));
}

static const struct bad bad_policies[] = {
	{"checks: {shel: {required: true}}\n",
	 "line 1: unknown key \"shel\"; allowed: baseline, profile, reduction, tests, shell"},
	{"checks:\n  shell: {minimum: 3}\n", "line 2: unknown key \"minimum\"; allowed: required"},
	{"checks: {reduction: {minimum: 70}}\n", "not a percentage from 0% to 100%: \"70\""},
	{"checks: {profile: {max_risk: 5}}\n", "not a percentage from 0% to 100%: \"5\""},
	{"checks: {reduction: {minimum: 170%}}\n", "not a percentage"},
	{"checks: {reduction: {minimum: -1%}}\n", "not a percentage"},
	{"checks: {reduction: {minimum: nan%}}\n", "not a percentage"},
	{"checks: {reduction: {count: all}}\n", "allowed: findings, distinct"},
	{"checks: {tests: {required: yes}}\n", "required is neither true nor false"},
	{"checks: {sbom: {formats: [spdx, swid]}}\n", "allowed: spdx, cyclonedx"},
	{"waivers:\n  - {check: shell, service: a, approved_by: b, expires: 2027-01-01}\n",
	 "line 2: \"reason\" is missing"},
	{"waivers:\n  - {check: shell, service: a, reason: r, expires: 2027-01-01}\n",
	 "line 2: \"approved_by\" is missing"},
	{"waivers:\n  - {check: shell, service: a, reason: r, approved_by: b}\n",
	 "line 2: \"expires\" is missing"},
	{"waivers:\n  - {check: shell, reason: r, approved_by: b, expires: 2027-01-01}\n",
	 "line 2: \"service\" is missing"},
	{"waivers:\n  - {check: shell, service: a, reason: \"  \", approved_by: b,\n"
	 "     expires: 2027-01-01}\n",
	 "line 2: reason is empty"},
	{"waivers:\n  - {check: shell, service: a, reason: r, approved_by: b,\n"
	 "     expires: soon}\n",
	 "line 3: not a date: \"soon\""},
	{"waivers:\n  - {check: shells, service: a, reason: r, approved_by: b,\n"
	 "     expires: 2027-01-01}\n",
	 "line 2: check cannot be \"shells\"; allowed: baseline, profile, reduction, tests"},
	{"[]\n", "line 1: this entry wants a map"},
};

static void
bad_policies_name_line_and_remedy(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_policies) / sizeof(bad_policies[0]); i++) {
		struct policy *policy = NULL;
		struct err err = ERR_INIT;

		int r = policy_parse(span_from(bad_policies[i].text), SPAN("p.yaml"), &policy,
				     &err);
		assert_int_equal(r, -ERR_INVALID);
		if (!strstr(err.text, bad_policies[i].says))
			fail_msg("\"%s\" does not say \"%s\"", err.text, bad_policies[i].says);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(service_is_read_whole),
		cmocka_unit_test(service_defaults),
		cmocka_unit_test(keys_are_files_or_on_tokens),
		cmocka_unit_test(bad_services_name_line_and_remedy),
		cmocka_unit_test(documents_are_bounded),
		cmocka_unit_test(policy_defaults),
		cmocka_unit_test(policy_is_read_whole),
		cmocka_unit_test(bad_policies_name_line_and_remedy),
	};

	return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
