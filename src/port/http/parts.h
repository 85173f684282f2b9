/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the HTTP client share. */
#pragma once

#include "port/http.h"

#include <curl/curl.h>

struct http {
	struct http_options options;
	CURLM *multi;
};

/* Scheme, host and port: what an Authorization header belongs to. */
struct origin {
	bool https;
	char host[256]; /* lower case, "[::1]" in brackets */
	unsigned port;
};

/*
 * The origin of a URL that may be used: http or https, no credentials in it, plain HTTP only where
 * allowed. ERR_NETWORK says which rule it breaks.
 */
int origin_of(const struct http *http, const char *url, struct origin *ret, struct err *err);
bool origin_equal(const struct origin *a, const struct origin *b);

/* Certificate authorities for an origin, set on the handle. */
int trust_set(const struct http *http, CURL *easy, const struct origin *origin, struct err *err);

/* One exchange under way. */
struct transfer {
	struct http *http;
	struct http_exchange *exchange;
	CURL *easy;
	struct curl_slist *headers;
	char reason[CURL_ERROR_SIZE];
	char *redirect;	    /* where the answer sent us; NULL: the request's own URL */
	struct origin home; /* of the request's own URL */
	struct origin at;   /* of the URL in use */
	struct err err;	    /* what a callback failed with */
	uint64_t position;  /* bytes of the resource the sink has */
	uint64_t sent;	    /* bytes of request.file given to curl in this try */
	uint64_t asked;	    /* offset asked for in this try; 0: all */
	uint64_t wake_ms;   /* not before; 0: at once */
	unsigned tries;
	unsigned redirects;
	unsigned breaks;
	bool begun; /* this try's body has started */
	bool running;
	bool done;
};

/* Sets up the handle for the next try; adds nothing to the multi handle. */
int transfer_prepare(struct transfer *transfer, struct err *err);
void transfer_free(struct transfer *transfer);

/* Tells the sink that a body starts, also when it is empty. < 0 with transfer->err set. */
int transfer_begin_body(struct transfer *transfer);
