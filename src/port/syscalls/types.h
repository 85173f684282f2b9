/* SPDX-License-Identifier: Apache-2.0 */
/* The recorders; shared by the files of this room. */
#pragma once

#include "codec/kernel_names.h"
#include "port/syscalls.h"

/* A comm with what is behind it zeroed: compared as a whole. */
struct syscalls_comm {
	char text[16];
};

enum syscalls_kind {
	SEEN_PROGRAM,
	SEEN_RUNTIME, /* of the runtime, on its way to be a program */
	SEEN_REFUSED,
	SEEN_KINDS,
};

struct syscalls_numbers {
	uint32_t audit;				   /* AUDIT_ARCH_*; 0: not used */
	uint8_t seen[SEEN_KINDS][SYSCALL_NUMBERS]; /* a byte a number: not 0 when it was */
};

enum { SYSCALLS_ABIS = 4 };

struct syscalls_recording {
	struct syscalls_numbers abis[SYSCALLS_ABIS];
	bool capabilities_known;
	uint8_t capabilities[CAPABILITY_NUMBERS];
	bool unknown; /* calls of an ABI, or with a number, that is not counted */
};

struct syscalls_recorder {
	const char *name;
	bool can_refuse;
	int (*prepare)(const struct syscalls_options *options, struct arena *arena, void **ret,
		       struct err *err);
	/* NULL: none */
	struct span (*filter)(const void *recorder);
	int (*watch)(void *recorder, pid_t init, struct err *err);
	void (*collect)(void *recorder, struct syscalls_recording *ret);
	void (*free)(void *recorder);
};

extern const struct syscalls_recorder syscalls_bpf;
extern const struct syscalls_recorder syscalls_notify;

/* GOARCH of this machine; empty for one not in the table. */
struct span syscalls_native(void);

/* The comm of a process: `init` or one that asks. */
int syscalls_read_comm(pid_t pid, struct syscalls_comm *ret, struct err *err);
