/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/act.h"

#include "launcher/files.h"
#include "launcher/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>

enum {
	OWN_DEPTH_MAX = 64,
	TYPE_MASK = 0170000,
	TYPE_DIRECTORY = 0040000,
	TYPE_FILE = 0100000,
	TYPE_LINK = 0120000,
	TYPE_FIFO = 0010000
};

static bool
failed(struct refusal *refusal, const char *what, struct text path, long error)
{
	(void)refuse(refusal, what, path, ": ");
	refusal_add(refusal, text_from(files_words(error)));
	return false;
}

/* ---- what must be as it was ---- */

static bool
check_missing(const struct guards *guards, struct refusal *refusal)
{
	struct statx state;

	for (size_t i = 0; i < guards->missing.count; i++) {
		struct text path = guards->missing.items[i];

		if (files_state(AT_FDCWD, path.p, &state) == 0)
			return refuse(refusal, "", path,
				      " is there, and the start looked for it and did not find it "
				      "when it was observed: harden the image with it");
	}
	return true;
}

static bool
check_present(const struct guards *guards, struct refusal *refusal)
{
	struct statx state;

	for (size_t i = 0; i < guards->present.count; i++) {
		struct text path = guards->present.items[i];

		if (files_state(AT_FDCWD, path.p, &state) < 0)
			return refuse(refusal, "", path,
				      " is not there: this image starts on data that was set up "
				      "before; set it up with the original image first");
	}
	return true;
}

static bool
check_same(const struct guards *guards, struct refusal *refusal)
{
	for (size_t i = 0; i < guards->same_count; i++) {
		const struct same_file *same = &guards->same[i];
		uint8_t digest[32];
		long fd = sys_open(AT_FDCWD, same->path.p, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);

		if (fd == -ENOENT || fd == -ENOTDIR)
			continue;
		long r = fd < 0 ? fd : files_digest(fd, digest);
		if (fd >= 0)
			(void)sys_close(fd);
		struct text found = {(const char *)digest, sizeof(digest)};
		struct text wanted = {(const char *)same->digest, sizeof(same->digest)};
		if (r < 0 || !text_same(found, wanted))
			return refuse(refusal, "the start reads ", same->path,
				      ", which is not as it was observed: harden the image with "
				      "it as it is now");
	}
	return true;
}

struct names {
	const struct listing *listing;
	struct refusal *refusal;
};

static long
check_name(void *context, long directory, const char *name)
{
	const struct names *names = context;

	(void)directory;
	for (size_t i = 0; i < names->listing->names.count; i++) {
		if (text_same(names->listing->names.items[i], text_from(name)))
			return 0;
	}
	(void)refuse(names->refusal, "", names->listing->path, "/");
	refusal_add(names->refusal, text_from(name));
	refusal_add(names->refusal, text_from(" is there, in a directory the start acts on, and "
					      "was not when it was observed: harden the image "
					      "with it"));
	return 1;
}

