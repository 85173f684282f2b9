/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One blob on its way to the registry (distribution-spec 1.1, "Pushing blobs"): a session is
 * started, pieces of at most a chunk are sent by PATCH, the last one by PUT with the digest. What
 * breaks goes on from where the session says it is, or in a new session when that one is gone.
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "port/registry/blobs.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	FAILURES_MAX = 5, /* without a byte more at the registry */
};

#define CHUNK_DEFAULT (64 * MIB)

struct upload {
	struct registry *registry;
	const struct registry_upload *blob;
	struct arena *arena;
	char text[DIGEST_TEXT];
	char what[DIGEST_TEXT + 8]; /* "blob sha256:..." */
	const char *url;	    /* of the session; NULL: none */
	uint64_t chunk;
	uint64_t sent; /* bytes the registry has, as far as we know */
	uint64_t best; /* most it ever had */
	unsigned failures;
	bool finished;
};

static struct session *
session_of(const struct upload *upload)
{
	return &upload->registry->session;
}

static int
check_bytes(const struct upload *upload, struct err *err)
{
	const struct registry_upload *blob = upload->blob;
	struct digest digest;

	if (digest_of_part(blob->fd, blob->offset, blob->size, &digest, err) < 0)
		return err_wrap(err, "%s", upload->what);
	if (!digest_equal(&digest, &blob->digest))
		return err_set(err, ERR_DIGEST, "%s: the bytes to be sent have another digest",
			       upload->what);
	return 0;
}

/* The session's URL for what follows. */
static int
take_location(struct upload *upload, const char *asked, const struct http_response *response,
	      bool required, struct err *err)
{
	struct span location = http_header(response, "Location", 0);

	if (!location.p && !required)
		return 0;
	if (!location.p)
		return err_set(err, ERR_NETWORK, "registry %s does not say where to send %s",
			       session_of(upload)->domain.p, upload->what);
	int r = http_resolve(asked, location, NULL, upload->arena, &upload->url, err);
	return r < 0 ? err_wrap(err, "registry %s", session_of(upload)->domain.p) : 0;
}

static int
start_session(struct upload *upload, struct err *err)
{
	struct session *session = session_of(upload);
	struct http_exchange exchange = {
		.request = {.method = "POST", .body_max = HTTP_ERROR_BODY_MAX},
	};
	uint64_t least = 0;

	upload->url = NULL;
	upload->sent = 0;
	int r = session_url(session, upload->arena, "blobs", SPAN("uploads/"),
			    &exchange.request.url, err);
	if (r == 0)
		r = session_run(session, &exchange, 1, 1, REGISTRY_PUSH, err);
	if (r == 0 && exchange.response.status != 202)
		r = session_error(session, &exchange.response, upload->what, err);
	if (r == 0)
		r = take_location(upload, exchange.request.url, &exchange.response, true, err);
	struct span minimum = http_header(&exchange.response, "OCI-Chunk-Min-Length", 0);
	if (r == 0 && minimum.p && span_to_u64(minimum, &least) && least > upload->chunk)
		upload->chunk = least;
	http_response_free(&exchange.response);
	return r;
}

/* "0-41", also "bytes=0-41": 42 bytes are there. "0-0" is what some say of an empty session. */
static bool
read_range(const struct http_response *response, uint64_t *ret)
{
	struct span value = http_header(response, "Range", 0);
	uint64_t last = 0;

	if (!value.p)
		return false;
	if (span_starts_with(value, SPAN("bytes=")))
		value = span_slice(value, sizeof("bytes=") - 1, value.n);
	if (!span_equal(span_cut(&value, '-'), SPAN("0")) || !value.p || !span_to_u64(value, &last))
		return false;
	*ret = last == 0 ? 0 : last + 1;
	return *ret >= last;
}

static void
advance(struct upload *upload, uint64_t sent)
{
	upload->sent = sent;
	if (sent > upload->best) {
		upload->best = sent;
		upload->failures = 0;
	}
	progress_step(upload->registry->options->progress, sent, upload->blob->size, "pushing %s",
		      upload->what);
}

/* Goes on with the session there is, or in a new one. */
static int
recover(struct upload *upload, struct err *err)
{
	struct session *session = session_of(upload);
	struct http_exchange exchange = {
		.request = {.method = "GET", .url = upload->url, .body_max = HTTP_ERROR_BODY_MAX},
	};
	struct err ignored = ERR_INIT;
	uint64_t there = 0;
	bool alive = false;

	if (upload->url && session_run(session, &exchange, 1, 1, REGISTRY_PUSH, &ignored) == 0)
		alive = exchange.response.status == 204 &&
			take_location(upload, exchange.request.url, &exchange.response, false,
				      &ignored) == 0;
	if (alive && read_range(&exchange.response, &there) && there > upload->blob->size)
		alive = false;
	http_response_free(&exchange.response);
	if (ignored.kind == ERR_CANCELLED) {
		*err = ignored;
		return -ERR_CANCELLED;
	}
	if (!alive)
		return start_session(upload, err);
	advance(upload, there);
	return 0;
}

static bool
digest_refused(const struct http_response *response)
{
	return response->status == 400 &&
	       span_contains(buf_span(&response->body), SPAN("DIGEST_INVALID"));
}

/* What is worth another try: later, or in another session. */
static bool
may_try_again(int status)
{
	static const int statuses[] = {400, 404, 408, 409, 416, 429, 500, 502, 503, 504};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (status == statuses[i])
			return true;
	}
	return false;
}

