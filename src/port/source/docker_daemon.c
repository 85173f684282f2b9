/* SPDX-License-Identifier: Apache-2.0 */
/* An image of the docker daemon on this machine, exported through its socket. */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/json.h"
#include "codec/reference.h"
#include "port/docker_socket.h"
#include "port/http.h"
#include "port/source/store.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

static int
export_start(void *context, uint64_t offset, struct err *err)
{
	const int *fd = context;

	if (offset != 0 || ftruncate(*fd, 0) < 0 || lseek(*fd, 0, SEEK_SET) < 0)
		return err_sys(err, ERR_IO, errno, "cannot start the temporary file over");
	return 0;
}

static int
export_data(void *context, struct span bytes, struct err *err)
{
	const int *fd = context;

	return fd_write_full(*fd, bytes, err);
}

static bool
is_identifier(struct span name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (!((name.p[i] >= '0' && name.p[i] <= '9') ||
		      (name.p[i] >= 'a' && name.p[i] <= 'f')))
			return false;
	}
	return name.n == 12 || name.n == DIGEST_HEX;
}

/* Spelled out, so that the daemon does not export every tag there is; identifiers as they are. */
static int
exported_name(struct span rest, struct arena *arena, struct span *ret, struct err *err)
{
	struct err ignored = ERR_INIT;
	struct reference reference;
	struct digest digest;

	if (digest_parse(rest, &digest, &ignored) == 0 || is_identifier(rest)) {
		*ret = arena_copy(arena, rest);
		return ret->p ? 0 : err_memory(err);
	}
	int r = reference_parse(rest, arena, &reference, err);
	if (r == 0)
		*ret = reference.text;
	return r;
}

static int
daemon_refused(const struct http_response *response, struct span name, struct err *err)
{
	static const struct json_field fields[] = {{"message", JSON_FIELD_SPAN, 0, true}, {0}};
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct span message = SPAN("no reason given");
	struct err ignored = ERR_INIT;

	if (arena && json_parse(buf_span(&response->body), &json, &ignored) == 0)
		(void)json_read(json, fields, &message, arena, &ignored);
	return err_set(err, response->status == 404 ? ERR_NOT_FOUND : ERR_IO,
		       "the docker daemon has no %.*s for us: %.*s (%d)", SPAN_ARG(name),
		       message.n > 100 ? 100 : (int)message.n, message.p, response->status);
}

/* The address of the request, which has none behind a socket, would say nothing. */
static int
no_answer(const char *socket, struct err *err)
{
	if (err->kind != ERR_NETWORK)
		return err_wrap(err, "docker daemon at %s", socket);
	if (access(socket, F_OK) < 0)
		return err_set(
			err, ERR_NETWORK,
			"docker daemon at %s: there is no such socket: docker does not run here, "
			"or $DOCKER_HOST must name its socket",
			socket);
	if (access(socket, R_OK | W_OK) < 0)
		return err_set(err, ERR_NETWORK,
			       "docker daemon at %s: permission denied: root and the group docker "
			       "may use it",
			       socket);
	return err_set(err, ERR_NETWORK, "docker daemon at %s: nobody answers there", socket);
}

static int
export_image(const char *socket, struct span name, int fd, struct arena *arena, struct err *err)
{
	enum { SILENCE_S = 600 }; /* the daemon packs the image before its first byte */
	const struct http_options options = {.unix_socket = socket, .silence_s = SILENCE_S};
	const struct http_sink sink = {&fd, export_start, export_data};
	CLEANUP(http_cleanup) struct http *http = NULL;
	CLEANUP(free_cleanup) char *escaped = http_escape(name);
	struct http_exchange exchange = {0};

	if (!escaped)
		return err_memory(err);
	struct span url = arena_printf(arena, "http://localhost/images/%s/get", escaped);
	if (!url.p)
		return err_memory(err);
	int r = http_new(&options, &http, err);
	if (r < 0)
		return r;
	exchange.request = (struct http_request){.method = "GET",
						 .url = url.p,
						 .body_max = LAYER_INFLATED_MAX,
						 .sink = &sink,
						 .once = true};
	r = http_run(http, &exchange, 1, 1, err);
	if (r < 0)
		r = no_answer(socket, err);
	else if (exchange.response.status != 200)
		r = daemon_refused(&exchange.response, name, err);
	http_response_free(&exchange.response);
	return r;
}

static int
open_daemon(struct span rest, const struct source_options *options, struct source **ret,
	    struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(fd_cleanup) int fd = -1;
	struct store *store = NULL;
	struct span name = {NULL, 0};

	(void)options;
	if (!arena)
		return err_memory(err);
	const char *socket = docker_socket(err);
	if (!socket)
		return err_wrap(err, "save the image and use docker-archive:");
	int r = exported_name(rest, arena, &name, err);
	if (r == 0)
		r = file_unnamed(&fd, err);
	if (r == 0)
		r = export_image(socket, name, fd, arena, err);
	if (r < 0)
		return r;
	struct span whole = arena_printf(arena, "docker-daemon:%.*s", SPAN_ARG(name));
	if (!whole.p)
		return err_memory(err);
	if (store_tar_fd(TAKE_FD(fd), &store, err) < 0)
		return err_wrap(err, "what the docker daemon sent");
	return source_over_archive(&source_docker_daemon, store, SPAN(""), whole, ret, err);
}

const struct source_type source_docker_daemon = {"docker-daemon", "docker-daemon:NAME[:TAG]|ID",
						 open_daemon};
