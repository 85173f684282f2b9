/* SPDX-License-Identifier: Apache-2.0 */
#include "port/registry.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "port/registry/blobs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	PARALLEL = 4,	/* downloads at a time */
	ROUNDS_MAX = 4, /* of going on with what ended early */
};

static const char *const manifest_headers[] = {
	"Accept: " OCI_TYPE_INDEX ", " DOCKER_TYPE_LIST ", " OCI_TYPE_MANIFEST
	", " DOCKER_TYPE_MANIFEST,
	NULL,
};

int
registry_open(const struct reference *reference, const struct registry_options *options,
	      struct registry **ret, struct err *err)
{
	const struct http_options http = {.certs = options->certs,
					  .plain_http = options->plain_http};
	struct registry *registry = calloc(1, sizeof(*registry));
	int r;

	if (!registry)
		return err_memory(err);
	r = session_open(reference, &http, &registry->session, err);
	if (r < 0) {
		free(registry);
		return r;
	}
	registry->kept = *options;
	registry->options = &registry->kept;
	registry->folder = arena_printf(registry->session.arena, "%s/blobs/sha256", options->cache);
	if (!registry->folder.p) {
		registry_free(registry);
		return err_memory(err);
	}
	*ret = registry;
	return 0;
}

void
registry_free(struct registry *registry)
{
	if (!registry)
		return;
	session_close(&registry->session);
	free(registry);
}

/* Checks the bytes against the digest asked for and the one the registry promises. */
static int
check_manifest(const struct http_response *response, const struct digest *wanted,
	       struct registry_manifest *manifest, struct err *err)
{
	struct span promise = http_header(response, "Docker-Content-Digest", 0);
	struct err ignored = ERR_INIT;
	struct digest promised;

	digest_of(manifest->document, &manifest->digest);
	if (wanted && !digest_equal(wanted, &manifest->digest))
		return err_set(err, ERR_DIGEST,
			       "the registry sent other bytes than the digest "
			       "names");
	if (promise.p && digest_parse(promise, &promised, &ignored) == 0 &&
	    !digest_equal(&promised, &manifest->digest))
		return err_set(err, ERR_DIGEST,
			       "the registry sent other bytes than it said it would");
	return 0;
}

static int
take_manifest(const struct http_response *response, const struct digest *wanted,
	      struct arena *arena, struct registry_manifest *ret, struct err *err)
{
	struct span type = http_header(response, "Content-Type", 0);
	struct span etag = http_header(response, "ETag", 0);
	struct registry_manifest manifest = {
		.etag = arena_copy(arena, etag.p ? etag : SPAN("")),
		.document = arena_copy(arena, buf_span(&response->body)),
		.media_type =
			arena_copy(arena, type.p ? span_trim(span_cut(&type, ';')) : SPAN("")),
	};

	if (!manifest.document.p || !manifest.media_type.p || !manifest.etag.p)
		return err_memory(err);
	int r = check_manifest(response, wanted, &manifest, err);
	if (r == 0)
		*ret = manifest;
	return r;
}

static int
fetch_manifest(struct registry *registry, struct span what, const struct digest *wanted,
	       struct arena *arena, struct registry_manifest *ret, struct err *err)
{
	struct session *session = &registry->session;
	struct http_exchange exchange = {
		.request = {.method = "GET", .headers = manifest_headers, .body_max = MANIFEST_MAX},
	};
	char name[200];

	(void)snprintf(name, sizeof(name), "%.*s%c%.*s", (int)session->repository.n,
		       session->repository.p, wanted ? '@' : ':', (int)what.n, what.p);
	int r = session_url(session, session->arena, "manifests", what, &exchange.request.url, err);
	if (r == 0)
		r = session_run(session, &exchange, 1, 1, REGISTRY_PULL, err);
	if (r == 0 && exchange.response.status != 200)
		r = session_error(session, &exchange.response, name, err);
	if (r == 0)
		r = take_manifest(&exchange.response, wanted, arena, ret, err);
	http_response_free(&exchange.response);
	return r;
}

int
registry_manifest_by_tag(struct registry *registry, struct span tag, struct arena *arena,
			 struct registry_manifest *ret, struct err *err)
{
	return fetch_manifest(registry, tag, NULL, arena, ret, err);
}

int
registry_manifest_by_digest(struct registry *registry, const struct digest *digest,
			    struct arena *arena, struct registry_manifest *ret, struct err *err)
{
	char text[DIGEST_TEXT];

	return fetch_manifest(registry, span_from(digest_format(digest, text)), digest, arena, ret,
			      err);
}

static int
prepare_exchange(struct registry *registry, struct download *download,
		 struct http_exchange *exchange, struct err *err)
{
	struct session *session = &registry->session;
	uint64_t size = download->blob.size;

	exchange->request = (struct http_request){
		.method = "GET",
		.body_max = size == UINT64_MAX ? LAYER_COMPRESSED_MAX : UINT64_MAX,
		.offset = download->received,
		.sink = &download->sink,
	};
	return session_url(session, session->arena, "blobs", span_from(download->text),
			   &exchange->request.url, err);
}

