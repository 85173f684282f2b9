/* SPDX-License-Identifier: Apache-2.0 */
/* Engines that are asked: the kernel, the docker daemon, the podman program. */
#include "port/target/engines.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/proc.h"
#include "port/docker_socket.h"
#include "port/http.h"

#include <stdio.h>
#include <unistd.h>

int
engine_pid(struct search *search, struct err *err)
{
	uint64_t pid;
	char path[64];

	if (!span_to_u64(search->wanted, &pid) || pid == 0 || pid > INT32_MAX)
		return err_set(err, ERR_NOT_FOUND, "no number of a process");
	(void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	if (access(path, F_OK) < 0)
		return err_set(err, ERR_NOT_FOUND, "no process %d", (int)pid);
	search->name = arena_copy(search->arena, search->wanted);
	search->state =
		(struct container_state){pid, 0, SPAN_INIT(""), SPAN_INIT(""), SPAN_INIT("")};
	return search->name.p ? 0 : err_memory(err);
}

static int
take_inspected(struct search *search, struct span text, struct err *err)
{
	int r = container_state_read(CONTAINER_INSPECT, text, search->arena, &search->state, err);

	if (r < 0)
		return r;
	search->name = arena_copy(search->arena, search->wanted);
	return search->name.p ? 0 : err_memory(err);
}

static int
ask_daemon(struct search *search, const char *socket, struct http_exchange *exchange,
	   struct err *err)
{
	const struct http_options options = {.unix_socket = socket};
	CLEANUP(http_cleanup) struct http *http = NULL;
	CLEANUP(free_cleanup) char *escaped = http_escape(search->wanted);
	struct span url = escaped ? arena_printf(search->arena,
						 "http://localhost/containers/%s/json", escaped)
				  : (struct span){NULL, 0};

	if (!url.p)
		return err_memory(err);
	exchange->request = (struct http_request){
		.method = "GET", .url = url.p, .body_max = CONTAINER_STATE_MAX, .once = true};
	int r = http_new(&options, &http, err);
	if (r == 0)
		r = http_run(http, exchange, 1, 1, err);
	if (r < 0)
		return err_wrap(err, "docker daemon at %s", socket);
	if (exchange->response.status != 200)
		return err_set(err, ERR_NOT_FOUND, "docker has no container \"%.*s\" (%d)",
			       search->wanted.n > 80 ? 80 : (int)search->wanted.n, search->wanted.p,
			       exchange->response.status);
	return take_inspected(search, buf_span(&exchange->response.body), err);
}

int
engine_docker(struct search *search, struct err *err)
{
	const char *socket = docker_socket(err);
	struct http_exchange exchange = {0};

	if (!socket)
		return -(int)err->kind;
	if (access(socket, R_OK | W_OK) < 0)
		return err_set(err, ERR_NOT_FOUND, "no docker daemon at %s", socket);
	int r = ask_daemon(search, socket, &exchange, err);
	http_response_free(&exchange.response);
	return r;
}

int
engine_podman(struct search *search, struct err *err)
{
	enum { PATIENCE_MS = 30000 };
	struct span name = arena_copy(search->arena, search->wanted);
	const char *const argv[] = {
		"podman", "--log-level=fatal", "inspect", "--type", "container", "--", name.p,
		NULL};
	const struct proc_options options = {.argv = argv, .input = -1, .output = -1, .error = -1};
	CLEANUP(buf_cleanup) struct buf output = BUF_INIT(CONTAINER_STATE_MAX);

	if (!name.p)
		return err_memory(err);
	if (name.n == 0)
		return err_set(err, ERR_NOT_FOUND, "no name");
	int r = proc_run(&options, PATIENCE_MS, &output, err);
	if (r < 0)
		return r == -ERR_CHILD
			       ? err_set(err, ERR_NOT_FOUND, "podman has no container \"%.*s\"",
					 name.n > 80 ? 80 : (int)name.n, name.p)
			       : r;
	return take_inspected(search, buf_span(&output), err);
}
