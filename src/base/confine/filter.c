/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system call filter (seccomp(2), classic BPF). Two tables: what is allowed, and what no
 * honest reader ever calls and therefore ends the child; all else fails with EPERM.
 */
#include "base/confine/private.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "no table of system calls for this architecture"
#endif

static const long allowed[] = {
	SYS_read,
	SYS_pread64,
	SYS_lseek,
	SYS_fstat,
	SYS_munmap,
	SYS_madvise,
	SYS_brk,
	SYS_mremap,
	SYS_futex,
	SYS_set_robust_list,
	SYS_rseq,
	SYS_sched_yield,
	SYS_clock_gettime,
	SYS_clock_getres,
	SYS_clock_nanosleep,
	SYS_getrandom,
	SYS_exit,
	SYS_exit_group,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_ppoll,
	SYS_restart_syscall,
	SYS_close,
	SYS_getpid,
	SYS_gettid,
#ifdef SYS_poll
	SYS_poll,
#endif
#if CONFINE_SANITIZED
	SYS_sigaltstack,
	SYS_getppid,
	SYS_readlinkat,
#ifdef SYS_readlink
	SYS_readlink,
#endif
#endif
};

static const long fatal[] = {
	SYS_execve,
	SYS_execveat,
	SYS_ptrace,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_chroot,
	SYS_unshare,
	SYS_setns,
	SYS_bpf,
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_kexec_load,
	SYS_keyctl,
	SYS_add_key,
	SYS_request_key,
	SYS_perf_event_open,
	SYS_io_uring_setup,
	SYS_userfaultfd,
	SYS_reboot,
	SYS_swapon,
};

enum {
	WRITABLE_MAX = 8,
	INSTRUCTIONS = 64 + 2 * (sizeof(allowed) + sizeof(fatal)) / sizeof(long),
	NUMBER = offsetof(struct seccomp_data, nr),
	ARCHITECTURE = offsetof(struct seccomp_data, arch),
	REFUSE = SECCOMP_RET_ERRNO | EPERM,
};

struct filter {
	struct sock_filter code[INSTRUCTIONS];
	unsigned short n;
};

static void
add(struct filter *filter, int code, uint8_t when_true, uint8_t when_false, uint32_t k)
{
	filter->code[filter->n++] = (struct sock_filter){(uint16_t)code, when_true, when_false, k};
}

static void
add_load(struct filter *filter, size_t offset)
{
	add(filter, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

/* `action` for the system call `number`. */
static void
add_rule(struct filter *filter, long number, uint32_t action)
{
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (uint32_t)number);
	add(filter, BPF_RET | BPF_K, 0, 0, action);
}

/* Where the low half of an argument stands: both machines are little-endian. */
static size_t
argument(size_t index)
{
	return offsetof(struct seccomp_data, args) + index * sizeof(uint64_t);
}

/* `number`, unless one of `bits` is set in an argument. */
static void
add_bits_rule(struct filter *filter, long number, size_t index, uint32_t bits, uint8_t more)
{
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, (uint8_t)(3 + more), (uint32_t)number);
	add_load(filter, argument(index));
	add(filter, BPF_JMP | BPF_JSET | BPF_K, 0, 1, bits);
	add(filter, BPF_RET | BPF_K, 0, 0, REFUSE);
}

/* Memory that is neither executable nor shared with a file. */
static void
add_memory_rules(struct filter *filter)
{
	add_bits_rule(filter, SYS_mprotect, 2, PROT_EXEC, 1);
	add(filter, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
	add_bits_rule(filter, SYS_mmap, 2, PROT_EXEC, 4);
	add_load(filter, argument(3));
	add(filter, BPF_JMP | BPF_JSET | BPF_K, 0, 1, MAP_SHARED);
	add(filter, BPF_RET | BPF_K, 0, 0, REFUSE);
	add(filter, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
}

/* Into these descriptors only: what was granted is for reading, however it was opened. */
static void
add_write_rule(struct filter *filter, const int *fds, size_t count)
{
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, (uint8_t)(2 + 2 * count), SYS_write);
	add_load(filter, argument(0));
	for (size_t i = 0; i < count; i++)
		add_rule(filter, fds[i], SECCOMP_RET_ALLOW);
	add(filter, BPF_RET | BPF_K, 0, 0, REFUSE);
}

/* Signals to itself: abort(3). */
static void
add_signal_rule(struct filter *filter, long number)
{
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, 0, 4, (uint32_t)number);
	add_load(filter, argument(0));
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, (uint32_t)getpid());
	add(filter, BPF_RET | BPF_K, 0, 0, REFUSE);
	add(filter, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
}

static void
fill_filter(struct filter *filter, const int *writable, size_t count)
{
	add_load(filter, ARCHITECTURE);
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, OWN_ARCHITECTURE);
	add(filter, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
	add_load(filter, NUMBER);
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		add_rule(filter, allowed[i], SECCOMP_RET_ALLOW);
	add_memory_rules(filter);
	add_write_rule(filter, writable, count);
	add_signal_rule(filter, SYS_tgkill);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		add_rule(filter, fatal[i], SECCOMP_RET_KILL_PROCESS);
	add_rule(filter, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
	add(filter, BPF_RET | BPF_K, 0, 0, REFUSE);
}

int
confine_filter(const int *writable, size_t count, struct err *err)
{
	struct filter filter = {.n = 0};

	if (count > WRITABLE_MAX)
		return err_set(err, ERR_LIMIT, "too many descriptors to write to");
	fill_filter(&filter, writable, count);
	const struct sock_fprog program = {filter.n, filter.code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return err_sys(err, ERR_UNSUPPORTED, errno,
			       "this kernel has no system call filter (CONFIG_SECCOMP_FILTER)");
	return 0;
}
