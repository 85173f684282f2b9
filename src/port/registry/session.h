/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to one repository with the authorization they need. Pulling and pushing both stand on
 * session_run(); a push asks for REGISTRY_PUSH.
 */
#pragma once

#include "base/arena.h"
#include "base/vec.h"
#include "codec/challenge.h"
#include "codec/reference.h"
#include "port/http.h"

/* What a request does, as a token scope says it. */
#define REGISTRY_PULL "pull"
#define REGISTRY_PUSH "pull,push"

struct credentials {
	struct span user;
	struct span secret;
	struct span identity; /* a refresh token in place of both */
	struct span token;    /* a ready bearer token in place of all */
};

/* An Authorization value for one kind of action. */
struct authorization {
	const char *actions;
	const char *value; /* in the session's arena */
	uint64_t until_ms; /* on clock_ms(); UINT64_MAX: for good */
};

struct session {
	struct arena *arena;
	struct http *http;
	struct span domain; /* as in the reference: what credentials are stored under */
	struct span repository;
	struct span also; /* another repository that is read from; empty: none */
	struct span base; /* "https://registry-1.docker.io" */
	bool https;
	bool loopback;
	bool looked_up; /* credentials */
	struct credentials credentials;
	VEC(struct authorization) authorizations;
};

/* https, or HTTP where the host is loopback or plain HTTP is allowed and it does not speak TLS. */
int session_open(const struct reference *reference, const struct http_options *options,
		 struct session *ret, struct err *err);
void session_close(struct session *session);

/* "BASE/v2/REPOSITORY/KIND/WHAT" in arena memory. */
int session_url(const struct session *session, struct arena *arena, const char *kind,
		struct span what, const char **ret, struct err *err);

/*
 * http_run() with authorization: answers of 401 lead to a token or credentials and one more try
 * of those exchanges. A URL of another origin (where a registry may send an upload) gets no
 * authorization, and its 401 stays an answer.
 */
int session_run(struct session *session, struct http_exchange *exchanges, size_t count,
		size_t parallel, const char *actions, struct err *err);

/* The error for an answer that is not what was hoped for; `what` names the thing asked for. */
int session_error(const struct session *session, const struct http_response *response,
		  const char *what, struct err *err);

/* credentials.c: what the docker and podman configurations say; all empty when nothing. */
int credentials_find(struct span domain, struct span repository, struct arena *arena,
		     struct credentials *ret, struct err *err);

/* token.c: answers a Bearer challenge; *ret_until_ms on clock_ms(). */
int token_fetch(struct session *session, const struct challenge *challenge, const char *actions,
		struct span *ret_token, uint64_t *ret_until_ms, struct err *err);

/* "Basic ..." in arena memory; .p NULL without memory. */
struct span credentials_basic(const struct credentials *credentials, struct arena *arena);
