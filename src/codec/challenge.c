/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/challenge.h"

#include "base/limits.h"

#include <stddef.h>

static const struct {
	struct span name;
	size_t offset;
} parameters[] = {
	{SPAN_INIT("realm"), offsetof(struct challenge, realm)},
	{SPAN_INIT("service"), offsetof(struct challenge, service)},
	{SPAN_INIT("scope"), offsetof(struct challenge, scope)},
	{SPAN_INIT("error"), offsetof(struct challenge, error)},
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* tchar of RFC 9110, section 5.6.2. */
static bool
is_token_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static bool
is_token68_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~+/", c));
}

static void
skip(struct span *rest, bool commas)
{
	size_t n = 0;

	while (n < rest->n && (is_blank(rest->p[n]) || (commas && rest->p[n] == ',')))
		n++;
	*rest = span_slice(*rest, n, rest->n);
}

static struct span
take(struct span *rest, bool (*is)(char))
{
	size_t n = 0;

	while (n < rest->n && is(rest->p[n]))
		n++;
	struct span taken = span_slice(*rest, 0, n);
	*rest = span_slice(*rest, n, rest->n);
	return taken;
}

/* quoted-string with its escapes undone, into the arena. */
static int
take_quoted(struct span *rest, struct arena *arena, struct span *ret, struct err *err)
{
	char *text = arena_alloc(arena, rest->n + 1);
	size_t n = 0;
	size_t i = 1;

	if (!text)
		return err_memory(err);
	for (; i < rest->n && rest->p[i] != '"'; i++) {
		if (rest->p[i] == '\\' && ++i == rest->n)
			break;
		unsigned char c = (unsigned char)rest->p[i];
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return err_set(err, ERR_INVALID, "a control character in a quoted text");
		text[n++] = (char)c;
	}
	if (i >= rest->n)
		return err_set(err, ERR_INVALID, "a quoted text without an end");
	*rest = span_slice(*rest, i + 1, rest->n);
	*ret = (struct span){text, n};
	return 0;
}

static int
take_value(struct span *rest, struct arena *arena, struct span *ret, struct err *err)
{
	skip(rest, false);
	if (rest->n && rest->p[0] == '"')
		return take_quoted(rest, arena, ret, err);
	struct span token = take(rest, is_token_byte);
	if (token.n == 0)
		return err_set(err, ERR_INVALID, "a parameter without a value");
	*ret = arena_copy(arena, token);
	return ret->p ? 0 : err_memory(err);
}

static void
set_parameter(struct challenge *challenge, struct span name, struct span value)
{
	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
		struct span *to = (struct span *)(void *)((char *)challenge + parameters[i].offset);

		if (span_equal_nocase(name, parameters[i].name) && !to->p)
			*to = value;
	}
}

/* "Negotiate abc==": credentials in place of parameters, of no use here. */
static void
skip_token68(struct span *rest)
{
	struct span probe = *rest;

	skip(&probe, false);
	if (take(&probe, is_token68_byte).n == 0)
		return;
	while (probe.n && probe.p[0] == '=')
		probe = span_slice(probe, 1, probe.n);
	skip(&probe, false);
	if (probe.n == 0 || probe.p[0] == ',')
		*rest = probe;
}

int
challenge_parse(struct span header, struct arena *arena, struct challenge **ret, size_t *ret_count,
		struct err *err)
{
	struct challenge *list = arena_array(arena, CHALLENGES_MAX, sizeof(*list));
	struct span rest = header;
	size_t count = 0;

	if (!list)
		return err_memory(err);
	for (skip(&rest, true); rest.n; skip(&rest, true)) {
		struct span word = take(&rest, is_token_byte);
		struct span after = rest;

		if (word.n == 0)
			return err_set(err, ERR_INVALID, "WWW-Authenticate: malformed");
		skip(&after, false);
		if (after.n && after.p[0] == '=' && count > 0) {
			struct span value = {NULL, 0};

			rest = span_slice(after, 1, after.n);
			if (take_value(&rest, arena, &value, err) < 0)
				return err_wrap(err, "WWW-Authenticate");
			set_parameter(&list[count - 1], word, value);
			continue;
		}
		if (rest.n && !is_blank(rest.p[0]) && rest.p[0] != ',')
			return err_set(err, ERR_INVALID, "WWW-Authenticate: malformed");
		if (count == CHALLENGES_MAX)
			return err_set(err, ERR_LIMIT, "more than %d challenges", CHALLENGES_MAX);
		list[count].scheme = arena_copy(arena, word);
		if (!list[count++].scheme.p)
			return err_memory(err);
		skip_token68(&rest);
	}
	*ret = list;
	*ret_count = count;
	return 0;
}
