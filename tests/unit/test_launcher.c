/* SPDX-License-Identifier: Apache-2.0 */
/* mohs-start: its plan, what it decides, what it does to files. */
#include "test.h"

#include "launcher/act.h"
#include "launcher/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define START                                                                                      \
	"\"version\":1,\"program\":\"/usr/bin/app\",\"argv\":[\"app\",\"run\"],"                   \
	"\"from\":{\"uid\":0,\"gid\":0}"

static char memory[LAUNCHER_REGION];
static struct region region;

static int
fresh(void **state)
{
	(void)state;
	region = (struct region){memory, sizeof(memory), 0};
	return 0;
}

static struct plan
read_plan(const char *members)
{
	static char text[65536];
	struct plan plan;

	(void)snprintf(text, sizeof(text), "{" START "%s}", members);
	if (!plan_read(text_from(text), &region, &plan))
		fail_msg("no plan: %s", text);
	return plan;
}

/* ---- the document ---- */

static void
plans_are_read(void **state)
{
	struct plan plan =
		read_plan(",\"directory\":\"/srv\",\"umask\":63,\"to\":{\"uid\":33,\"gid\":34},"
			  "\"groups\":[1,2],\"limits\":[{\"resource\":7,\"soft\":10}],"
			  "\"effects\":[{\"kind\":\"file\",\"path\":\"/etc/a\",\"mode\":420,"
			  "\"content\":[\"x\\u00e9\\n\",{\"variable\":\"PORT\"}]}]");

	(void)state;
	assert_int_equal(plan.argv_count, 2);
	assert_true(plan.becomes);
	assert_int_equal(plan.to.uid, 33);
	assert_int_equal(plan.group_count, 2);
	assert_int_equal(plan.umask, 077);
	assert_int_equal(plan.limits[0].soft, 10);
	assert_true(plan.limits[0].hard == UINT64_MAX);
	assert_int_equal(plan.effects[0].kind, EFFECT_FILE);
	assert_int_equal(plan.effects[0].uid, PLAN_UNCHANGED);
	assert_true(text_same(plan.effects[0].content.parts[0].text, text_from("x\xc3\xa9\n")));
	assert_true(plan.effects[0].content.parts[1].is_variable);
}

static void
other_documents_are_not(void **state)
{
	static const char *const documents[] = {
		"",
		"{}",
		"[]",
		"{" START,
		"{" START "} x",
		"{" START ",}",
		"{" START ",\"version\":1}",
		"{\"version\":2,\"program\":\"/"
		"a\",\"argv\":[\"a\"],\"from\":{\"uid\":0,\"gid\":0}}",
		"{\"version\":1,\"program\":\"a\",\"argv\":[\"a\"],\"from\":{\"uid\":0,\"gid\":0}}",
		"{\"version\":1,\"program\":\"/a/../b\",\"argv\":[\"a\"],\"from\":{\"uid\":0,"
		"\"gid\":0}}",
		"{\"version\":1,\"program\":\"/a\",\"argv\":[],\"from\":{\"uid\":0,\"gid\":0}}",
		"{\"version\":1,\"program\":\"/a\",\"argv\":[\"a\"]}",
		"{" START ",\"umask\":-1}",
		"{" START ",\"umask\":1.5}",
		"{" START ",\"umask\":010}",
		"{" START ",\"umask\":99999999999999999999}",
		"{" START ",\"others\":1}",
		"{" START ",\"directory\":\"\\u0000\"}",
		"{" START ",\"directory\":\"\\ud800\"}",
		"{" START ",\"directory\":\"\\x\"}",
		"{" START ",\"directory\":\"a\nb\"}",
		"{" START ",\"directory\":\"a}",
		"{" START ",\"effects\":[{\"kind\":\"shell\",\"path\":\"/a\"}]}",
		"{" START ",\"effects\":[{\"kind\":\"remove\",\"path\":\"/\"}]}",
		"{" START ",\"effects\":[{\"kind\":\"file\",\"path\":\"/a\"}]}",
		"{" START ",\"effects\":[{\"kind\":\"fifo\",\"path\":\"/a\",\"mode\":4096}]}",
		"{" START ",\"variables\":[{\"name\":\"A=B\"}]}",
		"{" START ",\"variables\":[{\"name\":\"A\",\"sha256\":\"00\"}]}",
		"{" START ",\"limits\":[{\"resource\":16}]}",
		"{" START ",\"arguments\":{\"observed\":[],\"same\":1}}",
		"{" START ",\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]}",
	};
	struct plan plan;

	(void)state;
	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		(void)fresh(NULL);
		if (plan_read(text_from(documents[i]), &region, &plan))
			fail_msg("read: %s", documents[i]);
	}
	/* what does not fit into memory is refused as well */
	region = (struct region){memory, 64, 0};
	assert_false(plan_read(text_from("{" START "}"), &region, &plan));
}

