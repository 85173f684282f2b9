/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/known_program.h"

#include "base/ascii.h"
#include "codec/glob.h"

enum {
	/* Redis: the time of its build (10), whether it was changed (1), its commit (8) */
	BUILD_ID_DIGITS = 19,
	BUILD_ID_MAX = 200,
};

static const struct known_rule rules[] = {
	{
		.name = SPAN_INIT("apache"),
		.files = {SPAN_INIT("httpd"), SPAN_INIT("apache2")},
		.before = SPAN_INIT("Apache/"),
		.parts = 3,
	},
	{
		.name = SPAN_INIT("busybox"),
		.files = {SPAN_INIT("busybox")},
		.before = SPAN_INIT("BusyBox v"),
		.parts = 3,
	},
	{
		.name = SPAN_INIT("haproxy"),
		.files = {SPAN_INIT("haproxy")},
		.before = SPAN_INIT(" version "),
		.behind = SPAN_INIT(", released "),
		.between = 40,
		.parts = 2,
	},
	{
		.name = SPAN_INIT("java"),
		.files = {SPAN_INIT("libjvm.so")},
		.before = SPAN_INIT(" JRE ("),
		.parts = 1,
	},
	{
		.name = SPAN_INIT("lighttpd"),
		.files = {SPAN_INIT("lighttpd")},
		.before = SPAN_INIT("lighttpd/"),
		.parts = 3,
	},
	{
		.name = SPAN_INIT("mariadb"),
		.files = {SPAN_INIT("mariadbd"), SPAN_INIT("mysqld")},
		.behind = SPAN_INIT("-MariaDB\0"),
		.parts = 3,
	},
	{
		.name = SPAN_INIT("memcached"),
		.files = {SPAN_INIT("memcached")},
		.before = SPAN_INIT("memcached "),
		.parts = 3,
	},
	{
		.name = SPAN_INIT("nginx"),
		.files = {SPAN_INIT("nginx"), SPAN_INIT("nginx-debug")},
		.before = SPAN_INIT("nginx version: nginx/"),
		.parts = 3,
	},
	{
		.name = SPAN_INIT("node"),
		.files = {SPAN_INIT("node"), SPAN_INIT("nodejs"), SPAN_INIT("libnode.so*")},
		.before = SPAN_INIT("node.js/v"),
		.parts = 3,
		.quiet = true,
	},
	{
		.name = SPAN_INIT("openssl"),
		.files = {SPAN_INIT("libcrypto.so*"), SPAN_INIT("libcrypto-*.so*"),
			  SPAN_INIT("openssl")},
		.before = SPAN_INIT("OpenSSL "),
		.behind = SPAN_INIT(" "),
		.parts = 3,
		.quiet = true,
	},
	{
		.name = SPAN_INIT("perl"),
		.files = {SPAN_INIT("perl"), SPAN_INIT("perl5*"), SPAN_INIT("libperl.so*")},
		.before = SPAN_INIT("\0v"),
		.behind = SPAN_INIT("\0"),
		.parts = 3,
		.quiet = true,
	},
	{
		.name = SPAN_INIT("php"),
		.files = {SPAN_INIT("php"), SPAN_INIT("php[5-9]*"), SPAN_INIT("php-*"),
			  SPAN_INIT("libphp*.so")},
		.before = SPAN_INIT("X-Powered-By: PHP/"),
		.parts = 3,
	},
	{
		.name = SPAN_INIT("postgresql"),
		.files = {SPAN_INIT("postgres")},
		.before = SPAN_INIT("(PostgreSQL) "),
		.parts = 1,
	},
	{
		.name = SPAN_INIT("python"),
		.files = {SPAN_INIT("python[23].*"), SPAN_INIT("libpython[23].*")},
		.behind = SPAN_INIT("\0"),
		.parts = 3,
		.series = true,
		.quiet = true,
	},
	{
		.name = SPAN_INIT("redis"),
		.files = {SPAN_INIT("redis-server"), SPAN_INIT("redis-check-aof"),
			  SPAN_INIT("redis-check-rdb"), SPAN_INIT("redis-sentinel")},
		.parts = 3,
		.build_id = true,
	},
	{
		.name = SPAN_INIT("ruby"),
		.files = {SPAN_INIT("ruby"), SPAN_INIT("ruby[2-9]*"), SPAN_INIT("libruby*.so*")},
		.before = SPAN_INIT("ruby "),
		.parts = 3,
		.quiet = true,
	},
};

const struct known_rule *
known_rule_find(struct span path)
{
	struct span name = span_base_name(path);

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		for (size_t k = 0; k < 4 && rules[i].files[k].n; k++) {
			if (glob_match(rules[i].files[k], name))
				return &rules[i];
		}
	}
	return NULL;
}

/* The first run of digits and points between digits: "3.12" of "libpython3.12.so.1.0". */
static struct span
series_of(struct span path)
{
	struct span name = span_base_name(path);
	size_t from = 0;

	while (from < name.n && !ascii_is_digit(name.p[from]))
		from++;
	size_t to = from;
	while (to < name.n &&
	       (ascii_is_digit(name.p[to]) ||
		(name.p[to] == '.' && to + 1 < name.n && ascii_is_digit(name.p[to + 1]))))
		to++;
	return span_slice(name, from, to);
}

void
known_scan_start(const struct known_rule *rule, struct span path, struct known_scan *ret)
{
	*ret = (struct known_scan){.rule = rule, .series = SPAN("")};
	if (rule->series)
		ret->series = series_of(path);
}

/* ---- versions ---- */

static bool
is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