static bool
check_listed(const struct guards *guards, struct refusal *refusal)
{
	for (size_t i = 0; i < guards->listed_count; i++) {
		struct names names = {&guards->listed[i], refusal};
		long fd = sys_open(AT_FDCWD, guards->listed[i].path.p,
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

		if (fd < 0)
			continue;
		long r = files_list(fd, check_name, &names);
		(void)sys_close(fd);
		if (r > 0)
			return false;
	}
	return true;
}

bool
act_check(const struct decision *decision, struct refusal *refusal)
{
	const struct guards *guards = &decision->plan->guards;

	return check_present(guards, refusal) && check_missing(guards, refusal) &&
	       check_same(guards, refusal) && check_listed(guards, refusal);
}

/* ---- what the start changes ---- */

/* Owner first: it takes set-user-ID bits away. */
static long
set_attributes(long fd, const struct effect *effect, const struct statx *now)
{
	uint32_t uid = effect->uid == PLAN_UNCHANGED ? now->stx_uid : effect->uid;
	uint32_t gid = effect->gid == PLAN_UNCHANGED ? now->stx_gid : effect->gid;
	bool other_owner = uid != now->stx_uid || gid != now->stx_gid;
	long r = 0;

	if (other_owner)
		r = SYS(SYS_fchown, fd, uid, gid, 0, 0);
	if (r == 0 && effect->mode != PLAN_UNCHANGED &&
	    (other_owner || (now->stx_mode & 07777) != effect->mode))
		r = SYS(SYS_fchmod, fd, effect->mode, 0, 0, 0);
	return r;
}

static long
attributes_of(long directory, const char *name, const struct effect *effect, bool created)
{
	struct statx now;
	long r = files_state(directory, name, &now);

	if (r < 0 || (!created && !effect->on_existing))
		return r;
	if ((now.stx_mode & TYPE_MASK) == TYPE_LINK)
		return SYS(SYS_fchownat, directory, name, effect->uid, effect->gid,
			   AT_SYMLINK_NOFOLLOW);
	long fd = sys_open(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	r = set_attributes(fd, effect, &now);
	(void)sys_close(fd);
	return r;
}

static long
make_directory(long directory, const char *name, const struct effect *effect)
{
	struct statx now;
	long r = SYS(SYS_mkdirat, directory, name, 0700, 0, 0);

	if (r < 0 && r != -EEXIST)
		return r;
	if (r == -EEXIST && files_state(directory, name, &now) == 0 &&
	    (now.stx_mode & TYPE_MASK) != TYPE_DIRECTORY)
		return r;
	return attributes_of(directory, name, effect, r == 0);
}

static long
make_fifo(long directory, const char *name, const struct effect *effect)
{
	struct statx now;
	long r = SYS(SYS_mknodat, directory, name, TYPE_FIFO | 0600, 0, 0);

	if (r == -EEXIST && files_state(directory, name, &now) == 0 &&
	    (now.stx_mode & TYPE_MASK) == TYPE_FIFO)
		return attributes_of(directory, name, effect, false);
	return r < 0 ? r : attributes_of(directory, name, effect, true);
}

static long
make_link(long directory, const char *name, const struct effect *effect)
{
	char target[4096];
	long r = SYS(SYS_symlinkat, effect->target.p, directory, name, 0, 0);

	if (r == 0)
		return attributes_of(directory, name, effect, true);
	if (r != -EEXIST)
		return r;
	long n = SYS(SYS_readlinkat, directory, name, target, sizeof(target), 0);
	return n > 0 && text_same((struct text){target, (size_t)n}, effect->target) ? 0 : r;
}

/* 1 when it may be written over: it is what it was before. */
static long
is_as_before(long directory, const char *name, const struct effect *effect, struct text content)
{
	uint8_t digest[32];
	long fd = sys_open(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
	long r = fd < 0 ? fd : files_holds(fd, content);

	if (r == 0 && effect->has_before) {
		r = SYS(SYS_lseek, fd, 0, 0, 0, 0);
		if (r == 0)
			r = files_digest(fd, digest);
		if (r == 0 && text_same((struct text){(const char *)digest, 32},
					(struct text){(const char *)effect->before, 32}))
			r = 2;
	}
	if (fd >= 0)
		(void)sys_close(fd);
	return r; /* 2: before; 1: written already; 0: neither */
}

static long
make_file(long directory, const char *name, const struct effect *effect, struct text content)
{
	long fd = sys_open(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			   0600);
	bool created = fd >= 0;

	if (fd < 0 && fd != -EEXIST)
		return fd;
	if (!created) {
		long state = is_as_before(directory, name, effect, content);

		if (state <= 0)
			return state < 0 ? state : -EEXIST;
		if (state == 1)
			return attributes_of(directory, name, effect, false);
		fd = sys_open(directory, name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0);
		if (fd < 0)
			return fd;
	}
	long r = files_write(fd, content);
	(void)sys_close(fd);
	return r < 0 ? r : attributes_of(directory, name, effect, created);
}

struct own {
	const struct effect *effect;
	int depth;
};

static long own_one(void *context, long directory, const char *name);

static long
own_below(struct own *own, long directory, const char *name)
{
	long fd = sys_open(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return fd;
	if (++own->depth > OWN_DEPTH_MAX) {
		(void)sys_close(fd);
		return -ELOOP;
	}
	long r = files_list(fd, own_one, own);
	own->depth--;
	(void)sys_close(fd);
	return r;
}

static long
own_one(void *context, long directory, const char *name)
{
	struct own *own = context;
	struct statx now;
	long r = files_state(directory, name, &now);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	uint32_t uid = own->effect->uid == PLAN_UNCHANGED ? now.stx_uid : own->effect->uid;
	uint32_t gid = own->effect->gid == PLAN_UNCHANGED ? now.stx_gid : own->effect->gid;
	if (uid != now.stx_uid || gid != now.stx_gid)
		r = SYS(SYS_fchownat, directory, name, uid, gid, AT_SYMLINK_NOFOLLOW);
	return r == 0 && (now.stx_mode & TYPE_MASK) == TYPE_DIRECTORY
		       ? own_below(own, directory, name)
		       : r;
}

static long
own_all(long directory, const char *name, const struct effect *effect)
{
	struct own own = {effect, 0};
	long r = effect->on_existing ? own_one(&own, directory, name)
				     : own_below(&own, directory, name);

	return r == -ENOENT ? 0 : r;
}

static long
remove_one(long directory, const char *name)
{
	long r = SYS(SYS_unlinkat, directory, name, 0, 0, 0);

	return r == -ENOENT ? 0 : r;
}

static long
change_one(const struct effect *effect, long directory, const char *name, struct text content)
{
	long r;

	switch (effect->kind) {
	case EFFECT_DIRECTORY:
		return make_directory(directory, name, effect);
	case EFFECT_FILE:
		return make_file(directory, name, effect, content);
	case EFFECT_LINK:
		return make_link(directory, name, effect);
	case EFFECT_FIFO:
		return make_fifo(directory, name, effect);
	case EFFECT_ATTRIBUTES:
		r = attributes_of(directory, name, effect, true);
		return r == -ENOENT ? 0 : r; /* hardening removed what nobody used */
	case EFFECT_REMOVE:
		return remove_one(directory, name);
	case EFFECT_OWN:
		return own_all(directory, name, effect);
	default:
		return -EINVAL;
	}
}

bool
act_change(const struct decision *decision, struct region *region, struct refusal *refusal)
{
	const struct plan *plan = decision->plan;

	for (size_t i = 0; !decision->as_other && i < plan->effect_count; i++) {
		const struct effect *effect = &plan->effects[i];
		struct text content = pattern_fill(&effect->content, decision, region);
		const char *name = NULL;

		if (!content.p)
			return failed(refusal, "cannot make ", effect->path, -ENOSPC);
		long directory = files_parent(effect->path, &name);
		long r = directory < 0 ? directory : change_one(effect, directory, name, content);
		if (directory >= 0)
			(void)sys_close(directory);
		if (directory == -ENOENT &&
		    (effect->kind == EFFECT_ATTRIBUTES || effect->kind == EFFECT_REMOVE ||
		     effect->kind == EFFECT_OWN))
			continue;
		if (r == -EEXIST && effect->kind == EFFECT_FILE)
			return refuse(refusal, "the start writes ", effect->path,
				      ", which is not as it was observed: harden the image with "
				      "it as it is now");
		if (r < 0)
			return failed(refusal, "the start cannot change ", effect->path, r);
	}
	return true;
}

/* ---- the process ---- */

static bool
set_limits(const struct plan *plan, struct refusal *refusal)
{
	for (size_t i = 0; i < plan->limit_count; i++) {
		uint64_t limit[2] = {plan->limits[i].soft, plan->limits[i].hard};
		long r = SYS(SYS_prlimit64, 0, plan->limits[i].resource, limit, 0, 0);

		if (r < 0)
			return failed(refusal, "cannot set a resource limit", text_from(""), r);
	}
	return true;
}

static long
set_user(const struct plan *plan)
{
	long r = SYS(SYS_setgroups, plan->group_count, plan->groups, 0, 0, 0);

	if (r == 0)
		r = SYS(SYS_setresgid, plan->to.gid, plan->to.gid, plan->to.gid, 0, 0);
	if (r == 0)
		r = SYS(SYS_setresuid, plan->to.uid, plan->to.uid, plan->to.uid, 0, 0);
	return r;
}

bool
act_become(const struct decision *decision, struct refusal *refusal)
{
	const struct plan *plan = decision->plan;
	long r;

	if (!set_limits(plan, refusal))
		return false;
	r = plan->directory.n ? SYS(SYS_chdir, plan->directory.p, 0, 0, 0, 0) : 0;
	if (r < 0)
		return failed(refusal, "cannot go to ", plan->directory, r);
	if (plan->becomes && !decision->as_other) {
		r = set_user(plan);
		if (r < 0)
			return failed(refusal, "cannot become the user that was observed",
				      text_from(""), r);
	}
	(void)SYS(SYS_umask, plan->umask, 0, 0, 0, 0);
	if (plan->no_new_privileges)
		r = SYS(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return r == 0 || failed(refusal, "cannot give up privileges", text_from(""), r);
}
