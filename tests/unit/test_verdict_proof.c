/* SPDX-License-Identifier: Apache-2.0 */
/* Shells, what is proven of an image, and what the policy waives. */
#include "test.h"
#include "verdict_scene.h"

static void
a_shell(struct verdict_scene *s)
{
	s->shell[0] = (struct shell){0, SHELL_SHELL, SHELL_BY_CONTENT, SPAN("dash")};
	s->shell[1] = (struct shell){1, SHELL_INTERPRETER, SHELL_BY_NAME, SPAN("perl")};
	s->shells.count = 2;
	s->shells.shell_count = 1;
}

static void
a_shell_behind_init(struct verdict_scene *s)
{
	static struct span words[] = {SPAN_INIT("/sbin/tini"), SPAN_INIT("/start.sh")};
	static struct image image = {.config = {.entrypoint = {words, 2}}};

	a_shell(s);
	s->service.entrypoint = ENTRYPOINT_AUTO;
	s->input.hardened = &image;
}

static void
an_interpreter(struct verdict_scene *s)
{
	s->shell[0] = (struct shell){1, SHELL_INTERPRETER, SHELL_BY_NAME, SPAN("perl")};
	s->shells.count = 1;
}

static void
unreadable_executable(struct verdict_scene *s)
{
	s->gap = (struct gap){SPAN("/usr/bin/odd"), SPAN("cannot be read")};
	s->shells.gaps = (struct gap_list){&s->gap, 1};
}

static void
not_searched(struct verdict_scene *s)
{
	s->input.shells = NULL;
}

static void
sbom_required(struct verdict_scene *s)
{
	s->policy->required[CHECK_SBOM] = true;
	s->policy->required[CHECK_SIGNATURE] = true;
}

/* All of it: signed, the hardening and both bills attested. */
static void
proven(struct verdict_scene *s)
{
	static const char *const types[] = {PROOF_HARDENING, PROOF_SPDX "/v2.3", PROOF_CYCLONEDX};

	sbom_required(s);
	s->key = SPAN("hint");
	s->proof = (struct proof){.reference = SPAN("registry/shop:1"),
				  .documents = s->documents,
				  .count = 4,
				  .keys = {&s->key, 1},
				  .is_signed = true,
				  .signers = 1,
				  .attested = NOW - DAY};
	s->documents[0] = (struct proof_document){.kind = PROOF_SIGNATURE, .passed = true};
	for (size_t i = 0; i < 3; i++)
		s->documents[i + 1] =
			(struct proof_document){.kind = PROOF_ATTESTATION,
						.passed = true,
						.place = SPAN("tag .att, layer 1"),
						.predicate_type = span_from(types[i])};
	s->input.proof = &s->proof;
}

static void
proof_not_signed(struct verdict_scene *s)
{
	proven(s);
	s->proof.is_signed = false;
	s->proof.why_not = SPAN("0 of 1 keys signed it, and 1 must");
}

static void
proof_not_attested(struct verdict_scene *s)
{
	proven(s);
	s->documents[1].passed = false;
	s->documents[1].text = SPAN("it is of another image");
}

static void
proof_old(struct verdict_scene *s)
{
	proven(s);
	s->policy->signature_age_max_ms = (DAY - 1) * 1000ULL;
}

static void
proof_from_the_future(struct verdict_scene *s)
{
	proof_old(s);
	s->proof.attested = NOW + 1;
}

static void
proof_young_enough(struct verdict_scene *s)
{
	proof_old(s);
	s->policy->signature_age_max_ms += 1000;
}

static void
proof_without_keys(struct verdict_scene *s)
{
	proven(s);
	s->proof.keys.count = 0;
	s->input.unproven = SPAN("no key: name one");
}

static void
proof_stored_only(struct verdict_scene *s)
{
	proof_without_keys(s);
	s->proof.count = 3;
	s->stored = SPAN(PROOF_ARTIFACT_CYCLONEDX);
	s->proof.stored = (struct span_list){&s->stored, 1};
}

static void
proof_lacks_a_format(struct verdict_scene *s)
{
	proven(s);
	s->proof.count = 3;
	s->gap = (struct gap){SPAN("referrer sha256:1"), SPAN("the bytes do not match")};
	s->proof.gaps = (struct gap_list){&s->gap, 1};
}

static void
shell_optional(struct verdict_scene *s)
{
	a_shell(s);
	s->policy->required[CHECK_SHELL] = false;
}

static void
add_waiver(struct verdict_scene *s, enum check check, struct span service, int64_t expires)
{
	s->waivers[s->policy->waiver_count++] =
		(struct waiver){check, service, SPAN("r"), SPAN("ann"), expires};
}

