/* SPDX-License-Identifier: Apache-2.0 */
/* What is there, mounts, manifests and referrers (distribution-spec 1.1). */
#include "base/cleanup.h"
#include "base/limits.h"
#include "port/registry/blobs.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAGES_MAX = 100 };

int
registry_has_blob(struct registry *registry, const struct registry_blob *blob, bool *ret,
		  struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct session *session = &registry->session;
	struct http_exchange exchange = {
		.request = {.method = "HEAD", .body_max = UINT64_MAX},
	};
	char text[DIGEST_TEXT];
	char what[DIGEST_TEXT + 8];
	uint64_t size = 0;

	if (!arena)
		return err_memory(err);
	(void)snprintf(what, sizeof(what), "blob %s", digest_format(&blob->digest, text));
	int r = session_url(session, arena, "blobs", span_from(text), &exchange.request.url, err);
	if (r == 0)
		r = session_run(session, &exchange, 1, 1, REGISTRY_PUSH, err);
	const struct http_response *response = &exchange.response;
	struct span length = http_header(response, "Content-Length", 0);
	bool there = r == 0 && response->status == 200;
	if (there)
		r = registry_check_promise(response, &blob->digest, what, err);
	if (r == 0 && there && length.p && blob->size != UINT64_MAX && span_to_u64(length, &size) &&
	    size != blob->size)
		r = err_set(err, ERR_DIGEST, "%s is there with %llu bytes, not %llu", what,
			    (unsigned long long)size, (unsigned long long)blob->size);
	if (r == 0 && !there && response->status != 404)
		r = session_error(session, response, what, err);
	http_response_free(&exchange.response);
	if (r == 0)
		*ret = there;
	return r;
}

int
registry_mount_from(struct registry *registry, struct span repository, struct err *err)
{
	registry->session.also = arena_copy(registry->session.arena, repository);
	return registry->session.also.p ? 0 : err_memory(err);
}

/* The upload that a registry starts where it does not mount is not wanted. */
static void
drop_session(struct session *session, const struct http_exchange *started, struct arena *arena)
{
	struct http_exchange exchange = {
		.request = {.method = "DELETE", .body_max = HTTP_ERROR_BODY_MAX, .once = true},
	};
	struct span location = http_header(&started->response, "Location", 0);
	struct err ignored = ERR_INIT;

	if (location.p && http_resolve(started->request.url, location, NULL, arena,
				       &exchange.request.url, &ignored) == 0)
		(void)session_run(session, &exchange, 1, 1, REGISTRY_PUSH, &ignored);
	http_response_free(&exchange.response);
}

int
registry_mount_blob(struct registry *registry, const struct digest *digest, bool *ret,
		    struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(free_cleanup) char *from = http_escape(registry->session.also);
	struct session *session = &registry->session;
	struct http_exchange exchange = {
		.request = {.method = "POST", .body_max = HTTP_ERROR_BODY_MAX},
	};
	char text[DIGEST_TEXT];

	if (!arena || !from)
		return err_memory(err);
	if (session->also.n == 0) {
		*ret = false;
		return 0;
	}
	struct span query =
		arena_printf(arena, "uploads/?mount=%s&from=%s", digest_format(digest, text), from);
	if (!query.p)
		return err_memory(err);
	int r = session_url(session, arena, "blobs", query, &exchange.request.url, err);
	if (r == 0)
		r = session_run(session, &exchange, 1, 1, REGISTRY_PUSH, err);
	bool mounted = r == 0 && exchange.response.status == 201;
	if (mounted)
		r = registry_check_promise(&exchange.response, digest, text, err);
	else if (r == 0 && exchange.response.status == 202)
		drop_session(session, &exchange, arena);
	http_response_free(&exchange.response);
	if (r == 0)
		*ret = mounted;
	return r;
}

static int
send_manifest(struct registry *registry, const struct registry_put *put, struct span name,
	      struct registry_put_result *ret, struct err *err)
{
	struct session *session = &registry->session;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct digest digest;
	char what[200];