/* ---- decisions ---- */

struct trial {
	const char *arguments[8];
	const char *environment[8];
	uint32_t uid;
	const char *argv; /* joined by blanks; NULL: refused */
	const char *variables;
	const char *words; /* in the refusal */
};

static struct texts
texts_of(const char *const *items, size_t most, struct text *room)
{
	struct texts texts = {room, 0};

	while (texts.count < most && items[texts.count]) {
		room[texts.count] = text_from(items[texts.count]);
		texts.count++;
	}
	return texts;
}

static void
join(const char *const *items, char *to, size_t size)
{
	*to = '\0';
	for (; *items; items++) {
		strncat(to, *items, size - strlen(to) - 1);
		if (items[1])
			strncat(to, " ", size - strlen(to) - 1);
	}
}

static void
try_all(const struct plan *plan, const struct trial *trials, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct trial *trial = &trials[i];
		struct text room[2][8];
		struct situation situation = {
			.arguments = texts_of(trial->arguments, 8, room[0]),
			.environment = texts_of(trial->environment, 8, room[1]),
			.host = text_from("box"),
			.user = {trial->uid, 0},
		};
		struct refusal refusal = {.n = 0};
		struct decision decision;
		char text[512];
		bool good = decide(plan, &situation, &region, &decision, &refusal);

		if (good != (trial->argv != NULL))
			fail_msg("trial %zu: %s", i, good ? "not refused" : refusal.text);
		if (!good) {
			if (!strstr(refusal.text, trial->words))
				fail_msg("trial %zu says \"%s\"", i, refusal.text);
			continue;
		}
		join(decision.argv, text, sizeof(text));
		assert_string_equal(text, trial->argv);
		join(decision.environment, text, sizeof(text));
		assert_string_equal(text, trial->variables);
	}
}

static void
arguments_are_as_proven(void **state)
{
	static const struct trial trials[] = {
		{{"app"}, {NULL}, 0, "app run", "", NULL},
		{{"app", "-x", "y"}, {NULL}, 0, "app --then -x y", "", NULL},
		{{"-x"}, {NULL}, 0, "app --lead -x", "", NULL},
		{{"app", "--help"}, {NULL}, 0, NULL, NULL, "--help"},
		{{"app", "--help=me"}, {NULL}, 0, NULL, NULL, "--help=me"},
		{{"app", "--helpful"}, {NULL}, 0, "app --then --helpful", "", NULL},
		{{"-x", "stop"}, {NULL}, 0, NULL, NULL, "stop"},
		{{"sh", "-c", "id"}, {NULL}, 0, NULL, NULL, "the command sh"},
		{{NULL}, {NULL}, 0, NULL, NULL, "(none)"},
		{{""}, {NULL}, 0, NULL, NULL, "harden the image with this command"},
	};
	struct plan plan = read_plan(",\"arguments\":{\"observed\":[\"app\"],\"same\":1,"
				     "\"then\":[\"app\",\"--then\"],\"lead\":[\"app\",\"--lead\"],"
				     "\"refused\":[\"--help\",\"stop\"]}");
	struct plan exact = read_plan(",\"arguments\":{\"observed\":[\"app\"]}");
	static const struct trial exact_trials[] = {
		{{"app"}, {NULL}, 0, "app run", "", NULL},
		{{"app", "x"}, {NULL}, 0, NULL, NULL, "the command app"},
		{{"-x"}, {NULL}, 0, NULL, NULL, "the command -x"},
	};

	(void)state;
	try_all(&plan, trials, sizeof(trials) / sizeof(trials[0]));
	try_all(&exact, exact_trials, sizeof(exact_trials) / sizeof(exact_trials[0]));
}

