/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/passwd.h"

#include "base/limits.h"
#include "base/vec.h"

#include <limits.h>

struct passwd_line {
	struct span name;
	uint32_t uid;
	uint32_t gid;
	struct span home;
};

struct group_line {
	struct span name;
	uint32_t gid;
	struct span members;
};

static bool
to_id(struct span s, uint32_t *ret)
{
	uint64_t value;

	if (!span_to_u64(s, &value) || value > INT_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

/* name:password:uid:gid:comment:home:shell */
static bool
read_passwd(struct span line, struct passwd_line *ret)
{
	ret->name = span_cut(&line, ':');
	(void)span_cut(&line, ':');
	if (ret->name.n == 0 || !line.p || !to_id(span_cut(&line, ':'), &ret->uid) || !line.p ||
	    !to_id(span_cut(&line, ':'), &ret->gid))
		return false;
	if (line.p)
		(void)span_cut(&line, ':');
	ret->home = line.p ? span_cut(&line, ':') : SPAN("");
	return true;
}

/* name:password:gid:member,member */
static bool
read_group(struct span line, struct group_line *ret)
{
	ret->name = span_cut(&line, ':');
	if (!line.p)
		return false;
	(void)span_cut(&line, ':');
	if (ret->name.n == 0 || !line.p || !to_id(span_cut(&line, ':'), &ret->gid))
		return false;
	ret->members = line.p ? line : SPAN("");
	return true;
}

static bool
is_number(struct span s)
{
	uint64_t value;

	return span_to_u64(s, &value);
}

/* By id when `user` is a number, else by name. */
static bool
find_user(struct span passwd, struct span user, uint32_t uid, struct passwd_line *ret)
{
	struct passwd_line line;

	while (passwd.p) {
		if (!read_passwd(span_trim(span_cut(&passwd, '\n')), &line))
			continue;
		if (is_number(user) ? line.uid == uid : span_equal(line.name, user)) {
			*ret = line;
			return true;
		}
	}
	return false;
}

static bool
find_group(struct span group, struct span name, struct group_line *ret)
{
	struct group_line line;

	while (group.p) {
		if (read_group(span_trim(span_cut(&group, '\n')), &line) &&
		    span_equal(line.name, name)) {
			*ret = line;
			return true;
		}
	}
	return false;
}

static bool
has_member(struct span members, struct span name)
{
	while (members.p) {
		if (span_equal(span_trim(span_cut(&members, ',')), name))
			return true;
	}
	return false;
}

static int
supplementary(struct span group, struct span name, struct arena *arena, struct passwd_user *user,
	      struct err *err)
{
	VEC(uint32_t) ids = {0};
	struct group_line line;
	int r = 0;

	while (group.p && r == 0) {
		if (read_group(span_trim(span_cut(&group, '\n')), &line) &&
		    has_member(line.members, name))
			r = vec_push(&ids, &line.gid, PASSWD_GROUPS_MAX, err);
	}
	if (r == 0 && ids.count > 0) {
		user->groups = vec_keep(&ids, arena);
		if (!user->groups)
			r = err_memory(err);
		user->group_count = ids.count;
	}
	vec_free(&ids);
	return r;
}

static int
resolve_group(struct span name, struct span group, uint32_t *ret, struct err *err)
{
	struct group_line line;

	if (is_number(name)) {
		if (!to_id(name, ret))
			return err_set(err, ERR_INVALID, "group id %.*s is too large",
				       SPAN_ARG(name));
		return 0;
	}
	if (!find_group(group, name, &line))
		return err_set(err, ERR_NOT_FOUND, "the image has no group \"%.*s\" in /etc/group",
			       name.n > 60 ? 60 : (int)name.n, name.p);
	*ret = line.gid;
	return 0;
}

int
passwd_resolve(struct span user, struct span passwd, struct span group, struct arena *arena,
	       struct passwd_user *ret, struct err *err)
{
	struct passwd_user result = {.home = SPAN("/")};
	struct passwd_line line;
	struct span group_name = user;
	struct span name = span_cut(&group_name, ':');
	uint32_t uid = 0;
	int r = 0;

	if (name.n == 0)
		name = SPAN("0");
	if (is_number(name) && !to_id(name, &uid))
		return err_set(err, ERR_INVALID, "user id %.*s is too large", SPAN_ARG(name));
	bool found = find_user(passwd, name, uid, &line);
	if (!found && !is_number(name))
		return err_set(err, ERR_NOT_FOUND, "the image has no user \"%.*s\" in /etc/passwd",
			       name.n > 60 ? 60 : (int)name.n, name.p);
	result.uid = found ? line.uid : uid;
	result.gid = found ? line.gid : 0;
	if (found && line.home.n > 0)
		result.home = arena_copy(arena, line.home);
	if (!result.home.p)
		return err_memory(err);
	if (group_name.p && group_name.n > 0)
		r = resolve_group(group_name, group, &result.gid, err);
	else if (found)
		r = supplementary(group, line.name, arena, &result, err);
	if (r == 0)
		*ret = result;
	return r;
}
