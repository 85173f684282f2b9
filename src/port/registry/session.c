/* SPDX-License-Identifier: Apache-2.0 */
#include "port/registry/session.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "codec/json.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum { ACTIONS_MAX = 8 };

void
session_close(struct session *session)
{
	vec_free(&session->authorizations);
	http_free(session->http);
	arena_free(session->arena);
	*session = (struct session){0};
}

/* The host that speaks the API; docker.io is only a name. */
static struct span
api_host(struct span domain)
{
	return span_equal(domain, SPAN("docker.io")) ? SPAN("registry-1.docker.io") : domain;
}

/* Asks /v2/ whether anybody is there; any answer will do. */
static int
ping(struct session *session, bool only_look, bool *ret_not_tls, struct err *err)
{
	struct span url = arena_printf(session->arena, "%s/v2/", session->base.p);
	struct http_exchange exchange = {
		.request = {.method = "GET",
			    .url = url.p,
			    .body_max = HTTP_ERROR_BODY_MAX,
			    .once = only_look},
	};

	if (!url.p)
		return err_memory(err);
	int r = http_run(session->http, &exchange, 1, 1, err);
	*ret_not_tls = exchange.response.not_tls;
	http_response_free(&exchange.response);
	return r;
}

static int
set_base(struct session *session, bool https, struct err *err)
{
	session->https = https;
	session->base = arena_printf(session->arena, "%s://%.*s", https ? "https" : "http",
				     SPAN_ARG(api_host(session->domain)));
	return session->base.p ? 0 : err_memory(err);
}

static int
find_scheme(struct session *session, bool plain_http, struct err *err)
{
	bool may_be_plain = session->loopback || plain_http;
	bool not_tls = false;
	int r = set_base(session, true, err);

	if (r == 0)
		r = ping(session, may_be_plain, &not_tls, err);
	if (r < 0 && may_be_plain && not_tls) {
		*err = (struct err)ERR_INIT;
		r = set_base(session, false, err);
		if (r == 0)
			r = ping(session, false, &not_tls, err);
	} else if (r < 0 && not_tls) {
		return err_wrap(err, "no TLS there (plain HTTP has to be asked for)");
	}
	return r;
}

int
session_open(const struct reference *reference, const struct http_options *options,
	     struct session *ret, struct err *err)
{
	struct session session = {.arena = arena_new(0)};
	struct span host;
	int r;

	if (!session.arena)
		return err_memory(err);
	session.domain = arena_copy(session.arena, reference->domain);
	session.repository = arena_copy(session.arena, reference->repository);
	if (!session.domain.p || !session.repository.p) {
		session_close(&session);
		return err_memory(err);
	}
	host = session.domain;
	size_t colon = span_find_last(host, ':');
	if (colon < host.n && host.p[host.n - 1] != ']')
		host = span_slice(host, 0, colon);
	session.loopback = http_is_loopback(host);
	r = http_new(options, &session.http, err);
	if (r == 0)
		r = find_scheme(&session, options->plain_http, err);
	if (r < 0) {
		session_close(&session);
		return err_wrap(err, "registry %.*s", SPAN_ARG(reference->domain));
	}
	*ret = session;
	return 0;
}

int
session_url(const struct session *session, struct arena *arena, const char *kind, struct span what,
	    const char **ret, struct err *err)
{
	struct span url = arena_printf(arena, "%s/v2/%.*s/%s/%.*s", session->base.p,
				       SPAN_ARG(session->repository), kind, SPAN_ARG(what));

	if (!url.p)
		return err_memory(err);
	*ret = url.p;
	return 0;
}

static const char *
known_authorization(const struct session *session, const char *actions)
{
	for (size_t i = session->authorizations.count; i-- > 0;) {
		const struct authorization *known = &session->authorizations.items[i];

		if (strcmp(known->actions, actions) == 0)
			return known->until_ms > clock_ms() ? known->value : NULL;
	}
	return NULL;
}

static int
remember(struct session *session, const char *actions, struct span value, uint64_t until_ms,
	 struct err *err)
{
	struct authorization fresh = {actions, value.p, until_ms};

	if (!value.p)
		return err_memory(err);
	for (size_t i = 0; i < session->authorizations.count; i++) {
		struct authorization *known = &session->authorizations.items[i];

		if (strcmp(known->actions, actions) == 0) {
			*known = fresh;
			return 0;
		}
	}
	return vec_push(&session->authorizations, &fresh, ACTIONS_MAX, err);
}

static int
load_credentials(struct session *session, struct err *err)
{
	if (session->looked_up)
		return 0;
	int r = credentials_find(session->domain, session->repository, session->arena,
				 &session->credentials, err);
	if (r == 0)
		session->looked_up = true;
	return r;
}

static int
answer_basic(struct session *session, const char *actions, struct err *err)
{
	if (session->credentials.secret.n == 0)
		return err_set(err, ERR_AUTH,
			       "registry %s wants credentials and none are stored for it; "
			       "log in with docker, podman or skopeo",
			       session->domain.p);
	if (!session->https && !session->loopback)
		return err_set(err, ERR_AUTH, "will not send credentials to %s over plain HTTP",
			       session->domain.p);
	return remember(session, actions, credentials_basic(&session->credentials, session->arena),
			UINT64_MAX, err);
}

