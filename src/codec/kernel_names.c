/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/kernel_names.h"

#include "base/cleanup.h"

#include <seccomp.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ABI(name)                                                                                  \
	{                                                                                          \
		"SCMP_ARCH_" #name, SCMP_ARCH_##name                                               \
	}

/* As Docker's and containerd's own profiles group them. */
static const struct {
	struct span architecture; /* GOARCH */
	struct seccomp_abi abis[4];
} architectures[] = {
	{SPAN_INIT("amd64"), {ABI(X86_64), ABI(X86), ABI(X32)}},
	/* of the narrow ones: the runtime may be wider */
	{SPAN_INIT("386"), {ABI(X86), ABI(X86_64), ABI(X32)}},
	{SPAN_INIT("arm64"), {ABI(AARCH64), ABI(ARM)}},
	{SPAN_INIT("arm"), {ABI(ARM), ABI(AARCH64)}},
	{SPAN_INIT("ppc64le"), {ABI(PPC64LE)}},
	{SPAN_INIT("s390x"), {ABI(S390X), ABI(S390)}},
	{SPAN_INIT("riscv64"), {ABI(RISCV64)}},
	{SPAN_INIT("mips64le"), {ABI(MIPSEL64), ABI(MIPSEL64N32), ABI(MIPSEL)}},
};

/* Numbers that every architecture shares, and that older libraries have no name for. */
static const struct {
	uint32_t number;
	struct span name;
} newer[] = {
	{448, SPAN_INIT("process_mrelease")},
	{449, SPAN_INIT("futex_waitv")},
	{450, SPAN_INIT("set_mempolicy_home_node")},
	{451, SPAN_INIT("cachestat")},
	{452, SPAN_INIT("fchmodat2")},
	{453, SPAN_INIT("map_shadow_stack")},
	{454, SPAN_INIT("futex_wake")},
	{455, SPAN_INIT("futex_wait")},
	{456, SPAN_INIT("futex_requeue")},
	{457, SPAN_INIT("statmount")},
	{458, SPAN_INIT("listmount")},
	{459, SPAN_INIT("lsm_get_self_attr")},
	{460, SPAN_INIT("lsm_set_self_attr")},
	{461, SPAN_INIT("lsm_list_modules")},
	{462, SPAN_INIT("mseal")},
	{463, SPAN_INIT("setxattrat")},
	{464, SPAN_INIT("getxattrat")},
	{465, SPAN_INIT("listxattrat")},
	{466, SPAN_INIT("removexattrat")},
	{467, SPAN_INIT("open_tree_attr")},
	{468, SPAN_INIT("file_getattr")},
	{469, SPAN_INIT("file_setattr")},
};

/* linux/capability.h; the number is the place. */
static const struct span capabilities[] = {
	SPAN_INIT("CAP_CHOWN"),
	SPAN_INIT("CAP_DAC_OVERRIDE"),
	SPAN_INIT("CAP_DAC_READ_SEARCH"),
	SPAN_INIT("CAP_FOWNER"),
	SPAN_INIT("CAP_FSETID"),
	SPAN_INIT("CAP_KILL"),
	SPAN_INIT("CAP_SETGID"),
	SPAN_INIT("CAP_SETUID"),
	SPAN_INIT("CAP_SETPCAP"),
	SPAN_INIT("CAP_LINUX_IMMUTABLE"),
	SPAN_INIT("CAP_NET_BIND_SERVICE"),
	SPAN_INIT("CAP_NET_BROADCAST"),
	SPAN_INIT("CAP_NET_ADMIN"),
	SPAN_INIT("CAP_NET_RAW"),
	SPAN_INIT("CAP_IPC_LOCK"),
	SPAN_INIT("CAP_IPC_OWNER"),
	SPAN_INIT("CAP_SYS_MODULE"),
	SPAN_INIT("CAP_SYS_RAWIO"),
	SPAN_INIT("CAP_SYS_CHROOT"),
	SPAN_INIT("CAP_SYS_PTRACE"),
	SPAN_INIT("CAP_SYS_PACCT"),
	SPAN_INIT("CAP_SYS_ADMIN"),
	SPAN_INIT("CAP_SYS_BOOT"),
	SPAN_INIT("CAP_SYS_NICE"),
	SPAN_INIT("CAP_SYS_RESOURCE"),
	SPAN_INIT("CAP_SYS_TIME"),
	SPAN_INIT("CAP_SYS_TTY_CONFIG"),
	SPAN_INIT("CAP_MKNOD"),
	SPAN_INIT("CAP_LEASE"),
	SPAN_INIT("CAP_AUDIT_WRITE"),
	SPAN_INIT("CAP_AUDIT_CONTROL"),
	SPAN_INIT("CAP_SETFCAP"),
	SPAN_INIT("CAP_MAC_OVERRIDE"),
	SPAN_INIT("CAP_MAC_ADMIN"),
	SPAN_INIT("CAP_SYSLOG"),
	SPAN_INIT("CAP_WAKE_ALARM"),
	SPAN_INIT("CAP_BLOCK_SUSPEND"),
	SPAN_INIT("CAP_AUDIT_READ"),
	SPAN_INIT("CAP_PERFMON"),
	SPAN_INIT("CAP_BPF"),
	SPAN_INIT("CAP_CHECKPOINT_RESTORE"),
};

const struct seccomp_abi *
seccomp_abis(struct span architecture)
{
	for (size_t i = 0; i < COUNT(architectures); i++) {
		if (span_equal(architecture, architectures[i].architecture))
			return architectures[i].abis;
	}
	return NULL;
}

struct span
syscall_name(uint32_t audit, uint32_t number, struct arena *arena)
{
	CLEANUP(free_cleanup)
	char *known = number < SYSCALL_NUMBERS
			      ? seccomp_syscall_resolve_num_arch(audit, (int)number)
			      : NULL;

	if (known)
		return arena_copy(arena, span_from(known));
	for (size_t i = 0; i < COUNT(newer); i++) {
		if (newer[i].number == number)
			return newer[i].name;
	}
	return (struct span){NULL, 0};
}

int
syscall_names(struct span architecture, struct arena *arena, struct span_list *ret, struct err *err)
{
	const struct seccomp_abi *abis = seccomp_abis(architecture);
	struct span *names = arena_array(arena, (size_t)SYSCALL_NUMBERS * 4, sizeof(*names));
	size_t count = 0;
	size_t distinct = 0;

	if (!abis)
		return err_set(err, ERR_UNSUPPORTED, "no system calls known for \"%.*s\"",
			       SPAN_ARG(architecture));
	if (!names)
		return err_memory(err);
	for (; abis->name; abis++) {
		for (uint32_t number = 0; number < SYSCALL_NUMBERS; number++) {
			struct span one = syscall_name(abis->audit, number, arena);

			if (one.p)
				names[count++] = one;
		}
	}
	qsort(names, count, sizeof(*names), span_compare_items);
	for (size_t i = 0; i < count; i++) {
		if (distinct == 0 || !span_equal(names[distinct - 1], names[i]))
			names[distinct++] = names[i];
	}
	*ret = (struct span_list){names, distinct};
	return 0;
}

struct span
capability_name(uint32_t number)
{
	return number < COUNT(capabilities) ? capabilities[number] : (struct span){NULL, 0};
}
