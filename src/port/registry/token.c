/* SPDX-License-Identifier: Apache-2.0 */
/* Bearer tokens (distribution: spec/auth/token.md and oauth.md). */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "codec/json.h"
#include "port/registry/session.h"

#include <stddef.h>
#include <stdlib.h>

enum {
	LIFE_DEFAULT_S = 60, /* token.md: when expires_in is absent */
	LIFE_MARGIN_S = 10,  /* not to be used up to the last moment */
};

struct token_json {
	struct span token;
	struct span access_token;
	uint64_t expires_in; /* seconds */
};

static const struct json_field token_fields[] = {
	{"token", JSON_FIELD_SPAN, offsetof(struct token_json, token), false},
	{"access_token", JSON_FIELD_SPAN, offsetof(struct token_json, access_token), false},
	{"expires_in", JSON_FIELD_U64, offsetof(struct token_json, expires_in), false},
	{0},
};

/* Credentials go there: https, or this machine where the registry is on this machine too. */
static int
check_realm(const struct session *session, struct span realm, struct err *err)
{
	if (!realm.p || realm.n == 0)
		return err_set(err, ERR_AUTH, "registry %s names no token service",
			       session->domain.p);
	if (span_starts_with(realm, SPAN("https://")))
		return 0;
	if (session->loopback && span_starts_with(realm, SPAN("http://"))) {
		struct span host = span_slice(realm, sizeof("http://") - 1, realm.n);
		size_t n = 0;

		host = span_slice(host, 0, span_find(host, '/'));
		n = span_find_last(host, ':');
		if (n < host.n && host.p[host.n - 1] != ']')
			host = span_slice(host, 0, n);
		if (http_is_loopback(host))
			return 0;
	}
	return err_set(err, ERR_AUTH, "registry %s names a token service without TLS; refused",
		       session->domain.p);
}

static int
add_parameter(struct buf *to, char separator, const char *name, struct span value, struct err *err)
{
	CLEANUP(free_cleanup) char *escaped = http_escape(value);

	if (!escaped)
		return err_memory(err);
	return buf_printf(to, err, "%c%s=%s", separator, name, escaped);
}

/* "repository:NAME:ACTIONS" */
static int
add_scope(struct span repository, const char *actions, struct arena *arena, struct buf *to,
	  struct err *err)
{
	struct span scope =
		arena_printf(arena, "repository:%.*s:%s", SPAN_ARG(repository), actions);

	return scope.p ? add_parameter(to, '&', "scope", scope, err) : err_memory(err);
}

/* As a query; a form takes no second scope, so that a refresh token gets no mount. */
static int
add_service_and_scope(const struct session *session, const struct challenge *challenge,
		      const char *actions, bool form, struct buf *to, struct err *err)
{
	int r = 0;

	if (challenge->service.p)
		r = add_parameter(to, '&', "service", challenge->service, err);
	if (r == 0)
		r = add_scope(session->repository, actions, session->arena, to, err);
	if (r == 0 && session->also.n && !form)
		r = add_scope(session->also, REGISTRY_PULL, session->arena, to, err);
	return r;
}

/* Only what a header value can hold: no way to smuggle another header in. */
static bool
is_header_safe(struct span token)
{
	for (size_t i = 0; i < token.n; i++) {
		if (token.p[i] < '!' || token.p[i] > '~')
			return false;
	}
	return token.n > 0 && token.n < HTTP_CREDENTIAL_MAX;
}

static int
read_token(const struct session *session, const struct http_response *response,
	   struct span *ret_token, uint64_t *ret_until_ms, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct token_json raw = {.expires_in = LIFE_DEFAULT_S};
	struct err parsing = ERR_INIT;

	if (response->status != 200)
		return err_set(err, response->status >= 500 ? ERR_NETWORK : ERR_AUTH,
			       "the token service of registry %s answered %d", session->domain.p,
			       response->status);
	/* parse errors may quote what they failed on: not passed on */
	if (json_parse(buf_span(&response->body), &json, &parsing) < 0 ||
	    json_read(json, token_fields, &raw, session->arena, &parsing) < 0)
		return err_set(err, ERR_AUTH, "the token service of registry %s gave no token",
			       session->domain.p);
	struct span token = raw.token.n ? raw.token : raw.access_token;
	if (!is_header_safe(token))
		return err_set(err, ERR_AUTH, "the token service of registry %s gave no token",
			       session->domain.p);
	uint64_t life_s = raw.expires_in > 86400 ? 86400 : raw.expires_in;
	if (life_s < LIFE_DEFAULT_S)
		life_s = LIFE_DEFAULT_S;
	*ret_token = token;
	*ret_until_ms = clock_ms() + (life_s - LIFE_MARGIN_S) * 1000;
	return 0;
}

/* GET with Basic credentials, or with none for what is public. */
static int
get_request(struct session *session, const struct challenge *challenge, const char *actions,
	    struct buf *url, struct http_request *ret, struct err *err)
{
	const struct credentials *credentials = &session->credentials;
	bool has_query = span_find(challenge->realm, '?') < challenge->realm.n;
	const char *authorization = NULL;

	int r = buf_printf(url, err, "%.*s%sclient_id=mohs", SPAN_ARG(challenge->realm),
			   has_query ? "&" : "?");
	if (r == 0)
		r = add_service_and_scope(session, challenge, actions, false, url, err);
	if (r == 0 && credentials->secret.n) {
		authorization = credentials_basic(credentials, session->arena).p;
		if (!authorization)
			return err_memory(err);
	}
	if (r < 0)
		return r;
	*ret = (struct http_request){
		.method = "GET", .url = url->p, .authorization = authorization};
	return 0;
}

/* POST with a refresh token (oauth.md). */
static int
post_request(struct session *session, const struct challenge *challenge, const char *actions,
	     struct buf *url, struct buf *form, struct http_request *ret, struct err *err)
{
	int r = buf_append(url, challenge->realm, err);

	if (r == 0)
		r = buf_printf(form, err, "grant_type=refresh_token&client_id=mohs");
	if (r == 0)
		r = add_service_and_scope(session, challenge, actions, true, form, err);
	if (r == 0)
		r = add_parameter(form, '&', "refresh_token", session->credentials.identity, err);
	if (r < 0)
		return r;
	*ret = (struct http_request){.method = "POST",
				     .url = url->p,
				     .body = buf_span(form),
				     .body_type = "application/x-www-form-urlencoded"};
	return 0;
}

int
token_fetch(struct session *session, const struct challenge *challenge, const char *actions,
	    struct span *ret_token, uint64_t *ret_until_ms, struct err *err)
{
	enum { URL_MAX = 16384 };
	CLEANUP(buf_cleanup) struct buf url = BUF_INIT(URL_MAX);
	CLEANUP(buf_cleanup) struct buf form = BUF_INIT(4UL * HTTP_CREDENTIAL_MAX);
	struct http_exchange exchange = {0};
	int r = check_realm(session, challenge->realm, err);

	if (r == 0 && session->credentials.identity.n)
		r = post_request(session, challenge, actions, &url, &form, &exchange.request, err);
	else if (r == 0)
		r = get_request(session, challenge, actions, &url, &exchange.request, err);
	if (r < 0)
		return r;
	exchange.request.body_max = TOKEN_MAX;
	r = http_run(session->http, &exchange, 1, 1, err);
	if (r == 0)
		r = read_token(session, &exchange.response, ret_token, ret_until_ms, err);
	http_response_free(&exchange.response);
	return r;
}
