/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container asked of the kernel while it ran, beside files of its image: the facts that
 * run-time limits are derived from. Part of a profile; sets, so that runs can be united.
 */
#pragma once

#include "model/gap.h"

struct demands_port {
	uint16_t number;
	bool udp;
	bool local; /* bound to a loopback address only */
};

struct demands {
	struct span recorder;	/* of system calls: "bpf", "notify"; empty: not recorded */
	struct span_list calls; /* names, in byte order, by what the image's programs asked */
	struct span_list
		runtime_calls; /* by the runtime, between the filter and the first program */
	struct span_list refused_calls; /* what the filter it ran under was asked and refused */
	bool capabilities_known;	/* false: nobody watched */
	struct span_list capabilities;	/* "CAP_CHOWN": the kernel asked for it and it was there */
	bool ports_known;
	struct demands_port *ports; /* listening at the end of the tests; in order */
	size_t port_count;
	/* directories of the image in which names were made or removed; in byte order */
	struct span_list changed;
	bool user_known;
	uint32_t uid; /* of the first process */
	uint32_t gid;
};

/* Whether anything of it was recorded. */
bool demands_are_known(const struct demands *demands);

/* TCP first, then by number; for qsort(). */
int demands_compare_ports(const void *a, const void *b);
