/* SPDX-License-Identifier: Apache-2.0 */
#include "port/sink.h"

#include "base/fd.h"
#include "port/sink/types.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* A registry comes last: references without a prefix are its own. */
const struct sink_type *const sink_types[] = {
	&sink_oci,
	&sink_docker_archive,
	NULL,
};

static int
unknown(struct span reference, struct err *err)
{
	char list[120];
	size_t n = 0;

	for (size_t i = 0; sink_types[i] && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "",
				      sink_types[i]->syntax);
	return err_set(err, ERR_USAGE, "cannot write to \"%.*s\": an output is one of %s",
		       reference.n > 80 ? 80 : (int)reference.n, reference.p, list);
}

int
sink_open(struct span reference, const struct sink_options *options, struct sink **ret,
	  struct err *err)
{
	struct span rest = reference;
	struct span prefix = span_cut(&rest, ':');

	for (size_t i = 0; rest.p && rest.n > 0 && sink_types[i]; i++) {
		if (span_equal(prefix, span_from(sink_types[i]->prefix)))
			return sink_types[i]->open(rest, options, ret, err);
	}
	return unknown(reference, err);
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
