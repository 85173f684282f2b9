/* SPDX-License-Identifier: Apache-2.0 */
/* Names of system calls, capabilities and seccomp architectures, as profiles and manifests say
 * them. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum {
	SYSCALL_NUMBERS = 1024, /* every architecture's numbers are below */
	CAPABILITY_NUMBERS = 64,
};

struct seccomp_abi {
	const char *name; /* "SCMP_ARCH_X86_64" */
	uint32_t audit;	  /* AUDIT_ARCH_* of linux/audit.h, or libseccomp's own number for x32 */
};

/*
 * The ABIs that a machine of this GOARCH runs, the architecture's own first; ended by one without a
 * name. NULL for an architecture not in the table.
 */
const struct seccomp_abi *seccomp_abis(struct span architecture);

/* What number `number` is called under an AUDIT_ARCH_*; .p NULL when it has no known name. */
struct span syscall_name(uint32_t audit, uint32_t number, struct arena *arena);

/* Every name known for a GOARCH and the other ABIs its machines run; in byte order. */
int syscall_names(struct span architecture, struct arena *arena, struct span_list *ret,
		  struct err *err);

/* "CAP_CHOWN" for 0; .p NULL for a number not known. */
struct span capability_name(uint32_t number);
