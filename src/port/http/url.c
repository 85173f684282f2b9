/* SPDX-License-Identifier: Apache-2.0 */
/* URLs: which may be used, and to what origin they belong. */
#include "port/http/parts.h"

#include "base/ascii.h"
#include "base/cleanup.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

bool
http_is_loopback(struct span host)
{
	char text[INET6_ADDRSTRLEN];
	struct in_addr four;
	struct in6_addr six;

	if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = span_slice(host, 1, host.n - 1);
	if (span_equal_nocase(host, SPAN("localhost")))
		return true;
	if (host.n == 0 || host.n >= sizeof(text))
		return false;
	(void)snprintf(text, sizeof(text), "%.*s", SPAN_ARG(host));
	if (inet_pton(AF_INET, text, &four) == 1)
		return ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
	return inet_pton(AF_INET6, text, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

char *
http_escape(struct span text)
{
	static const char hex[] = "0123456789ABCDEF";
	char *out = malloc(text.n * 3 + 1);
	size_t n = 0;

	if (!out)
		return NULL;
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || (c && strchr("-._~/", c));

		if (plain) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '%';
		out[n++] = hex[c >> 4];
		out[n++] = hex[c & 15];
	}
	out[n] = '\0';
	return out;
}

static int
read_part(CURLU *url, CURLUPart part, unsigned flags, char *to, size_t size)
{
	char *text = NULL;

	if (curl_url_get(url, part, &text, flags) != CURLUE_OK || strlen(text) >= size) {
		curl_free(text);
		return -1;
	}
	(void)snprintf(to, size, "%s", text);
	curl_free(text);
	return 0;
}

static int
read_origin(CURLU *url, struct origin *ret)
{
	char scheme[16];
	char port[16];

	if (read_part(url, CURLUPART_SCHEME, 0, scheme, sizeof(scheme)) < 0 ||
	    read_part(url, CURLUPART_HOST, 0, ret->host, sizeof(ret->host)) < 0 ||
	    read_part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, sizeof(port)) < 0)
		return -1;
	char *user = NULL;
	bool has_user = curl_url_get(url, CURLUPART_USER, &user, 0) != CURLUE_NO_USER;
	curl_free(user);
	if (has_user)
		return -1;
	ret->https = strcmp(scheme, "https") == 0;
	if (!ret->https && strcmp(scheme, "http") != 0)
		return -1;
	ret->port = (unsigned)strtoul(port, NULL, 10);
	for (char *c = ret->host; *c; c++)
		*c = ascii_lower(*c);
	return 0;
}

int
origin_of(const struct http *http, const char *url, struct origin *ret, struct err *err)
{
	CURLU *parts = curl_url();
	struct origin origin = {0};
	int r = -1;

	if (!parts)
		return err_memory(err);
	if (curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK)
		r = read_origin(parts, &origin);
	curl_url_cleanup(parts);
	if (r < 0)
		return err_set(err, ERR_NETWORK, "not a usable URL (http or https, no user name)");
	if (!origin.https && !http->options.plain_http && !http->options.unix_socket &&
	    !http_is_loopback(span_from(origin.host)))
		return err_set(err, ERR_NETWORK, "refusing plain HTTP to %s", origin.host);
	*ret = origin;
	return 0;
}

bool
origin_equal(const struct origin *a, const struct origin *b)
{
	return a->https == b->https && a->port == b->port && strcmp(a->host, b->host) == 0;
}

static void
url_cleanup(CURLU **url)
{
	curl_url_cleanup(*url);
}

static int
parse_origin(const char *text, struct origin *ret)
{
	CLEANUP(url_cleanup) CURLU *url = curl_url();

	if (!url || curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK)
		return -1;
	return read_origin(url, ret);
}

bool
http_same_origin(const char *a, const char *b)
{
	struct origin first = {0};
	struct origin second = {0};

	return parse_origin(a, &first) == 0 && parse_origin(b, &second) == 0 &&
	       origin_equal(&first, &second);
}

int
http_resolve(const char *base, struct span location, const char *query, struct arena *arena,
	     const char **ret, struct err *err)
{
	CLEANUP(url_cleanup) CURLU *url = curl_url();
	struct span relative = arena_copy(arena, location);
	struct span text;
	struct origin from = {0};
	struct origin to = {0};
	char *whole = NULL;

	if (!url || !relative.p)
		return err_memory(err);
	if (relative.n == 0 || strlen(relative.p) != relative.n ||
	    curl_url_set(url, CURLUPART_URL, base, 0) != CURLUE_OK || read_origin(url, &from) < 0 ||
	    curl_url_set(url, CURLUPART_URL, relative.p, 0) != CURLUE_OK ||
	    read_origin(url, &to) < 0 ||
	    (query && curl_url_set(url, CURLUPART_QUERY, query, CURLU_APPENDQUERY) != CURLUE_OK) ||
	    curl_url_get(url, CURLUPART_URL, &whole, 0) != CURLUE_OK)
		return err_set(err, ERR_NETWORK, "the answer leads to no usable place");
	text = arena_copy(arena, span_from(whole));
	curl_free(whole);
	if (!text.p)
		return err_memory(err);
	if (from.https && !to.https)
		return err_set(err, ERR_NETWORK,
			       "the answer leads from https to plain HTTP; refused");
	*ret = text.p;
	return 0;
}