static int
answer_bearer(struct session *session, const struct challenge *challenge, const char *actions,
	      struct err *err)
{
	struct span token = session->credentials.token;
	uint64_t until_ms = UINT64_MAX;

	if (token.n == 0) {
		int r = token_fetch(session, challenge, actions, &token, &until_ms, err);
		if (r < 0)
			return r;
	}
	return remember(session, actions,
			arena_printf(session->arena, "Bearer %.*s", SPAN_ARG(token)), until_ms,
			err);
}

/* Acts on the best challenge among the headers: Bearer, else Basic. */
static int
answer(struct session *session, const struct http_response *response, const char *actions,
       struct err *err)
{
	bool basic = false;
	struct span header;

	int r = load_credentials(session, err);
	if (r < 0)
		return r;
	for (size_t nth = 0;
	     nth < CHALLENGES_MAX && (header = http_header(response, "WWW-Authenticate", nth)).p;
	     nth++) {
		struct challenge *list;
		size_t count;

		r = challenge_parse(header, session->arena, &list, &count, err);
		if (r < 0)
			return err_wrap(err, "registry %s", session->domain.p);
		for (size_t i = 0; i < count; i++) {
			if (span_equal_nocase(list[i].scheme, SPAN("bearer")))
				return answer_bearer(session, &list[i], actions, err);
			basic = basic || span_equal_nocase(list[i].scheme, SPAN("basic"));
		}
	}
	if (basic)
		return answer_basic(session, actions, err);
	return err_set(err, ERR_AUTH,
		       "registry %s refuses access and names no way to log in that we know",
		       session->domain.p);
}

static bool
is_own(const struct session *session, const struct http_exchange *exchange)
{
	return http_same_origin(session->base.p, exchange->request.url);
}

/* Runs those exchanges that have no answer yet. */
static int
run_unanswered(struct session *session, struct http_exchange *exchanges, size_t count,
	       size_t parallel, const char *actions, struct err *err)
{
	struct http_exchange *due = calloc(count ? count : 1, sizeof(*due));
	size_t *index = calloc(count ? count : 1, sizeof(*index));
	size_t dues = 0;
	int r;

	if (!due || !index) {
		free(due);
		free(index);
		return err_memory(err);
	}
	for (size_t i = 0; i < count; i++) {
		if (exchanges[i].response.status != 0)
			continue;
		exchanges[i].request.authorization = is_own(session, &exchanges[i])
							     ? known_authorization(session, actions)
							     : NULL;
		index[dues] = i;
		due[dues++] = exchanges[i];
	}
	r = http_run(session->http, due, dues, parallel, err);
	for (size_t i = 0; i < dues; i++)
		exchanges[index[i]] = due[i];
	free(due);
	free(index);
	return r;
}

int
session_run(struct session *session, struct http_exchange *exchanges, size_t count, size_t parallel,
	    const char *actions, struct err *err)
{
	int r = run_unanswered(session, exchanges, count, parallel, actions, err);
	bool again = false;

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		if (exchanges[i].response.status != 401 || !is_own(session, &exchanges[i]))
			continue;
		if (!again)
			r = answer(session, &exchanges[i].response, actions, err);
		if (r < 0)
			return r;
		again = true;
		exchanges[i].response.status = 0;
	}
	return again ? run_unanswered(session, exchanges, count, parallel, actions, err) : 0;
}

struct error_json {
	struct span code;
	struct span message;
};

static const struct json_field error_fields[] = {
	{"code", JSON_FIELD_SPAN, offsetof(struct error_json, code), false},
	{"message", JSON_FIELD_SPAN, offsetof(struct error_json, message), false},
	{0},
};

/* distribution-spec, "Error Codes": the first of {"errors": [{"code", "message"}]}, made plain. */
static void
server_words(const struct http_response *response, char *to, size_t size)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct error_json words = {{NULL, 0}};
	struct err ignored = ERR_INIT;

	to[0] = '\0';
	if (!arena || json_parse(buf_span(&response->body), &json, &ignored) < 0 ||
	    json_read(json_array_get(json_object_get(json, "errors"), 0), error_fields, &words,
		      arena, &ignored) < 0)
		return;
	struct span text = words.message.n ? words.message : words.code;
	(void)snprintf(to, size, " (%.*s)", text.n > 80 ? 80 : (int)text.n, text.p ? text.p : "");
	for (char *c = to; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
}

int
session_error(const struct session *session, const struct http_response *response, const char *what,
	      struct err *err)
{
	char words[100];

	server_words(response, words, sizeof(words));
	switch (response->status) {
	case 404:
		return err_set(err, ERR_NOT_FOUND, "registry %s has no %s%s", session->domain.p,
			       what, words);
	case 401:
	case 403:
		return err_set(err, ERR_AUTH, "registry %s refuses access to %s%s",
			       session->domain.p, what, words);
	case 429:
		return err_set(err, ERR_NETWORK, "registry %s: too many requests%s",
			       session->domain.p, words);
	default:
		return err_set(err, ERR_NETWORK, "registry %s answered %d to a request for %s%s",
			       session->domain.p, response->status, what, words);
	}
}