static void
waived(struct verdict_scene *s)
{
	a_shell(s);
	add_waiver(s, CHECK_SHELL, SPAN("legacy-*"), NOW - DAY);
	add_waiver(s, CHECK_SHELL, SPAN("legacy-*"), NOW + 1);
}

static void
waiver_expired(struct verdict_scene *s)
{
	a_shell(s);
	add_waiver(s, CHECK_SHELL, SPAN("*"), NOW);
}

static void
waiver_for_others(struct verdict_scene *s)
{
	a_shell(s);
	add_waiver(s, CHECK_SHELL, SPAN("shop"), NOW + DAY);
	add_waiver(s, CHECK_TESTS, SPAN("*"), NOW + DAY);
}

static void
waived_not_done(struct verdict_scene *s)
{
	sbom_required(s);
	add_waiver(s, CHECK_SBOM, SPAN("legacy-shop"), NOW + DAY);
}

static const struct verdict_turn turns[] = {
	{"no shell", NULL, CHECK_SHELL, CHECK_PASS, "0 shells, 0 interpreters", ""},
	{"interpreter", an_interpreter, CHECK_SHELL, CHECK_PASS, "0 shells, 1 interpreter", ""},
	{"shell", a_shell, CHECK_SHELL, CHECK_FAIL, "1 shell, 1 interpreter", "dash"},
	{"shell, kept start", a_shell, CHECK_SHELL, CHECK_FAIL, "1 shell",
	 "entrypoint: auto replaces"},
	{"shell, init", a_shell_behind_init, CHECK_SHELL, CHECK_FAIL, "1 shell",
	 "begins with /sbin/tini"},
	{"unreadable", unreadable_executable, CHECK_SHELL, CHECK_FAIL, NULL, "/usr/bin/odd"},
	{"not searched", not_searched, CHECK_SHELL, CHECK_NOT_DONE, NULL, "not searched"},

	{"signature optional", NULL, CHECK_SIGNATURE, CHECK_OPTIONAL, "not done", "sign"},
	{"signature", sbom_required, CHECK_SIGNATURE, CHECK_NOT_DONE, "not done", "sign"},
	{"sbom", sbom_required, CHECK_SBOM, CHECK_NOT_DONE, "not done", "not stored"},
	{"signed", proven, CHECK_SIGNATURE, CHECK_PASS,
	 "signed by 1 of 1 key; 3 attestations; read back from registry/shop:1", ""},
	{"not signed", proof_not_signed, CHECK_SIGNATURE, CHECK_FAIL, NULL, "0 of 1 keys"},
	{"not attested", proof_not_attested, CHECK_SIGNATURE, CHECK_FAIL, "2 attestations",
	 "the hardening is not attested by the keys given; tag .att, layer 1: it is of another"},
	{"old", proof_old, CHECK_SIGNATURE, CHECK_FAIL, NULL, "attested more than"},
	{"to come", proof_from_the_future, CHECK_SIGNATURE, CHECK_FAIL, NULL, "attested more than"},
	{"young", proof_young_enough, CHECK_SIGNATURE, CHECK_PASS, NULL, ""},
	{"no key", proof_without_keys, CHECK_SIGNATURE, CHECK_NOT_DONE, "not done", "no key"},
	{"sboms", proven, CHECK_SBOM, CHECK_PASS, "spdx attested; cyclonedx attested; read back",
	 ""},
	{"sbom stored", proof_stored_only, CHECK_SBOM, CHECK_PASS,
	 "spdx attested; cyclonedx stored, not signed", ""},
	{"sbom lacking", proof_lacks_a_format, CHECK_SBOM, CHECK_FAIL, "spdx attested",
	 "no cyclonedx document beside the image that can be trusted; referrer sha256:1: the "
	 "bytes"},
	{"shell optional", shell_optional, CHECK_SHELL, CHECK_OPTIONAL, "1 shell", "dash"},
	{"waived", waived, CHECK_SHELL, CHECK_WAIVED, "1 shell", "dash"},
	{"waiver expired", waiver_expired, CHECK_SHELL, CHECK_FAIL, NULL,
	 "the waiver by ann expired on 1972-09-26"},
	{"waiver for others", waiver_for_others, CHECK_SHELL, CHECK_FAIL, NULL, NULL},
	{"waived, not done", waived_not_done, CHECK_SBOM, CHECK_WAIVED, "not done", NULL},
};

static void
every_state(void **state)
{
	(void)state;
	verdict_turns(turns, sizeof(turns) / sizeof(turns[0]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_state)};

	return cmocka_run_group_tests_name("verdict_proof", tests, NULL, NULL);
}
