/* SPDX-License-Identifier: Apache-2.0 */
#include "model/demands.h"

bool
demands_are_known(const struct demands *demands)
{
	return demands->recorder.n > 0 || demands->ports_known || demands->user_known;
}

int
demands_compare_ports(const void *a, const void *b)
{
	const struct demands_port *x = a;
	const struct demands_port *y = b;

	if (x->udp != y->udp)
		return x->udp ? 1 : -1;
	return x->number < y->number ? -1 : x->number > y->number;
}
