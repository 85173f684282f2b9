/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles as documents, and their unions. */
#include "group_arena.h"
#include "test.h"

#include "codec/profile_json.h"
#include "stage/profile.h"

#include <stdio.h>
#include <stdlib.h>

enum { PHASES = 4, PATHS = 12 };

/* Names in order, a part of six by the bits of `which`. */
static struct span_list
names_by(unsigned which)
{
	static const char *const all[] = {"accept4", "bind", "clone3", "openat", "read", "write"};
	struct span_list list = {arena_array(arena, 6, sizeof(struct span)), 0};

	for (unsigned i = 0; i < 6; i++) {
		if (which >> i & 1)
			list.items[list.count++] = span_from(all[i]);
	}
	return list;
}

static void
demand(struct demands *demands, unsigned seed)
{
	struct span changed = arena_printf(arena, "/run/%u", seed % 4);

	if (seed % 7 == 0)
		return;
	demands->recorder = seed % 2 ? SPAN("bpf") : SPAN("notify");
	demands->calls = names_by(seed);
	demands->runtime_calls = names_by(seed * 3);
	demands->refused_calls = names_by(seed * 5);
	demands->capabilities_known = seed % 2;
	if (demands->capabilities_known)
		demands->capabilities = names_by(seed * 7);
	demands->ports_known = true;
	demands->ports = arena_array(arena, 3, sizeof(*demands->ports));
	demands->ports[0] = (struct demands_port){80, false, seed % 3 == 0};
	demands->ports[1] = (struct demands_port){(uint16_t)(1000 + seed % 4), false, false};
	demands->ports[2] = (struct demands_port){53, true, false};
	demands->port_count = 3;
	demands->changed.items = arena_alloc(arena, sizeof(changed));
	demands->changed.items[0] = changed;
	demands->changed.count = 1;
	demands->user_known = true;
	demands->uid = 33;
	demands->gid = 44;
}

/* A small profile made from a seed; the same seed gives the same one. */
static const char *const phase_names[PHASES] = {"startup", "browse", "api", "shutdown"};
static const enum profile_phase_kind phase_kinds[PHASES] = {PHASE_STARTUP, PHASE_LOAD, PHASE_TEST,
							    PHASE_SHUTDOWN};

static void
make_phases(struct profile *profile, unsigned seed)
{
	profile->phases = arena_array(arena, PHASES, sizeof(*profile->phases));
	for (unsigned i = 0; i < PHASES; i++) {
		if ((seed >> i & 1) == 0 && i > 0)
			continue;
		profile->phases[profile->phase_count++] = (struct profile_phase){
			.kind = phase_kinds[i],
			.name = span_from(phase_names[i]),
			.repetition = phase_kinds[i] == PHASE_LOAD ? 1 + seed % 2 : 1,
			.command = arena_printf(arena, "run %u", seed % 5),
			.duration_ms = seed + i,
			.status = (int)(seed + i) % 3,
			.passed = (seed + i) % 4 != 0,
		};
	}
}

/* In order: of two folders, of the top, and one that is no text. */
static struct span
missing_path(unsigned i)
{
	if (i == PATHS - 1)
		return SPAN("/n\xff/\xfe");
	return arena_printf(arena, i < PATHS / 2 ? "/m/%02u" : i % 2 ? "/m/s/%02u" : "/m%02u", i);
}

static void
make_paths(struct profile *profile, unsigned seed)
{
	uint32_t last = (uint32_t)profile->phase_count - 1;

	profile->paths = arena_array(arena, PATHS, sizeof(*profile->paths));
	profile->missing = arena_array(arena, PATHS, sizeof(*profile->missing));
	profile->processes = arena_array(arena, PATHS, sizeof(*profile->processes));
	profile->curve = arena_array(arena, PATHS, sizeof(*profile->curve));
	for (unsigned i = 0; i < PATHS; i++) {
		uint32_t *phases = arena_array(arena, 2, sizeof(*phases));

		if (seed * (i + 7) % 5 < 2)
			continue;
		phases[0] = i % (last + 1);
		phases[1] = last;
		profile->paths[profile->path_count++] = (struct profile_path){
			.path = i == PATHS - 1 ? SPAN("/z\xff\xfe")
					       : arena_printf(arena, "/p/%02u", i),
			.use = (uint8_t)(1 + (seed + i) % 31),
			.first_phase = phases[0],
			.first_ms = (seed * 31 + i * 17) % 50,
			.program = arena_printf(arena, "prog%u", (seed + i) % 3),
			.phases = phases,
			.phase_count = phases[0] == last ? 1 : 2,
		};
		profile->missing[profile->missing_count++] = (struct profile_missing){
			.path = missing_path(i),
			.program = arena_printf(arena, "prog%u", seed % 3),
			.phase = last,
			.removed = (seed + i) % 2 != 0,
		};
		profile->processes[profile->process_count++] = (struct profile_process){
			.program = arena_printf(arena, "/bin/%u", i % 4),
			.command = arena_printf(arena, "%u", i),
			.phase = phases[0],
			.uid = i % 2 ? PROFILE_UID_UNKNOWN : seed,
		};
	}
}

