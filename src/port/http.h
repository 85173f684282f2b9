/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP for everything that leaves this machine, on libcurl (RFC 9110). docs/registry.md
 *
 * Tries again with growing, jittered pauses (Retry-After honoured), resumes a broken body by Range,
 * follows redirects itself so that credentials stay with their origin, always verifies TLS, never
 * goes from https to http, and speaks plain HTTP only to loopback unless told otherwise.
 * $HTTPS_PROXY, $NO_PROXY, $SSL_CERT_FILE and $SSL_CERT_DIR are honoured; proc_cancel ends it.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

struct http_options {
	const char *certs; /* folder HOST[:PORT]/ *.crt of further authorities; NULL: $MOHS_CERTS,
			      else /etc/docker/certs.d */
	const char *unix_socket; /* every connection goes there; NULL: the network */
	unsigned connect_s;	 /* seconds to connect; 0: 15 */
	unsigned silence_s;	 /* seconds below 1 byte/s before a try counts as broken; 0: 30 */
	bool plain_http;	 /* HTTP to hosts other than loopback */
};

/* A client: connections are kept for its life. One thread at a time. */
struct http;
int http_new(const struct http_options *options, struct http **ret, struct err *err);
void http_free(struct http *http);
void http_cleanup(struct http **http);

/* Where a good answer's body goes. A function that fails ends the exchange with its error. */
struct http_sink {
	void *context;
	/* Bytes from `offset` of the resource follow; 0 on a second call: start over. */
	int (*start)(void *context, uint64_t offset, struct err *err);
	int (*data)(void *context, struct span bytes, struct err *err);
};

/* A part of a file as a request's body: sent as it is read, never held whole. */
struct http_file {
	int fd; /* borrowed; read by position */
	uint64_t offset;
	uint64_t size; /* bytes; a file that ends before is ERR_IO */
};

struct http_request {
	const char *method;		/* "GET", "HEAD", "POST", "PUT", ... */
	const char *url;		/* http or https, without user:password@ */
	const char *const *headers;	/* "Name: value", ended by NULL; sent after redirects too */
	const char *const *own_headers; /* the same, for the origin of `url` only */
	const char *authorization;	/* value of Authorization, for the origin of `url` only */
	struct span body;		/* POST, PUT, PATCH */
	const struct http_file *file;	/* in place of `body` */
	const char *body_type;		/* its Content-Type */
	uint64_t body_max;		/* ceiling on the answer's body, bytes; ERR_LIMIT */
	uint64_t offset;		/* the sink has the bytes before this: asks for the rest */
	const struct http_sink *sink;	/* NULL: into response.body */
	bool once; /* not to be repeated: what it does may have been done (POST, PATCH) */
};

struct http_response {
	int status;	    /* 0: none came */
	bool not_tls;	    /* the other side answered an https request with something else */
	struct buf headers; /* "Name: value\n" lines of the last answer */
	struct buf body;    /* without a sink, and of answers other than 200 and 206 */
};

struct http_exchange {
	struct http_request request;
	struct http_response response; /* freed by http_response_free() */
};

/*
 * Carries out all exchanges, at most `parallel` at a time. Any status is an answer, those that ask
 * for a later try (408, 429, 500, 502, 503, 504) once the tries are used up. The first exchange
 * that gets none ends all others: ERR_NETWORK, ERR_TIMEOUT, ERR_LIMIT, ERR_CANCELLED, or the
 * sink's error. request.offset then says how far a sink's bytes go, so that a request can be
 * repeated.
 */
int http_run(struct http *http, struct http_exchange *exchanges, size_t count, size_t parallel,
	     struct err *err);

void http_response_free(struct http_response *response);

/*
 * Waits before try number `attempt` (from 1) of something that is not repeated here, as long as
 * `response` asks for (NULL: nothing was heard). ERR_NETWORK when it asks for more than two
 * minutes, ERR_CANCELLED.
 */
int http_pause(unsigned attempt, const struct http_response *response, struct err *err);

/* The nth header of that name (from 0), trimmed; .p NULL when there is none. */
struct span http_header(const struct http_response *response, const char *name, size_t nth);

/* Whether the host is this machine by its literal name or address. Takes "[::1]" too. */
bool http_is_loopback(struct span host);

/* Percent-encodes all but unreserved bytes and '/'. NUL-terminated; free() it. NULL: no memory. */
char *http_escape(struct span text);

/*
 * What `location` means in an answer to `base` (RFC 3986), with `query` ("a=b", NULL: nothing)
 * added. ERR_NETWORK for what is no URL, and where it goes from https to http.
 */
int http_resolve(const char *base, struct span location, const char *query, struct arena *arena,
		 const char **ret, struct err *err);

/* Whether both URLs have the same scheme, host and port. */
bool http_same_origin(const char *a, const char *b);
