/* SPDX-License-Identifier: Apache-2.0 */
#include "group_arena.h"
#include "test.h"

#include "base/buf.h"
#include "base/limits.h"
#include "codec/passwd.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "# a comment\n"
			     "broken line\n"
			     ":x:7:7::/nobody:\n"
			     "far:x:99999999999:5::/far:\n"
			     "web:x:33:44::/srv/web:/bin/false\n"
			     "short:x:50:51\n"
			     "12:x:60:61::/twelve:\n";
static const char group[] = "root:x:0:\n"
			    "web:x:44:web\n"
			    "logs:x:45:other, web ,root\n"
			    "adm:x:4:other\n"
			    "bad:x:-1:web\n"
			    "nothing\n";

static int
resolve(const char *user, struct passwd_user *ret, struct err *err)
{
	return passwd_resolve(span_from(user), span_from(passwd), span_from(group), arena, ret,
			      err);
}

static void
users_are_found(void **state)
{
	static const struct {
		const char *user;
		uint32_t uid;
		uint32_t gid;
		const char *home;
		size_t groups;
	} cases[] = {
		{"", 0, 0, "/root", 1},
		{"root", 0, 0, "/root", 1},
		{"0", 0, 0, "/root", 1},
		{"web", 33, 44, "/srv/web", 2},
		{"33", 33, 44, "/srv/web", 2},
		{"web:adm", 33, 4, "/srv/web", 0},
		{"web:9", 33, 9, "/srv/web", 0},
		{"1234", 1234, 0, "/", 0},
		{"1234:web", 1234, 44, "/", 0},
		{"short", 50, 51, "/", 0},
		{"web:", 33, 44, "/srv/web", 2},
		{":web", 0, 44, "/root", 0},
		/* a number is an id, never a name */
		{"12", 12, 0, "/", 0},
		{"2147483647", 2147483647, 0, "/", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct passwd_user user;

		assert_good(resolve(cases[i].user, &user, err));
		assert_int_equal(user.uid, cases[i].uid);
		assert_int_equal(user.gid, cases[i].gid);
		assert_span(user.home, cases[i].home);
		if (user.group_count != cases[i].groups)
			fail_msg("\"%s\" has %zu groups", cases[i].user, user.group_count);
	}
}

static void
strangers_are_named(void **state)
{
	struct passwd_user user;
	struct err problem = ERR_INIT;

	(void)state;
	assert_fails(ERR_NOT_FOUND, resolve("nobody", &user, err));
	assert_int_equal(resolve("web:nogroup", &user, &problem), -ERR_NOT_FOUND);
	assert_string_equal(problem.text, "the image has no group \"nogroup\" in /etc/group");
	assert_fails(ERR_INVALID, resolve("2147483648", &user, err));
	assert_fails(ERR_INVALID, resolve("1:4294967296", &user, err));
	assert_fails(ERR_NOT_FOUND, resolve("far", &user, err));
	assert_fails(ERR_NOT_FOUND, resolve("99999999999999999999", &user, err));
	assert_fails(ERR_NOT_FOUND,
		     passwd_resolve(SPAN("web"), SPAN(""), SPAN(""), arena, &user, err));
}

static void
too_many_groups_are_refused(void **state)
{
	struct buf many = BUF_INIT(MIB);
	struct passwd_user user;

	(void)state;
	for (unsigned i = 0; i <= PASSWD_GROUPS_MAX; i++)
		assert_good(buf_printf(&many, err, "g%u:x:%u:web\n", i, i + 100));
	assert_fails(ERR_LIMIT, passwd_resolve(SPAN("web"), span_from(passwd), buf_span(&many),
					       arena, &user, err));
	buf_cleanup(&many);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_are_found),
		cmocka_unit_test(strangers_are_named),
		cmocka_unit_test(too_many_groups_are_refused),
	};

	return cmocka_run_group_tests_name("passwd", tests, group_arena, group_arena_free);
}
