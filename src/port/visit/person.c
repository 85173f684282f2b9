/* SPDX-License-Identifier: Apache-2.0 */
/* The user, groups and capabilities of the target's first process: proc(5), capabilities(7). */
#include "port/visit/private.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
load_status(pid_t pid, struct arena *arena, struct span *ret, struct err *err)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	return file_load(path, 64 * KIB, arena, ret, err);
}

/* What follows "NAME:\t". */
static struct span
value_of(struct span status, struct span name)
{
	while (status.p) {
		struct span line = span_cut(&status, '\n');

		if (span_starts_with(line, name) && line.n > name.n && line.p[name.n] == ':')
			return span_trim(span_slice(line, name.n + 1, line.n));
	}
	return SPAN("");
}

/* The next number of a list with tabs or blanks between. */
static bool
cut_number(struct span *rest, uint64_t *ret)
{
	struct span s = span_trim(*rest);
	size_t n = 0;

	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	*rest = span_slice(s, n, s.n);
	return span_to_u64(span_slice(s, 0, n), ret);
}

static bool
read_mask(struct span text, uint64_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
						   : -1;

		if (digit < 0)
			return false;
		*ret = *ret << 4 | (uint64_t)digit;
	}
	return text.n > 0 && text.n <= 16;
}

/* Real, effective, saved, of the file system: the second of them. */
static bool
read_identity(struct span list, uint32_t *ret)
{
	uint64_t real;
	uint64_t effective;

	if (!cut_number(&list, &real) || !cut_number(&list, &effective) || effective > UINT32_MAX)
		return false;
	*ret = (uint32_t)effective;
	return true;
}

int
person_read(pid_t pid, struct person *ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct person person = {0};
	struct span status;
	uint64_t group;

	if (!arena)
		return err_memory(err);
	int r = load_status(pid, arena, &status, err);
	if (r < 0)
		return r;
	struct span groups = value_of(status, SPAN("Groups"));
	while (person.group_count < PERSON_GROUPS && cut_number(&groups, &group))
		person.groups[person.group_count++] = (gid_t)group;
	if (!read_identity(value_of(status, SPAN("Uid")), &person.uid) ||
	    !read_identity(value_of(status, SPAN("Gid")), &person.gid) ||
	    !read_mask(value_of(status, SPAN("CapEff")), &person.effective) ||
	    !read_mask(value_of(status, SPAN("CapBnd")), &person.bounding))
		return err_set(err, ERR_IO, "cannot tell the user of the container");
	*ret = person;
	return 0;
}

int
person_number(pid_t pid, pid_t *ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span status;
	uint64_t number = 0;

	if (!arena)
		return err_memory(err);
	int r = load_status(pid, arena, &status, err);
	if (r < 0)
		return r;
	struct span list = value_of(status, SPAN("NSpid"));
	while (cut_number(&list, &number))
		continue;
	if (number == 0 || number > INT32_MAX)
		return err_set(err, ERR_IO, "cannot tell the process's number in its container");
	*ret = (pid_t)number;
	return 0;
}

static int
limit_bounding(uint64_t bounding, struct err *err)
{
	for (unsigned i = 0; i < 64 && prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++) {
		if (!(bounding >> i & 1) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			return err_sys(err, ERR_IO, errno, "cannot give up a capability");
	}
	return 0;
}

/* Only what both have. */
static int
limit_effective(uint64_t effective, struct err *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return err_sys(err, ERR_IO, errno, "cannot ask for capabilities");
	for (unsigned i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(effective >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return err_sys(err, ERR_IO, errno, "cannot give up capabilities");
	return 0;
}

int
person_become(const struct person *person, bool own_users, struct err *err)
{
	/* in a user namespace made without privileges nobody may set groups */
	if (setgroups(person->group_count, person->groups) < 0 && !(own_users && errno == EPERM))
		return err_sys(err, ERR_IO, errno, "cannot take the groups of the container");
	/* what root of the container may not do must not come back by starting a program */
	int r = limit_bounding(
		person->uid == 0 ? person->bounding & person->effective : person->bounding, err);
	if (r < 0)
		return r;
	if (setresgid(person->gid, person->gid, person->gid) < 0 ||
	    setresuid(person->uid, person->uid, person->uid) < 0)
		return err_sys(err, ERR_IO, errno, "cannot become user %u of the container",
			       (unsigned)person->uid);
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, ERR_IO, errno, "cannot give up privileges");
	return limit_effective(person->effective, err);
}
