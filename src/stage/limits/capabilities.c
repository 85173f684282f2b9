/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capabilities, out of the fourteen that containers have by default. The kernel asks for some
 * where nothing depends on the answer, and for some in the name of the overlay's mounter: those
 * are doubtful, are left out, and come back only when a trial fails without them.
 */
#include "stage/limits/parts.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum doubt {
	CERTAIN,
	VAGUE,	  /* the calls alone tell too little: doubtful unless the kernel asked */
	DOUBTFUL, /* however it was found */
};

static const struct {
	struct span name;
	enum doubt doubt;
	struct span calls[16]; /* one of which must have been made; none: any may ask for it */
} table[] = {
	{SPAN_INIT("CAP_AUDIT_WRITE"), VAGUE, {SPAN_INIT("sendmsg"), SPAN_INIT("sendto")}},
	{SPAN_INIT("CAP_CHOWN"),
	 CERTAIN,
	 {SPAN_INIT("chown"), SPAN_INIT("chown32"), SPAN_INIT("fchown"), SPAN_INIT("fchown32"),
	  SPAN_INIT("fchownat"), SPAN_INIT("lchown"), SPAN_INIT("lchown32")}},
	{SPAN_INIT("CAP_DAC_OVERRIDE"), DOUBTFUL, {{NULL, 0}}},
	{SPAN_INIT("CAP_FOWNER"), DOUBTFUL, {{NULL, 0}}},
	{SPAN_INIT("CAP_FSETID"), DOUBTFUL, {{NULL, 0}}},
	{SPAN_INIT("CAP_KILL"),
	 VAGUE,
	 {SPAN_INIT("kill"), SPAN_INIT("pidfd_send_signal"), SPAN_INIT("rt_sigqueueinfo"),
	  SPAN_INIT("rt_tgsigqueueinfo"), SPAN_INIT("tgkill"), SPAN_INIT("tkill")}},
	{SPAN_INIT("CAP_MKNOD"), CERTAIN, {SPAN_INIT("mknod"), SPAN_INIT("mknodat")}},
	{SPAN_INIT("CAP_NET_RAW"), VAGUE, {SPAN_INIT("socket"), SPAN_INIT("socketcall")}},
	{SPAN_INIT("CAP_SETFCAP"),
	 CERTAIN,
	 {SPAN_INIT("fsetxattr"), SPAN_INIT("lsetxattr"), SPAN_INIT("setxattr"),
	  SPAN_INIT("setxattrat")}},
	{SPAN_INIT("CAP_SETGID"),
	 CERTAIN,
	 {SPAN_INIT("setfsgid"), SPAN_INIT("setfsgid32"), SPAN_INIT("setgid"),
	  SPAN_INIT("setgid32"), SPAN_INIT("setgroups"), SPAN_INIT("setgroups32"),
	  SPAN_INIT("setregid"), SPAN_INIT("setregid32"), SPAN_INIT("setresgid"),
	  SPAN_INIT("setresgid32")}},
	{SPAN_INIT("CAP_SETPCAP"), VAGUE, {SPAN_INIT("capset"), SPAN_INIT("prctl")}},
	{SPAN_INIT("CAP_SETUID"),
	 CERTAIN,
	 {SPAN_INIT("setfsuid"), SPAN_INIT("setfsuid32"), SPAN_INIT("setresuid"),
	  SPAN_INIT("setresuid32"), SPAN_INIT("setreuid"), SPAN_INIT("setreuid32"),
	  SPAN_INIT("setuid"), SPAN_INIT("setuid32")}},
	{SPAN_INIT("CAP_SYS_CHROOT"), CERTAIN, {SPAN_INIT("chroot"), SPAN_INIT("setns")}},
};

enum { LOW_PORT = 1024 };

static bool
is_possible(size_t row, struct span_list calls)
{
	/* without a list of calls every one is */
	if (table[row].calls[0].n == 0 || calls.count == 0)
		return true;
	for (size_t i = 0; i < COUNT(table[row].calls) && table[row].calls[i].n; i++) {
		if (names_have(calls, table[row].calls[i]))
			return true;
	}
	return false;
}

static bool
has_low_port(const struct limits_input *input)
{
	for (size_t i = 0; i < input->run_count; i++) {
		const struct demands *demands = &input->runs[i]->demands;

		for (size_t k = 0; k < demands->port_count; k++) {
			if (demands->ports[k].number < LOW_PORT)
				return true;
		}
	}
	return false;
}

/* Whether the kernel was watched in each run that knows its calls, and what it asked for. */
static int
asked_by_kernel(const struct limits_input *input, struct limits *limits, bool *ret_known,
		struct span_list *ret, struct err *err)
{
	bool known = true;
	int r = 0;

	*ret = (struct span_list){0};
	for (size_t i = 0; r == 0 && i < input->run_count; i++) {
		const struct demands *demands = &input->runs[i]->demands;

		if (!demands_are_known(demands))
			continue;
		known = known && demands->capabilities_known;
		r = names_unite(*ret, demands->capabilities, limits->arena, ret, err);
	}
	*ret_known = known;
	return r;
}

int
capabilities_derive(const struct limits_input *input, struct limits *limits, struct err *err)
{
	struct span needed[COUNT(table) + 1];
	struct span doubtful[COUNT(table)];
	size_t needed_count = 0;
	size_t doubtful_count = 0;
	struct span_list asked;
	bool low = has_low_port(input);
	bool by_kernel;
	int r = asked_by_kernel(input, limits, &by_kernel, &asked, err);

	if (r < 0)
		return r;
	limits->low_ports_by_sysctl = low && limits->uid != 0;
	limits->method = limits->uid != 0 ? CAPABILITIES_NONE
			 : by_kernel	  ? CAPABILITIES_BY_KERNEL
					  : CAPABILITIES_BY_CALLS;
	for (size_t i = 0; limits->uid == 0 && i < COUNT(table); i++) {
		enum doubt least = by_kernel ? DOUBTFUL : VAGUE;

		if (!is_possible(i, limits->calls[CALLS_SERVICE]) ||
		    (by_kernel && !names_have(asked, table[i].name)))
			continue;
		if (table[i].doubt >= least)
			doubtful[doubtful_count++] = table[i].name;
		else
			needed[needed_count++] = table[i].name;
	}
	/* never asked for where every port is free, as in the runs so far */
	if (low && limits->uid == 0)
		needed[needed_count++] = SPAN("CAP_NET_BIND_SERVICE");
	r = names_sort(needed, needed_count, limits->arena, &limits->capabilities, err);
	return r < 0 ? r
		     : names_sort(doubtful, doubtful_count, limits->arena, &limits->doubtful, err);
}
