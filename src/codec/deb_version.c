/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/deb_version.h"

#include "base/ascii.h"

#include <limits.h>

static bool
is_number(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_is_digit(s.p[i]))
			return false;
	}
	return s.n > 0;
}

static struct deb_version
split(struct span text)
{
	struct deb_version version = {.upstream = span_trim(text)};
	size_t colon = span_find(version.upstream, ':');

	if (colon < version.upstream.n && is_number(span_slice(version.upstream, 0, colon))) {
		version.epoch = span_slice(version.upstream, 0, colon);
		version.upstream = span_slice(version.upstream, colon + 1, version.upstream.n);
	}
	size_t dash = span_find_last(version.upstream, '-');
	if (dash < version.upstream.n) {
		version.revision = span_slice(version.upstream, dash + 1, version.upstream.n);
		version.upstream = span_slice(version.upstream, 0, dash);
	}
	return version;
}

static bool
only_holds(struct span s, const char *punctuation)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_is_digit(s.p[i]) && !ascii_is_letter(s.p[i]) &&
		    (s.p[i] == '\0' || !strchr(punctuation, s.p[i])))
			return false;
	}
	return true;
}

int
deb_version_parse(struct span text, struct deb_version *ret, struct err *err)
{
	struct span whole = span_trim(text);
	struct deb_version version = split(whole);
	bool revised = span_find(whole, '-') < whole.n;
	uint64_t epoch = 0;

	if (whole.n == 0)
		return err_set(err, ERR_INVALID, "the version is empty");
	if (version.epoch.n == 0 && span_find(whole, ':') < whole.n)
		return err_set(err, ERR_INVALID, "version: the epoch is no number");
	if (version.epoch.n && (!span_to_u64(version.epoch, &epoch) || epoch > INT_MAX))
		return err_set(err, ERR_INVALID, "version: the epoch is too big");
	if (version.upstream.n == 0)
		return err_set(err, ERR_INVALID, "version: nothing stands before the revision");
	if (revised && version.revision.n == 0)
		return err_set(err, ERR_INVALID, "version: the revision is empty");
	if (!only_holds(version.upstream, ".-+~:"))
		return err_set(err, ERR_INVALID, "version: invalid character");
	if (revised && !only_holds(version.revision, ".+~"))
		return err_set(err, ERR_INVALID, "version: invalid character in the revision");
	*ret = version;
	return 0;
}

/* Weight of the byte at `i`; the end and digits weigh 0, `~` less than the end. */
static int
weight(struct span s, size_t i)
{
	if (i >= s.n || ascii_is_digit(s.p[i]))
		return 0;
	if (ascii_is_letter(s.p[i]))
		return s.p[i];
	return s.p[i] == '~' ? -1 : (unsigned char)s.p[i] + 256;
}

/* The digits at *at without leading zeroes; *at moves behind them. */
static struct span
take_number(struct span s, size_t *at)
{
	while (*at < s.n && s.p[*at] == '0')
		(*at)++;
	size_t from = *at;
	while (*at < s.n && ascii_is_digit(s.p[*at]))
		(*at)++;
	return span_slice(s, from, *at);
}

/* Numbers of any length, without leading zeroes. */
static int
compare_numbers(struct span a, struct span b)
{
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return span_compare(a, b);
}

/* deb-version(7), "Sorting algorithm": text and numbers by turns. */
static int
compare_part(struct span a, struct span b)
{
	size_t i = 0;
	size_t k = 0;

	while (i < a.n || k < b.n) {
		while ((i < a.n && !ascii_is_digit(a.p[i])) ||
		       (k < b.n && !ascii_is_digit(b.p[k]))) {
			int order = weight(a, i) - weight(b, k);
			if (order != 0)
				return order;
			i++;
			k++;
		}
		int order = compare_numbers(take_number(a, &i), take_number(b, &k));
		if (order != 0)
			return order;
	}
	return 0;
}

int
deb_version_compare(struct span a, struct span b)
{
	struct deb_version left = split(a);
	struct deb_version right = split(b);
	int order = compare_part(left.epoch, right.epoch);

	if (order == 0)
		order = compare_part(left.upstream, right.upstream);
	return order ? order : compare_part(left.revision, right.revision);
}
