/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/nsswitch.h"

static bool
ends_service(char c)
{
	return c == ' ' || c == '\t' || c == '[';
}

static int
read_services(struct span database, struct span services, nsswitch_visit visit, void *context,
	      struct err *err)
{
	int r = 0;

	while (r == 0) {
		size_t at = 0;

		services = span_trim(services);
		if (services.n == 0)
			break;
		if (services.p[0] == '[') {
			at = span_find(services, ']');
			services = span_slice(services, at < services.n ? at + 1 : at, services.n);
			continue;
		}
		while (at < services.n && !ends_service(services.p[at]))
			at++;
		r = visit(context, database, span_slice(services, 0, at), err);
		services = span_slice(services, at, services.n);
	}
	return r;
}

int
nsswitch_read(struct span text, nsswitch_visit visit, void *context, struct err *err)
{
	int r = 0;

	while (r == 0 && text.p) {
		struct span line = span_cut(&text, '\n');
		struct span services = span_slice(line, 0, span_find(line, '#'));
		struct span database = span_trim(span_cut(&services, ':'));

		if (services.p && database.n)
			r = read_services(database, services, visit, context, err);
	}
	return r;
}