static void
variables_are_as_proven(void **state)
{
	static const struct trial trials[] = {
		{{NULL}, {"FIXED=1", "OTHER=x", NULL}, 0, "app run", "OTHER=x FIXED=1 P=80", NULL},
		{{NULL}, {"FIXED=1", "PORT=81", NULL}, 0, "app run", "PORT=81 FIXED=1 P=81", NULL},
		{{NULL}, {"FIXED=1", "PORT=", NULL}, 0, "app run", "PORT= FIXED=1 P=80", NULL},
		{{NULL}, {"FIXED=1", "PORT=a b", NULL}, 0, NULL, NULL, "the value of PORT"},
		{{NULL}, {"FIXED=2", NULL}, 0, NULL, NULL, "FIXED"},
		{{NULL}, {NULL}, 0, NULL, NULL, "FIXED"},
		{{NULL}, {"FIXED=1", "ABSENT=", NULL}, 0, NULL, NULL, "ABSENT"},
		{{NULL},
		 {"FIXED=1", "ABSENTX=", NULL},
		 0,
		 "app run",
		 "ABSENTX= FIXED=1 P=80",
		 NULL},
		{{NULL}, {"FIXED=1", "APP_X=1", NULL}, 0, NULL, NULL, "APP_X"},
		{{NULL}, {"FIXED=1", "GONE=1", NULL}, 0, "app run", "FIXED=1 P=80", NULL},
		{{NULL}, {"FIXED=1", "SECRET=swordfish", NULL}, 0, NULL, NULL, "SECRET"},
		{{NULL}, {"FIXED=1", NULL}, 7, NULL, NULL, "as user 7"},
	};
	struct plan plan = read_plan(
		",\"variables\":[{\"name\":\"FIXED\",\"value\":\"1\"},"
		"{\"name\":\"ABSENT\"},{\"name\":\"SECRET\"},{\"name\":\"PORT\",\"free\":true,"
		"\"plain\":true,\"fallback\":\"80\",\"empty_is_unset\":true}],"
		"\"prefixes\":[\"APP_\"],\"unset\":[\"GONE\",\"FIXED\"],"
		"\"set\":[{\"name\":\"FIXED\",\"value\":\"1\"},"
		"{\"name\":\"P\",\"value\":{\"variable\":\"PORT\"}}]");

	(void)state;
	try_all(&plan, trials, sizeof(trials) / sizeof(trials[0]));
}

static void
secrets_are_known_by_digest(void **state)
{
	static const struct trial trials[] = {
		{{NULL}, {"KEY=swordfish", NULL}, 0, "app run", "KEY=swordfish", NULL},
		{{NULL}, {"KEY=swordfis", NULL}, 0, NULL, NULL, "a value that is kept secret"},
		{{NULL}, {NULL}, 0, NULL, NULL, "KEY"},
	};
	struct plan plan =
		read_plan(",\"variables\":[{\"name\":\"KEY\",\"sha256\":"
			  "\"b9f195c5cc7ef6afadbfbc42892ad47d3b24c6bc94bb510c4564a90a14e8b799\"}]");

	(void)state;
	try_all(&plan, trials, sizeof(trials) / sizeof(trials[0]));
}

static void
another_user_gets_nothing_of_root(void **state)
{
	static const struct trial trials[] = {
		{{NULL}, {"HOME=/", NULL}, 0, "app run", "HOME=/home/app", NULL},
		{{NULL}, {"HOME=/", NULL}, 1000, "app run", "HOME=/", NULL},
	};
	struct plan plan =
		read_plan(",\"others\":true,\"to\":{\"uid\":5,\"gid\":5},\"set\":[{\"name\":"
			  "\"HOME\",\"value\":\"/home/app\",\"own\":true}]");

	(void)state;
	try_all(&plan, trials, 2);
}

/* ---- files ---- */

struct place {
	char folder[64];
	struct plan plan;
	struct decision decision;
	struct refusal refusal;
};

static void
place_open(struct place *place)
{
	*place = (struct place){.folder = "/tmp/mohs-launcher-XXXXXX"};
	assert_non_null(mkdtemp(place->folder));
}

static void
place_close(const struct place *place)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf %s", place->folder);
	assert_int_equal(system(command), 0);
}

/* Each `@` is the folder. */
static void
place_plan(struct place *place, const char *members)
{
	static char text[8192];
	size_t n = 0;

	for (; *members; members++) {
		const char *part = *members == '@' ? place->folder : members;
		size_t length = *members == '@' ? strlen(place->folder) : 1;

		assert_true(n + length < sizeof(text));
		memcpy(text + n, part, length);
		n += length;
	}
	text[n] = '\0';
	place->plan = read_plan(text);
	place->decision = (struct decision){.plan = &place->plan};
	place->refusal.n = 0;
}