int
registry_check_promise(const struct http_response *response, const struct digest *digest,
		       const char *what, struct err *err)
{
	struct span promise = http_header(response, "Docker-Content-Digest", 0);
	struct err ignored = ERR_INIT;
	struct digest promised;

	if (promise.p &&
	    (digest_parse(promise, &promised, &ignored) < 0 || !digest_equal(&promised, digest)))
		return err_set(err, ERR_DIGEST, "the registry took %s for something else (%.*s)",
			       what, promise.n > 80 ? 80 : (int)promise.n, promise.p);
	return 0;
}

static int
take_answer(struct upload *upload, const struct http_exchange *exchange, uint64_t after, bool last,
	    struct err *err)
{
	const struct http_response *response = &exchange->response;
	uint64_t there = after;

	if (last && (response->status == 201 || response->status == 204)) {
		upload->finished = true;
		return registry_check_promise(response, &upload->blob->digest, upload->what, err);
	}
	if (!last && (response->status == 202 || response->status == 204)) {
		(void)read_range(response, &there);
		if (there > after)
			return err_set(err, ERR_NETWORK,
				       "registry %s says it has more of %s than was sent",
				       session_of(upload)->domain.p, upload->what);
		if (there <= upload->sent)
			return err_set(err, ERR_NETWORK, "registry %s keeps nothing of %s",
				       session_of(upload)->domain.p, upload->what);
		advance(upload, there);
		return take_location(upload, exchange->request.url, response, false, err);
	}
	if (digest_refused(response))
		return err_set(err, ERR_DIGEST, "registry %s got other bytes of %s than were sent",
			       session_of(upload)->domain.p, upload->what);
	return session_error(session_of(upload), response, upload->what, err);
}

/* The next piece. *ret_again: what failed is worth another try. */
static int
send_piece(struct upload *upload, struct http_exchange *exchange, bool *ret_again, struct err *err)
{
	const struct registry_upload *blob = upload->blob;
	uint64_t left = blob->size - upload->sent;
	bool last = left <= upload->chunk;
	uint64_t n = last ? left : upload->chunk;
	const struct http_file file = {blob->fd, blob->offset + upload->sent, n};
	char range[80];
	char query[DIGEST_TEXT + 16];
	const char *const headers[] = {range, NULL};
	int r = 0;

	(void)snprintf(range, sizeof(range), "Content-Range: %llu-%llu",
		       (unsigned long long)upload->sent,
		       (unsigned long long)(upload->sent + n - (n > 0)));
	(void)snprintf(query, sizeof(query), "digest=%s", upload->text);
	exchange->request = (struct http_request){
		.method = last ? "PUT" : "PATCH",
		.url = upload->url,
		.headers = last && upload->sent == 0 ? NULL : headers,
		.file = n ? &file : NULL,
		.body_type = "application/octet-stream",
		.body_max = HTTP_ERROR_BODY_MAX,
		.once = true,
	};
	if (last)
		r = http_resolve(upload->url, span_from(upload->url), query, upload->arena,
				 &exchange->request.url, err);
	if (r < 0)
		return r;
	r = session_run(session_of(upload), exchange, 1, 1, REGISTRY_PUSH, err);
	if (r == 0)
		r = take_answer(upload, exchange, upload->sent + n, last, err);
	*ret_again = r < 0 &&
		     (err->kind == ERR_NETWORK || err->kind == ERR_TIMEOUT ||
		      err->kind == ERR_NOT_FOUND) &&
		     (exchange->response.status == 0 || exchange->response.status / 100 == 2 ||
		      may_try_again(exchange->response.status));
	exchange->request.headers = NULL; /* they and the file end with this call */
	exchange->request.file = NULL;
	return r;
}

/* Best effort: the registry need not keep what nobody will finish. */
static void
abandon(struct upload *upload)
{
	struct http_exchange exchange = {
		.request = {.method = "DELETE",
			    .url = upload->url,
			    .body_max = HTTP_ERROR_BODY_MAX,
			    .once = true},
	};
	struct err ignored = ERR_INIT;

	if (upload->url)
		(void)session_run(session_of(upload), &exchange, 1, 1, REGISTRY_PUSH, &ignored);
	http_response_free(&exchange.response);
}

static int
send_all(struct upload *upload, struct err *err)
{
	int r = start_session(upload, err);

	while (r == 0 && !upload->finished) {
		struct http_exchange exchange = {0};
		bool again = false;

		r = send_piece(upload, &exchange, &again, err);
		if (r < 0 && again && ++upload->failures < FAILURES_MAX) {
			*err = (struct err)ERR_INIT;
			r = http_pause(upload->failures, &exchange.response, err);
			if (r == 0)
				r = recover(upload, err);
		}
		http_response_free(&exchange.response);
	}
	if (r < 0)
		abandon(upload);
	return r;
}

int
registry_push_blob(struct registry *registry, const struct registry_upload *blob, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct upload upload = {
		.registry = registry,
		.blob = blob,
		.arena = arena,
		.chunk = registry->options->chunk ? registry->options->chunk : CHUNK_DEFAULT,
	};

	if (!arena)
		return err_memory(err);
	(void)snprintf(upload.what, sizeof(upload.what), "blob %s",
		       digest_format(&blob->digest, upload.text));
	int r = check_bytes(&upload, err);
	return r < 0 ? r : send_all(&upload, err);
}