	if (!arena)
		return err_memory(err);
	digest_of(put->document, &digest);
	struct span type = arena_copy(arena, put->media_type);
	struct span match = arena_printf(arena, "If-Match: %.*s", SPAN_ARG(put->if_match));
	if (!type.p || !match.p)
		return err_memory(err);
	const char *const headers[] = {put->if_match.n	? match.p
				       : put->if_absent ? "If-None-Match: *"
							: NULL,
				       NULL};
	struct http_exchange exchange = {
		.request = {.method = "PUT",
			    .own_headers = headers,
			    .body = put->document,
			    .body_type = type.p,
			    .body_max = HTTP_ERROR_BODY_MAX},
	};
	(void)snprintf(what, sizeof(what), "manifest %.*s:%.*s", (int)session->repository.n,
		       session->repository.p, (int)name.n, name.p);
	int r = session_url(session, arena, "manifests", name, &exchange.request.url, err);
	if (r == 0)
		r = session_run(session, &exchange, 1, 1, REGISTRY_PUSH, err);
	const struct http_response *response = &exchange.response;
	bool conflict = r == 0 && response->status == 412;
	if (r == 0 && !conflict && response->status / 100 != 2)
		r = session_error(session, response, what, err);
	if (r == 0 && !conflict)
		r = registry_check_promise(response, &digest, what, err);
	if (r == 0)
		*ret = (struct registry_put_result){
			.subject = http_header(response, "OCI-Subject", 0).p != NULL,
			.conflict = conflict};
	http_response_free(&exchange.response);
	return r;
}

int
registry_push_manifest(struct registry *registry, const struct registry_put *put,
		       struct registry_put_result *ret, struct err *err)
{
	struct registry_put by_digest = *put;
	struct digest digest;
	char text[DIGEST_TEXT];

	by_digest.if_match = SPAN("");
	by_digest.if_absent = false;
	digest_of(put->document, &digest);
	int r = send_manifest(registry, &by_digest, span_from(digest_format(&digest, text)), ret,
			      err);
	return r < 0 || put->tag.n == 0 ? r : send_manifest(registry, put, put->tag, ret, err);
}

static int
add_page(const struct http_response *response, struct arena *arena,
	 struct registry_referrers *referrers, struct err *err)
{
	struct oci_document document;
	struct span body = arena_copy(arena, buf_span(&response->body));

	if (!body.p)
		return err_memory(err);
	int r = oci_read(body, SPAN(OCI_TYPE_INDEX), arena, &document, err);
	for (size_t i = 0; r == 0 && i < document.index.count; i++)
		r = vec_push(&referrers->list, &document.index.manifests[i], INDEX_MANIFESTS_MAX,
			     err);
	return r < 0 ? err_wrap(err, "list of referrers") : 0;
}

/* RFC 8288: `<URL>; rel="next"`. Empty when there is none. */
static struct span
next_page(const struct http_response *response)
{
	struct span link = http_header(response, "Link", 0);

	if (!link.p || !span_contains(link, SPAN("rel=\"next\"")) || link.p[0] != '<')
		return SPAN("");
	size_t end = span_find(link, '>');
	return end < link.n ? span_slice(link, 1, end) : SPAN("");
}

static bool
is_index_answer(const struct http_response *response)
{
	struct span type = http_header(response, "Content-Type", 0);

	return type.p && span_equal_nocase(span_trim(span_cut(&type, ';')), SPAN(OCI_TYPE_INDEX));
}

/* 404, 405, 406, 400 and 501 are how registries say that they do not know this. */
static bool
says_unsupported(const struct http_response *response)
{
	int status = response->status;

	return status == 404 || status == 405 || status == 406 || status == 400 || status == 501 ||
	       (status == 200 && !is_index_answer(response));
}

int
registry_referrers(struct registry *registry, const struct digest *subject, struct arena *arena,
		   struct registry_referrers *ret, struct err *err)
{
	struct session *session = &registry->session;
	struct registry_referrers referrers = {.supported = true};
	char text[DIGEST_TEXT];
	const char *url = NULL;
	int r = session_url(session, arena, "referrers", span_from(digest_format(subject, text)),
			    &url, err);

	for (int page = 0; r == 0 && url; page++) {
		struct http_exchange exchange = {
			.request = {.method = "GET", .url = url, .body_max = MANIFEST_MAX},
		};
		const struct http_response *response = &exchange.response;

		r = session_run(session, &exchange, 1, 1, REGISTRY_PULL, err);
		url = NULL;
		if (r == 0 && page == 0 && says_unsupported(response))
			referrers.supported = false;
		else if (r == 0 && response->status != 200)
			r = session_error(session, response, "list of referrers", err);
		else if (r == 0)
			r = add_page(response, arena, &referrers, err);
		struct span next = r == 0 && referrers.supported ? next_page(response) : SPAN("");
		if (next.n && page + 1 == PAGES_MAX)
			r = err_set(err, ERR_LIMIT, "list of referrers: more than %d pages",
				    PAGES_MAX);
		else if (next.n)
			r = http_resolve(exchange.request.url, next, NULL, arena, &url, err);
		http_response_free(&exchange.response);
	}
	if (r < 0)
		vec_free(&referrers.list);
	else
		*ret = referrers;
	return r;
}
