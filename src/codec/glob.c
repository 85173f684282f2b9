/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/glob.h"

/* A set after its '[': whether `byte` is in it; *at moves behind the ']'. False there: malformed.
 */
static bool
match_set(struct span pattern, size_t *at, char byte, bool *ret_in)
{
	size_t i = *at;
	bool negated = i < pattern.n && (pattern.p[i] == '!' || pattern.p[i] == '^');
	bool in = false;

	if (negated)
		i++;
	for (size_t first = i; i < pattern.n && (pattern.p[i] != ']' || i == first); i++) {
		char low = pattern.p[i];
		char high = low;

		if (i + 2 < pattern.n && pattern.p[i + 1] == '-' && pattern.p[i + 2] != ']') {
			high = pattern.p[i + 2];
			i += 2;
		}
		in = in || (byte >= low && byte <= high);
	}
	if (i >= pattern.n)
		return false;
	*at = i + 1;
	*ret_in = in != negated && byte != '/';
	return true;
}

int
glob_check(struct span pattern, struct err *err)
{
	if (pattern.n == 0 || (pattern.p[0] != '/' && !span_starts_with(pattern, SPAN("**"))))
		return err_set(err, ERR_INVALID, "glob \"%.*s\" does not start with / or **",
			       pattern.n > 100 ? 100 : (int)pattern.n, pattern.n ? pattern.p : "");
	for (size_t i = 0; i < pattern.n;) {
		bool in;
		char byte = pattern.p[i++];

		if (byte == '\\' && i++ >= pattern.n)
			return err_set(err, ERR_INVALID, "glob \"%.*s\" ends in a backslash",
				       pattern.n > 100 ? 100 : (int)pattern.n, pattern.p);
		if (byte == '[' && !match_set(pattern, &i, 'a', &in))
			return err_set(err, ERR_INVALID, "glob \"%.*s\" has a [ without ]",
				       pattern.n > 100 ? 100 : (int)pattern.n, pattern.p);
	}
	return 0;
}

/* One pattern element that takes exactly one byte of the path; false when it does not. */
static bool
match_one(struct span pattern, size_t *at, char byte)
{
	char want = pattern.p[(*at)++];
	bool in = false;

	switch (want) {
	case '?':
		return byte != '/';
	case '[':
		return match_set(pattern, at, byte, &in) && in;
	case '\\':
		return *at < pattern.n && pattern.p[(*at)++] == byte;
	default:
		return want == byte;
	}
}

/* Where to go on when the rest does not match: behind a star, with one more byte eaten. */
struct retry {
	size_t pattern;
	size_t path;
	bool set;
};

/*
 * Linear-time-per-star matching with two retry points: the last `*` (which stops at a slash) and
 * the last `**` (which does not). A later star makes an earlier one of its kind irrelevant.
 */
bool
glob_match(struct span pattern, struct span path)
{
	struct retry star = {0};
	struct retry deep = {0};
	size_t i = 0;
	size_t at = 0;

	if (pattern.n && pattern.p[0] == '/' && span_is_below(path, pattern))
		return true;
	for (;;) {
		if (span_starts_with(span_slice(pattern, at, pattern.n), SPAN("**"))) {
			at += 2;
			deep = (struct retry){at, i, true};
			star.set = false;
			continue;
		}
		if (at < pattern.n && pattern.p[at] == '*') {
			star = (struct retry){++at, i, true};
			continue;
		}
		if (i == path.n && at == pattern.n)
			return true;

		size_t next = at;
		if (i < path.n && at < pattern.n && match_one(pattern, &next, path.p[i])) {
			at = next;
			i++;
		} else if (star.set && star.path < path.n && path.p[star.path] != '/') {
			i = ++star.path;
			at = star.pattern;
		} else if (deep.set && deep.path < path.n) {
			i = ++deep.path;
			at = deep.pattern;
			star.set = false;
		} else {
			return false;
		}
	}
}
