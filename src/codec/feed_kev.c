/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/feed_kev.h"

struct reading {
	int (*each)(void *context, struct span id, struct err *err);
	void *context;
	struct feed_tally *tally;
};

static int
read_entry(void *context, struct span key, struct json_view value, struct err *err)
{
	struct reading *reading = context;
	struct err problem = ERR_INIT;
	struct span id;

	(void)key;
	if (!feed_string(value, SPAN("cveID"), &id) || !feed_is_cve(id)) {
		(void)err_set(&problem, ERR_INVALID, "not a CVE id");
		feed_skip(reading->tally, id, &problem);
		return 0;
	}
	int r = reading->each(reading->context, id, err);
	if (r == 0)
		reading->tally->records++;
	return r;
}

int
feed_kev_read(const struct feed_input *input,
	      int (*each)(void *context, struct span id, struct err *err), void *context,
	      struct feed_tally *tally, struct err *err)
{
	struct reading reading = {each, context, tally};

	return feed_each(input, "vulnerabilities", read_entry, NULL, &reading, tally, err);
}
