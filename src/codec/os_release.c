/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/os_release.h"

#include "base/limits.h"

static const struct {
	struct span name;
	size_t offset;
} fields[] = {
	{SPAN_INIT("ID"), offsetof(struct os_identity, id)},
	{SPAN_INIT("ID_LIKE"), offsetof(struct os_identity, id_like)},
	{SPAN_INIT("VERSION_ID"), offsetof(struct os_identity, version_id)},
	{SPAN_INIT("VERSION_CODENAME"), offsetof(struct os_identity, codename)},
	{SPAN_INIT("PRETTY_NAME"), offsetof(struct os_identity, pretty_name)},
};

static bool
is_name(struct span name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';

		if (!letter && !(i > 0 && c >= '0' && c <= '9'))
			return false;
	}
	return name.n > 0;
}

/* Whether a backslash before `c` is taken away inside double quotes (POSIX shell 2.2.3). */
static bool
is_escapable(char c)
{
	return c == '$' || c == '`' || c == '"' || c == '\\';
}

/*
 * Takes the quotes of a shell word away, in place of `to` (as big as the value). False when a
 * quote stays open, blanks or text a shell would expand stand outside of quotes, or a control
 * byte is in it.
 */
static bool
unquote(struct span value, char *to, size_t *ret_n)
{
	size_t n = 0;
	char quote = 0;

	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if ((unsigned char)c < ' ' && c != '\t')
			return false;
		if (c == quote && quote) {
			quote = 0;
		} else if (!quote && (c == '"' || c == '\'')) {
			quote = c;
		} else if (c == '\\' && quote != '\'') {
			if (++i >= value.n)
				return false;
			if (quote && !is_escapable(value.p[i]))
				to[n++] = '\\';
			to[n++] = value.p[i];
		} else if (!quote && strchr(" \t;&|<>()$`#", c)) {
			return false;
		} else {
			to[n++] = c;
		}
	}
	*ret_n = n;
	return quote == 0;
}

static struct span *
field_of(struct os_identity *identity, struct span name)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (span_equal(name, fields[i].name))
			return (struct span *)(void *)((char *)identity + fields[i].offset);
	}
	return NULL;
}

/* One line; *ret_good is false when it is no assignment. */
static int
read_line(struct span line, struct arena *arena, struct os_identity *identity, bool *ret_good,
	  struct err *err)
{
	struct span value = line;
	struct span name = span_cut(&value, '=');
	struct span *field = field_of(identity, name);
	char *to = arena_alloc(arena, line.n + 1);
	size_t n = 0;

	if (!to)
		return err_memory(err);
	*ret_good = value.p && is_name(name) && unquote(value, to, &n);
	if (*ret_good && field)
		*field = (struct span){to, n};
	return 0;
}

int
os_release_read(struct span text, struct arena *arena, struct os_identity *ret, size_t *ret_faults,
		struct err *err)
{
	struct os_identity identity = {.known = true, .id = SPAN("linux")};
	struct span rest = text;
	size_t faults = 0;

	if (text.n > OS_RELEASE_MAX)
		return err_set(err, ERR_LIMIT, "os-release: %zu bytes (OS_RELEASE_MAX %lu)", text.n,
			       OS_RELEASE_MAX);
	while (rest.p) {
		struct span line = span_trim(span_cut(&rest, '\n'));
		bool good = true;

		if (line.n == 0 || line.p[0] == '#')
			continue;
		int r = read_line(line, arena, &identity, &good, err);
		if (r < 0)
			return r;
		faults += !good;
	}
	*ret = identity;
	*ret_faults = faults;
	return 0;
}
