/* SPDX-License-Identifier: Apache-2.0 */
#include "port/sink.h"

#include "base/fd.h"
#include "codec/reference.h"
#include "port/sink/types.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* A registry comes last: references without a prefix are its own. */
static const struct sink_type *const sink_types[] = {
	&sink_oci,
	&sink_docker_archive,
	&sink_registry,
	NULL,
};

static int
unknown(struct span reference, struct err *err)
{
	char list[160];
	size_t n = 0;

	for (size_t i = 0; sink_types[i] && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "",
				      sink_types[i]->syntax);
	return err_set(err, ERR_USAGE, "cannot write to \"%.*s\": an output is one of %s",
		       reference.n > 80 ? 80 : (int)reference.n, reference.p, list);
}

/*
 * "host/name" or "host/name:tag", with the host spelled out: an output that is mistyped must not
 * become a name on docker.io.
 */
static bool
names_repository(struct span reference)
{
	struct span rest = reference;
	struct span host = span_cut(&rest, '/');

	return rest.p && !span_starts_with(host, SPAN(".")) &&
	       (span_find(host, '.') < host.n || span_find(host, ':') + 1 < host.n ||
		span_equal(host, SPAN("localhost")));
}

int
sink_open(struct span reference, const struct sink_options *options, struct sink **ret,
	  struct err *err)
{
	struct span rest;
	struct span prefix = reference_transport(reference, &rest);

	for (size_t i = 0; prefix.n && rest.n && sink_types[i]; i++) {
		if (span_equal(prefix, span_from(sink_types[i]->prefix)))
			return sink_types[i]->open(rest, options, ret, err);
	}
	if (!names_repository(reference))
		return unknown(reference, err);
	return sink_registry.open(reference, options, ret, err);
}

bool
sink_is_registry(struct span reference)
{
	struct span rest;
	struct span prefix = reference_transport(reference, &rest);

	for (size_t i = 0; prefix.n && sink_types[i]; i++) {
		if (span_equal(prefix, span_from(sink_types[i]->prefix)))
			return sink_types[i] == &sink_registry;
	}
	return names_repository(reference);
}

int
sink_rewind(struct sink *sink, struct err *err)
{
	if (ftruncate(sink->fd, (off_t)sink->start) < 0 ||
	    lseek(sink->fd, (off_t)sink->start, SEEK_SET) < 0)
		return err_sys(err, ERR_IO, errno, "cannot rewind %s", sink->reference.p);
	return 0;
}

void
sink_free(struct sink *sink)
{
	if (sink)
		sink->free(sink);
}

void
sink_cleanup(struct sink **sink)
{
	sink_free(*sink);
	*sink = NULL;
}