/* One that started with bytes of an earlier run may be wrong because of those: once from the start.
 */
static int
finish_one(struct download *download, struct err *err)
{
	bool carried = download->carried;
	int r = download_finish(download, err);

	if (r < 0 && err->kind == ERR_NETWORK) {
		*err = (struct err)ERR_INIT; /* ended early: the next round goes on */
		return 0;
	}
	if (r < 0 && err->kind == ERR_DIGEST && carried) {
		struct registry_blob blob = download->blob;
		const struct registry *registry = download->registry;
		struct download_total *total = download->total;

		*err = (struct err)ERR_INIT;
		total->done -= download->received;
		download_close(download);
		return download_open(download, registry, &blob, total, err);
	}
	return r;
}

static int
take_answers(struct registry *registry, struct download *const *running,
	     struct http_exchange *exchanges, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		char name[DIGEST_TEXT + 8];
		int status = exchanges[i].response.status;
		int r;

		(void)snprintf(name, sizeof(name), "blob %s", running[i]->text);
		if (status == 200 || status == 206)
			r = finish_one(running[i], err);
		else
			r = session_error(&registry->session, &exchanges[i].response, name, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Everything that is not finished, once; *ret_left: how many still are not. */
static int
run_round(struct registry *registry, struct download *downloads, size_t count, size_t *ret_left,
	  struct err *err)
{
	struct http_exchange *exchanges = calloc(count, sizeof(*exchanges));
	struct download **running = calloc(count, sizeof(struct download *));
	size_t left = 0;
	int r = 0;

	if (!exchanges || !running) {
		free(exchanges);
		free(running);
		return err_memory(err);
	}
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (downloads[i].finished)
			continue;
		/* an earlier run may have got every byte and died before the rename */
		if (downloads[i].received == downloads[i].blob.size) {
			r = finish_one(&downloads[i], err);
			if (r < 0 || downloads[i].finished)
				continue;
		}
		running[left] = &downloads[i];
		r = prepare_exchange(registry, &downloads[i], &exchanges[left++], err);
	}
	if (r == 0 && left)
		r = session_run(&registry->session, exchanges, left, PARALLEL, REGISTRY_PULL, err);
	if (r == 0)
		r = take_answers(registry, running, exchanges, left, err);
	for (size_t i = 0; i < left; i++)
		http_response_free(&exchanges[i].response);
	free(exchanges);
	free(running);
	*ret_left = 0;
	for (size_t i = 0; i < count; i++)
		*ret_left += !downloads[i].finished;
	return r;
}

static int
run_downloads(struct registry *registry, struct download *downloads, size_t count, struct err *err)
{
	size_t left = 0;

	for (size_t i = 0; i < count; i++)
		left += !downloads[i].finished;
	for (int round = 0; left > 0; round++) {
		if (round == ROUNDS_MAX)
			return err_set(err, ERR_NETWORK,
				       "registry %s: blobs end early again and again",
				       registry->session.domain.p);
		int r = run_round(registry, downloads, count, &left, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool
seen_before(const struct registry_blob *blobs, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (digest_equal(&blobs[i].digest, &blobs[j].digest))
			return true;
	}
	return false;
}

int
registry_fetch(struct registry *registry, const struct registry_blob *blobs, size_t count,
	       struct err *err)
{
	struct download_total total = {.progress = registry->options->progress};
	struct download *downloads = calloc(count ? count : 1, sizeof(*downloads));
	size_t unique = 0;
	int r;

	if (!downloads)
		return err_memory(err);
	r = directory_make(registry->folder.p, 0755, err);
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (seen_before(blobs, i))
			continue;
		r = download_open(&downloads[unique++], registry, &blobs[i], &total, err);
		if (r == 0 && !downloads[unique - 1].finished) {
			total.blobs++;
			total.size += blobs[i].size == UINT64_MAX ? 0 : blobs[i].size;
		}
	}
	if (r == 0)
		r = run_downloads(registry, downloads, unique, err);
	for (size_t i = 0; i < unique; i++)
		download_close(&downloads[i]);
	free(downloads);
	return r;
}

static const char *
blob_path(const struct registry *registry, const struct digest *digest, char path[PATH_MAX])
{
	char text[DIGEST_TEXT];

	(void)snprintf(path, PATH_MAX, "%s/%s", registry->folder.p,
		       digest_format(digest, text) + sizeof("sha256:") - 1);
	return path;
}

void
registry_blob_forget(struct registry *registry, const struct digest *digest)
{
	char path[PATH_MAX];

	(void)unlink(blob_path(registry, digest, path));
}

int
registry_blob_open(struct registry *registry, const struct digest *digest, int *ret_fd,
		   struct err *err)
{
	char path[PATH_MAX];

	(void)blob_path(registry, digest, path);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno,
			       "cannot open %s", path);
	*ret_fd = fd;
	return 0;
}