static void
make_extended(struct profile *profile, unsigned seed)
{
	profile->extended = arena_array(arena, PATHS, sizeof(*profile->extended));
	for (unsigned i = 0; i < PATHS; i++) {
		if (seed * (i + 3) % 4 == 0)
			continue;
		profile->extended[profile->extended_count++] = (struct profile_extended){
			.path = i == PATHS - 1 ? SPAN("/x\xff") : arena_printf(arena, "/e/%02u", i),
			.program = arena_printf(arena, "prog%u", (seed + i) % 3),
			.kind = phase_kinds[(seed + i) % PHASES],
			.phase = span_from(phase_names[(seed + i) % PHASES]),
			.round = 1 + (seed + i) % 4,
			.use = (uint8_t)((seed * 5 + i) % 32),
		};
	}
}

static struct profile *
make(unsigned seed)
{
	struct profile *profile = arena_alloc(arena, sizeof(*profile));

	profile->reference = arena_printf(arena, "image-%u", seed);
	profile->architecture = SPAN("amd64");
	profile->recorder = SPAN("lens");
	profile->tool = SPAN("mohs");
	profile->started = 1000 + seed;
	profile->duration_ms = seed * 10;
	profile->runs = 1;
	profile->complete = seed % 3 != 0;
	profile->narrow = seed % 2 != 0;
	make_phases(profile, seed);
	make_paths(profile, seed);
	make_extended(profile, seed);
	profile_sort_missing(profile);
	struct gap gap = {arena_printf(arena, "s%u", seed % 2), SPAN("a gap")};
	profile->gaps.items = arena_alloc(arena, sizeof(gap));
	profile->gaps.items[0] = gap;
	profile->gaps.count = 1;
	struct span written = arena_printf(arena, "/w/%u", seed % 3);
	profile->written.items = arena_alloc(arena, sizeof(written));
	profile->written.items[0] = written;
	profile->written.count = 1;
	demand(&profile->demands, seed);
	return profile;
}

static struct span
text_of(const struct profile *profile)
{
	struct span text;

	assert_good(profile_json_write(profile, arena, &text, err));
	return text;
}

static void
copies_share_nothing(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed < 20; seed++) {
		struct profile *copy = NULL;
		struct profile *profile = NULL;

		assert_good(profile_json_read(text_of(make(seed)), &profile, err));
		assert_good(profile_copy(profile, &copy, err));
		profile_free(profile);
		assert_true(span_equal(text_of(copy), text_of(make(seed))));
		profile_free(copy);
	}
}

static void
documents_without_extensions_are_read(void **state)
{
	struct profile *made = make(13);
	struct profile *profile = NULL;

	(void)state;
	made->extended_count = 0;
	const char *text = text_of(made).p;
	const char *at = strstr(text, "  \"extended\": [],\n");
	assert_non_null(at);
	struct span old = arena_printf(arena, "%.*s%s", (int)(at - text), text,
				       at + strlen("  \"extended\": [],\n"));
	assert_good(profile_json_read(old, &profile, err));
	assert_int_equal(profile->extended_count, 0);
	profile_free(profile);
}

static void
documents_round_trip(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed < 20; seed++) {
		struct profile *back = NULL;
		struct span text = text_of(make(seed));

		assert_good(profile_json_read(text, &back, err));
		assert_true(span_equal(text_of(back), text));
		assert_int_equal(back->phase_count, make(seed)->phase_count);
		for (size_t i = 0; i < back->path_count; i++)
			assert_true(span_equal(back->paths[i].path, make(seed)->paths[i].path));
		assert_int_equal(back->missing_count, make(seed)->missing_count);
		for (size_t i = 0; i < back->missing_count; i++)
			assert_true(span_equal(back->missing[i].path, make(seed)->missing[i].path));
		profile_free(back);
	}
}

