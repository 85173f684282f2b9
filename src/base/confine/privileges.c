/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/confine/private.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534 };

/* Plain system calls: libc's would look for threads that the child does not have. */
static int
become_nobody(struct err *err)
{
	if (geteuid() != 0)
		return 0;
	if (syscall(SYS_setgroups, 0, NULL) == 0 &&
	    syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY) == 0 &&
	    syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY) == 0)
		return 0;
	/* root of a user namespace that knows no such user, or without CAP_SETUID: root in name */
	if (errno == EINVAL || errno == EPERM)
		return 0;
	return err_sys(err, ERR_IO, errno, "cannot become another user");
}

static int
drop_capabilities(struct err *err)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	struct __user_cap_data_struct now[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capset, &header, none) < 0)
		return err_sys(err, ERR_IO, errno, "cannot drop capabilities");
	if (syscall(SYS_capget, &header, now) < 0)
		return err_sys(err, ERR_IO, errno, "cannot look at capabilities");
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		if (now[i].effective || now[i].permitted || now[i].inheritable)
			return err_set(err, ERR_IO, "capabilities stayed");
	}
	return 0;
}

int
confine_drop_privileges(struct err *err)
{
	/* without CAP_SETPCAP the set stays: no_new_privs then keeps all of it out of reach */
	for (unsigned long capability = 0;
	     capability < 64 && prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
		(void)prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	(void)prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, ERR_UNSUPPORTED, errno, "cannot give up new privileges");
	int r = become_nobody(err);
	return r < 0 ? r : drop_capabilities(err);
}

/* Bytes of private memory now: the sixth number of /proc/self/statm, in pages. 0: not known. */
static uint64_t
private_memory(void)
{
	CLEANUP(fd_cleanup) int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	char text[128];
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : -1;
	struct span rest = {text, n > 0 ? (size_t)n : 0};
	uint64_t pages = 0;

	for (int i = 0; i < 6; i++) {
		struct span number = rest.p ? span_cut(&rest, ' ') : SPAN("");

		if (!span_to_u64(number, &pages))
			return 0;
	}
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int
lower_limit(__rlimit_resource_t resource, rlim_t to, struct err *err)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0)
		return err_sys(err, ERR_IO, errno, "cannot look at a limit");
	if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > to)
		limit.rlim_max = to;
	if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	if (setrlimit(resource, &limit) < 0)
		return err_sys(err, ERR_IO, errno, "cannot lower a limit");
	return 0;
}

int
confine_lower_limits(uint64_t memory, struct err *err)
{
	uint64_t now = memory && !CONFINE_SANITIZED ? private_memory() : 0;
	int r = lower_limit(RLIMIT_CORE, 0, err);

	if (r == 0 && now > 0)
		r = lower_limit(RLIMIT_DATA, now + memory, err);
	return r;
}

static int
compare_fds(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

int
confine_close_others(int *fds, size_t count, struct err *err)
{
	unsigned from = 0;

	qsort(fds, count, sizeof(*fds), compare_fds);
	for (size_t i = 0; i <= count; i++) {
		unsigned kept = i < count ? (unsigned)fds[i] : ~0U;

		if (kept > from &&
		    syscall(SYS_close_range, from, i < count ? kept - 1 : ~0U, 0) < 0)
			return err_sys(err, ERR_UNSUPPORTED, errno, "cannot close descriptors");
		if (i < count)
			from = kept + 1;
	}
	return 0;
}
