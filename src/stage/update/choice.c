/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update/choice.h"

#include "stage/update/feeds.h"

static bool
is_listed(const char *list, struct span name)
{
	struct span rest = span_from(list);

	while (rest.p) {
		if (span_equal(span_trim(span_cut(&rest, ',')), name))
			return true;
	}
	return false;
}

static int
check_list(const char *list, struct err *err)
{
	struct span rest = span_from(list);

	while (rest.p) {
		struct span name = span_trim(span_cut(&rest, ','));
		size_t i = 0;

		while (i < FEEDS && !span_equal(name, span_from(feed_types[i].name)))
			i++;
		if (i == FEEDS)
			return err_set(err, ERR_USAGE,
				       "there is no feed \"%.*s\"; man mohs-db lists them",
				       (int)(name.n < 60 ? name.n : 60), name.n ? name.p : "");
	}
	return 0;
}

int
choice_check(const struct update_options *options, struct err *err)
{
	int r = options->only ? check_list(options->only, err) : 0;

	if (r == 0 && options->skip)
		r = check_list(options->skip, err);
	return r;
}

bool
choice_has(const struct update_options *options, const char *feed)
{
	struct span name = span_from(feed);

	return (!options->only || is_listed(options->only, name)) &&
	       !(options->skip && is_listed(options->skip, name));
}