/* One letter alone, or that of an early release and its number: "1.1.1w", "3.13.0a1". */
static size_t
letter_at(struct span rest)
{
	size_t n = 1;

	if (rest.p[0] <= 'c') {
		while (n < rest.n && ascii_is_digit(rest.p[n]))
			n++;
	}
	return n < rest.n && (is_letter(rest.p[n]) || ascii_is_digit(rest.p[n])) ? 0 : n;
}

/* "rc1", "-rc.2", "beta3", "_392", "w": what numbers may have behind them. */
static size_t
stage_at(struct span s, size_t at)
{
	static const struct span words[] = {
		SPAN_INIT("-alpha"), SPAN_INIT("-beta"), SPAN_INIT("-dev"),
		SPAN_INIT("-pre"),   SPAN_INIT("-rc"),	 SPAN_INIT("_"),
		SPAN_INIT("alpha"),  SPAN_INIT("beta"),	 SPAN_INIT("rc"),
	};
	struct span rest = span_slice(s, at, s.n);
	size_t n = 0;

	for (size_t i = 0; n == 0 && i < sizeof(words) / sizeof(words[0]); i++) {
		if (span_starts_with(rest, words[i]))
			n = words[i].n;
	}
	if (n == 0)
		return rest.n > 0 && is_letter(rest.p[0]) ? letter_at(rest) : 0;
	size_t digits = n;
	if (digits < rest.n && rest.p[digits] == '.')
		digits++;
	size_t first = digits;
	while (digits < rest.n && ascii_is_digit(rest.p[digits]))
		digits++;
	return digits > first ? digits : 0;
}

/* Length of the version that `s` begins with, 0: none; *ret_parts: how many numbers. */
static size_t
numbers_at(struct span s, size_t *ret_parts)
{
	size_t at = 0;

	*ret_parts = 0;
	while (at < s.n && ascii_is_digit(s.p[at])) {
		while (at < s.n && ascii_is_digit(s.p[at]))
			at++;
		++*ret_parts;
		if (at + 1 >= s.n || s.p[at] != '.' || !ascii_is_digit(s.p[at + 1]))
			break;
		at++;
	}
	return at;
}

/*
 * Redis runs into one text its version, the machine and the time of its build, and its commit: a
 * name with a dash behind it, or none, and digits. Which part of that is the version; 0: it is
 * none.
 */
static size_t
without_build_id(struct span text, size_t n)
{
	size_t end = n;
	size_t digits = 0;

	while (end < text.n && text.p[end] > ' ' && text.p[end] < 0x7f && end - n < BUILD_ID_MAX)
		end++;
	if (end == text.n || text.p[end] != '\0')
		return 0;
	while (digits < end && ascii_is_digit(text.p[end - 1 - digits]))
		digits++;
	if (digits < BUILD_ID_DIGITS)
		return 0;
	if (end == n)
		return digits > BUILD_ID_DIGITS ? n - BUILD_ID_DIGITS : 0;
	return text.p[end - 1 - digits] == '-' ? n : 0;
}

static bool
ends_well(const struct known_rule *rule, struct span rest)
{
	if (rule->behind.n == 0)
		return true;
	for (size_t i = 0; i <= rule->between && i < rest.n; i++) {
		if (span_starts_with(span_slice(rest, i, rest.n), rule->behind))
			return true;
		if (rest.p[i] == '\0')
			return false;
	}
	return false;
}

static void
add(struct known_scan *scan, struct span version)
{
	struct known_version *to = &scan->versions[scan->count];

	for (size_t i = 0; i < scan->count; i++) {
		if (span_equal(version, (struct span){scan->versions[i].text, scan->versions[i].n}))
			return;
	}
	if (scan->count == KNOWN_VERSIONS_MAX || version.n > KNOWN_VERSION_MAX)
		return;
	memcpy(to->text, version.p, version.n);
	to->text[version.n] = '\0';
	to->n = version.n;
	scan->count++;
}

/* What stands behind `before`. */
static void
take(struct known_scan *scan, struct span text, bool last)
{
	const struct known_rule *rule = scan->rule;
	size_t parts = 0;
	size_t n = numbers_at(text, &parts);

	if (n == 0 || parts < rule->parts || (!last && text.n - n < KNOWN_OVERLAP / 2))
		return;
	if (rule->build_id)
		n = without_build_id(text, n);
	else
		n += stage_at(text, n);
	struct span version = span_slice(text, 0, n);
	bool in_series = scan->series.n == 0 ||
			 (n > scan->series.n && span_starts_with(version, scan->series) &&
			  version.p[scan->series.n] == '.');

	if (n > 0 && in_series && ends_well(rule, span_slice(text, n, text.n)))
		add(scan, version);
}

/* The next place where a version may begin; NULL: there is none. */
static const char *
find_start(const struct known_rule *rule, const char *from, const char *at, const char *end)
{
	if (rule->before.n > 0) {
		const char *found = memmem(at, (size_t)(end - at), rule->before.p, rule->before.n);

		return found ? found + rule->before.n : NULL;
	}
	for (; at < end; at++) {
		bool inside = at > from && (ascii_is_digit(at[-1]) || at[-1] == '.');

		if (ascii_is_digit(*at) && !inside)
			return at;
	}
	return NULL;
}

void
known_scan_feed(struct known_scan *scan, struct span bytes, bool last)
{
	const char *end = bytes.p + bytes.n;
	const char *at = bytes.p;

	while (bytes.n && at < end) {
		const char *text = find_start(scan->rule, bytes.p, at, end);

		if (!text)
			return;
		if (text < end && ascii_is_digit(*text))
			take(scan, (struct span){text, (size_t)(end - text)}, last);
		at = text + (scan->rule->before.n == 0);
	}
}

bool
known_scan_version(const struct known_scan *scan, struct span *ret)
{
	if (scan->count != 1)
		return false;
	*ret = (struct span){scan->versions[0].text, scan->versions[0].n};
	return true;
}
