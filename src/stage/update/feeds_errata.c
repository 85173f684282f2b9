/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update/feeds_errata.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/affected.h"
#include "codec/feed_errata.h"

struct importing {
	struct feed_import *import;
	struct buf key;
	struct buf affected;
};

static void
importing_cleanup(struct importing *importing)
{
	buf_cleanup(&importing->key);
	buf_cleanup(&importing->affected);
}

static int
add_record(void *context, const struct feed_errata_record *record, struct err *err)
{
	struct importing *importing = context;
	const char *release = importing->import->document->release;
	struct affected interval = {.from = {"", 0}, .to = record->fixed};
	struct advisory advisory = {.id = record->id,
				    .state = ADVISORY_RANGES,
				    .fixed = SPAN(""),
				    .urgency = SPAN(""),
				    .reason = SPAN(""),
				    .note = SPAN(""),
				    .severity = record->severity,
				    .vector = SPAN("")};
	struct err problem = ERR_INIT;

	importing->key.n = 0;
	importing->affected.n = 0;
	int r = affected_put(&interval, &importing->affected, &problem);
	if (r == 0 && !release && record->release.n == 0)
		r = err_set(&problem, ERR_INVALID, "%.*s is of no release",
			    SPAN_ARG(record->package));
	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r < 0) {
		feed_skip(&importing->import->tally, record->id, &problem);
		return 0;
	}
	advisory.affected = buf_span(&importing->affected);
	r = buf_printf(&importing->key, err, "%.*s%s%.*s", SPAN_ARG(record->module),
		       record->module.n > 0 ? "/" : "", SPAN_ARG(record->package));
	return r < 0 ? r
		     : advisories_build_advisory(importing->import->builder,
						 importing->import->type->distribution,
						 release ? span_from(release) : record->release,
						 buf_span(&importing->key), &advisory, err);
}

static int
import_errata(struct feed_import *import, const struct feed_input *input,
	      int (*read)(const struct feed_input *input, feed_errata_visitor *each, void *context,
			  struct feed_tally *tally, struct err *err),
	      struct err *err)
{
	CLEANUP(importing_cleanup)
	struct importing importing = {
		.import = import, .key = BUF_INIT(2 * KIB), .affected = BUF_INIT(KIB)};

	return read(input, add_record, &importing, &import->tally, err);
}

int
import_updateinfo(struct feed_import *import, const struct feed_input *input, struct err *err)
{
	return import_errata(import, input, feed_updateinfo_read, err);
}

int
import_oval(struct feed_import *import, const struct feed_input *input, struct err *err)
{
	return import_errata(import, input, feed_oval_read, err);
}