/* One change each to a good document. */
static void
malformed_documents_are_refused(void **state)
{
	static const struct {
		const char *from;
		const char *to;
		enum err_kind kind;
	} cases[] = {
		{"schema/profile/v1", "schema/profile/v2", ERR_UNSUPPORTED},
		{"\"runs\": 1", "\"runs\": -1", ERR_INVALID},
		{"\"runs\": 1", "\"runs\": \"1\"", ERR_INVALID},
		{"\"lookup\"", "\"glance\"", ERR_INVALID},
		{"\"kind\": \"startup\"", "\"kind\": \"lunch\"", ERR_INVALID},
		{"\"first_phase\": 0", "\"first_phase\": 9", ERR_INVALID},
		{"\"path\": \"/p/", "\"path\": \"p/", ERR_INVALID},
		{"\"path\": \"/p/", "\"path\": \"/zz/", ERR_INVALID},
		{"\"hex\": \"2f7a", "\"hex\": \"2g7a", ERR_INVALID},
		{"\"hex\": \"2f7a", "\"hex\": \"2f007a", ERR_INVALID},
		{"\"hex\": \"2f7a", "\"hex\": \"2f7", ERR_INVALID},
		{"\"image\": \"sha256:", "\"image\": \"sha256:x", ERR_INVALID},
		{"\"path\": \"/e/", "\"path\": \"/zz/", ERR_INVALID},
		{"\"round\": ", "\"round\": -", ERR_INVALID},
		{"\"round\": ", "\"round\": 999999", ERR_INVALID},
		{"\"started\": \"", "\"started\": \"x", ERR_INVALID},
		{"\"started\": \"1970", "\"started\": \"0631", ERR_INVALID},
		{"\"in\": \"/m", "\"in\": \"m", ERR_INVALID},
		{"\"in\": \"/m", "\"in\": 5, \"at\": \"", ERR_INVALID},
		{"\"names\": [", "\"names\": [\"\",", ERR_INVALID},
		{"\"names\": [", "\"names\": [\"a/b\",", ERR_INVALID},
		{"\"names\": [", "\"names\": [{\"hex\": \"2f\"},", ERR_INVALID},
		{"\"names\": [", "\"names\": 5, \"n\": [", ERR_INVALID},
		{"\"bind\"", "\"write\"", ERR_INVALID},
		{"\"bind\"", "\"b;nd\"", ERR_INVALID},
		{"\"port\": 80", "\"port\": 70000", ERR_INVALID},
		{"\"port\": 80", "\"port\": 0", ERR_INVALID},
		{"\"protocol\": \"udp\"", "\"protocol\": \"ip\"", ERR_INVALID},
		{"\"/run/", "\"run/", ERR_INVALID},
		{"\"uid\": 33", "\"uid\": -1", ERR_INVALID},
	};
	const char *good = text_of(make(13)).p;
	struct profile *profile = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *at = strstr(good, cases[i].from);

		if (!at)
			fail_msg("the document has no %s", cases[i].from);
		struct span bad = arena_printf(arena, "%.*s%s%s", (int)(at - good), good,
					       cases[i].to, at + strlen(cases[i].from));
		struct err problem = ERR_INIT;
		int r = profile_json_read(bad, &profile, &problem);
		if (r != -(int)cases[i].kind)
			fail_msg("%s: %d %s", cases[i].to, r, problem.text);
	}
	assert_fails(ERR_INVALID, profile_json_read(SPAN("[]"), &profile, err));
	assert_null(profile);
}

static struct profile *
unite(const struct profile *a, const struct profile *b)
{
	const struct profile *both[] = {a, b};
	struct profile *united = NULL;

	assert_good(profile_unite(both, 2, &united, err));
	return united;
}

static void
assert_same(struct profile *a, struct profile *b)
{
	struct span text_a = text_of(a);
	struct span text_b = text_of(b);

	if (!span_equal(text_a, text_b))
		fail_msg("not the same:\n%s\n%s", text_a.p, text_b.p);
	profile_free(a);
	profile_free(b);
}

static void
unions_do_not_depend_on_order(void **state)
{
	(void)state;
	for (unsigned i = 1; i < 12; i++) {
		struct profile *a = make(i);
		struct profile *b = make(i * 3 + 1);
		struct profile *c = make(i * 7 + 2);
		const struct profile *all[] = {c, a, b};
		struct profile *left = unite(a, b);
		struct profile *right = unite(b, c);
		struct profile *together = NULL;

		assert_same(unite(a, b), unite(b, a));
		assert_same(unite(left, c), unite(a, right));
		assert_good(profile_unite(all, 3, &together, err));
		assert_int_equal(together->runs, 3);
		assert_same(together, unite(left, c));
		profile_free(left);
		profile_free(right);
	}
}

static void
unions_hold_everything(void **state)
{
	struct profile *a = make(5);
	struct profile *b = make(11);
	struct profile *united = unite(a, b);
	const struct profile *parts[] = {a, b};

	(void)state;
	for (size_t p = 0; p < 2; p++) {
		for (size_t i = 0; i < parts[p]->path_count; i++) {
			const struct profile_path *path = &parts[p]->paths[i];
			size_t k = 0;

			while (k < united->path_count &&
			       !span_equal(united->paths[k].path, path->path))
				k++;
			assert_true(k < united->path_count);
			assert_int_equal(united->paths[k].use & path->use, path->use);
			assert_true(united->paths[k].first_ms <= path->first_ms);
		}
	}
	assert_int_equal(united->duration_ms, a->duration_ms + b->duration_ms);
	assert_int_equal(united->curve[united->curve_count - 1].paths, united->path_count);
	profile_free(united);

	b->image.bytes[0] = 1;
	parts[0] = a;
	parts[1] = b;
	assert_fails(ERR_MISMATCH, profile_unite(parts, 2, &united, err));
	assert_fails(ERR_USAGE, profile_unite(parts, 0, &united, err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_share_nothing),
		cmocka_unit_test(documents_without_extensions_are_read),
		cmocka_unit_test(documents_round_trip),
		cmocka_unit_test(malformed_documents_are_refused),
		cmocka_unit_test(unions_do_not_depend_on_order),
		cmocka_unit_test(unions_hold_everything),
	};

	return cmocka_run_group_tests_name("profile", tests, group_arena, group_arena_free);
}