static void
write_text(const struct place *place, const char *name, const char *text)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", place->folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
assert_text(const struct place *place, const char *name, const char *text)
{
	char path[256];
	char found[256] = "";

	(void)snprintf(path, sizeof(path), "%s/%s", place->folder, name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	found[fread(found, 1, sizeof(found) - 1, file)] = '\0';
	assert_int_equal(fclose(file), 0);
	assert_string_equal(found, text);
}

static void
assert_change(struct place *place, const char *words)
{
	bool good = act_change(&place->decision, &region, &place->refusal);

	if (good != (words == NULL))
		fail_msg("%s", good ? "not refused" : place->refusal.text);
	if (words && !strstr(place->refusal.text, words))
		fail_msg("\"%s\"", place->refusal.text);
}

static void
changes_are_made_once(void **state)
{
	struct place place;
	char path[128];
	struct stat st;

	(void)state;
	place_open(&place);
	place_plan(&place,
		   ",\"effects\":["
		   "{\"kind\":\"directory\",\"path\":\"@/d\",\"mode\":1472},"
		   "{\"kind\":\"file\",\"path\":\"@/d/f\",\"mode\":416,\"content\":\"new\\n\"},"
		   "{\"kind\":\"link\",\"path\":\"@/d/l\",\"target\":\"f\"},"
		   "{\"kind\":\"fifo\",\"path\":\"@/d/p\",\"mode\":384},"
		   "{\"kind\":\"remove\",\"path\":\"@/old\"},"
		   "{\"kind\":\"attributes\",\"path\":\"@/none\",\"mode\":384}]");
	write_text(&place, "old", "x");
	for (int i = 0; i < 2; i++) /* and again where it was done */
		assert_change(&place, NULL);
	assert_text(&place, "d/f", "new\n");
	(void)snprintf(path, sizeof(path), "%s/d", place.folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 02700);
	(void)snprintf(path, sizeof(path), "%s/d/f", place.folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	(void)snprintf(path, sizeof(path), "%s/old", place.folder);
	assert_int_equal(access(path, F_OK), -1);
	/* what the service made of it since is not written over */
	write_text(&place, "d/f", "changed\n");
	assert_change(&place, "/d/f, which is not as it was observed");
	assert_text(&place, "d/f", "changed\n");
	place_close(&place);
}

static void
only_what_was_replaced_is_replaced(void **state)
{
	struct place place;

	(void)state;
	place_open(&place);
	/* the digest of "before\n" */
	place_plan(&place,
		   ",\"effects\":[{\"kind\":\"file\",\"path\":\"@/f\",\"content\":\"after\\n\","
		   "\"before\":"
		   "\"9160d4be34c8695bd172a76c7c7966587ea5a4d991ad22c87b2b91af54aa9ebb\"}]");
	write_text(&place, "f", "else\n");
	assert_change(&place, "not as it was observed");
	assert_text(&place, "f", "else\n");
	write_text(&place, "f", "before\n");
	assert_change(&place, NULL);
	assert_text(&place, "f", "after\n");
	place_close(&place);
}

static void
links_are_never_followed(void **state)
{
	static const char *const kinds[] = {
		"{\"kind\":\"file\",\"path\":\"@/link/f\",\"content\":\"x\"}",
		"{\"kind\":\"directory\",\"path\":\"@/link/f\"}",
		"{\"kind\":\"file\",\"path\":\"@/link\",\"content\":\"x\"}",
		"{\"kind\":\"directory\",\"path\":\"@/link\",\"on_existing\":true,\"mode\":511}",
	};
	struct place place;
	char path[128];
	char other[128];
	struct stat st;

	(void)state;
	place_open(&place);
	(void)snprintf(path, sizeof(path), "%s/link", place.folder);
	(void)snprintf(other, sizeof(other), "%s/other", place.folder);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(symlink(other, path), 0);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char members[256];

		(void)snprintf(members, sizeof(members), ",\"effects\":[%s]", kinds[i]);
		place_plan(&place, members);
		assert_change(&place, "/link");
	}
	assert_int_equal(rmdir(other), 0); /* nothing was made in it */
	assert_int_equal(lstat(path, &st), 0);
	place_close(&place);
}

static void
guards_are_checked(void **state)
{
	static const struct {
		const char *guards;
		const char *words; /* NULL: all is well */
	} cases[] = {
		{"\"missing\":[\"@/none\"]", NULL},
		{"\"missing\":[\"@/f\"]", "/f is there"},
		{"\"missing\":[\"@/dangling\"]", "/dangling is there"},
		{"\"present\":[\"@/f\"]", NULL},
		{"\"present\":[\"@/none\"]", "/none is not there"},
		/* of "hello\n" */
		{"\"same\":[{\"path\":\"@/f\",\"sha256\":"
		 "\"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03\"}]",
		 NULL},
		{"\"same\":[{\"path\":\"@/none\",\"sha256\":"
		 "\"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03\"}]",
		 NULL},
		{"\"same\":[{\"path\":\"@/f\",\"sha256\":"
		 "\"0091b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03\"}]",
		 "not as it was observed"},
		{"\"listed\":[{\"path\":\"@\",\"names\":[\"f\",\"dangling\",\"more\"]}]", NULL},
		{"\"listed\":[{\"path\":\"@\",\"names\":[\"f\"]}]", "/dangling is there"},
		{"\"listed\":[{\"path\":\"@/none\",\"names\":[]}]", NULL},
	};
	struct place place;
	char path[128];

	(void)state;
	place_open(&place);
	write_text(&place, "f", "hello\n");
	(void)snprintf(path, sizeof(path), "%s/dangling", place.folder);
	assert_int_equal(symlink("nowhere", path), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char members[512];

		(void)snprintf(members, sizeof(members), ",\"guards\":{%s}", cases[i].guards);
		place_plan(&place, members);
		bool good = act_check(&place.decision, &place.refusal);
		if (good != (cases[i].words == NULL))
			fail_msg("case %zu: %s", i, good ? "not refused" : place.refusal.text);
		if (!good && !strstr(place.refusal.text, cases[i].words))
			fail_msg("case %zu: \"%s\"", i, place.refusal.text);
	}
	place_close(&place);
}

static void
everything_below_gets_an_owner(void **state)
{
	struct place place;
	char path[128];
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip();
	place_open(&place);
	(void)snprintf(path, sizeof(path), "%s/deep", place.folder);
	assert_int_equal(mkdir(path, 0755), 0);
	write_text(&place, "deep/f", "x");
	write_text(&place, "outside", "x");
	(void)snprintf(path, sizeof(path), "%s/deep/link", place.folder);
	assert_int_equal(symlink("../outside", path), 0);
	place_plan(&place, ",\"effects\":[{\"kind\":\"own\",\"path\":\"@/deep\",\"uid\":77}]");
	assert_change(&place, NULL);
	(void)snprintf(path, sizeof(path), "%s/deep/f", place.folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 77);
	assert_int_equal(st.st_gid, getegid());
	(void)snprintf(path, sizeof(path), "%s/outside", place.folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 0);
	(void)snprintf(path, sizeof(path), "%s/deep", place.folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 0);
	place.plan.effects[0].on_existing = true;
	assert_change(&place, NULL);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 77);
	/* another user changes nothing */
	place.decision.as_other = true;
	place.plan.effects[0].uid = 78;
	assert_change(&place, NULL);
	(void)snprintf(path, sizeof(path), "%s/deep/f", place.folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 77);
	place_close(&place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(plans_are_read, fresh),
		cmocka_unit_test_setup(other_documents_are_not, fresh),
		cmocka_unit_test_setup(arguments_are_as_proven, fresh),
		cmocka_unit_test_setup(variables_are_as_proven, fresh),
		cmocka_unit_test_setup(secrets_are_known_by_digest, fresh),
		cmocka_unit_test_setup(another_user_gets_nothing_of_root, fresh),
		cmocka_unit_test_setup(changes_are_made_once, fresh),
		cmocka_unit_test_setup(only_what_was_replaced_is_replaced, fresh),
		cmocka_unit_test_setup(links_are_never_followed, fresh),
		cmocka_unit_test_setup(guards_are_checked, fresh),
		cmocka_unit_test_setup(everything_below_gets_an_owner, fresh),
	};

	return cmocka_run_group_tests_name("launcher", tests, NULL, NULL);
}
