/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/profile/http.h"
#include "stage/profile/session.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"

#include <stdio.h>

enum { HEALTH_MS = 30000, HEALTH_ARGUMENTS = 64, LINE_SHOWN = 140 };

/* What is being waited for, and one attempt at it. */
struct attempt {
	struct session *session;
	struct instance *instance;
	const struct ready_options *options;
	uint64_t since;
	char what[160]; /* for people */
};

static bool
try_http(struct attempt *attempt)
{
	long status = http_ask(attempt->options->http.p, false, SESSION_ATTEMPT_MS, NULL, NULL);

	(void)snprintf(attempt->what, sizeof(attempt->what), "%.*s answers with status %ld",
		       (int)(attempt->options->http.n > 90 ? 90 : attempt->options->http.n),
		       attempt->options->http.p, status);
	if (status == 0)
		(void)snprintf(attempt->what, sizeof(attempt->what), "%.120s does not answer",
			       attempt->options->http.p);
	return status > 0 && status < 500;
}

/* "HOST:PORT" or "[::1]:PORT"; false when it is neither. */
static bool
split_address(struct span address, char host[256], uint16_t *ret_port)
{
	size_t colon = span_find_last(address, ':');
	uint64_t port;

	if (colon == address.n || !span_to_u64(span_slice(address, colon + 1, address.n), &port) ||
	    port < 1 || port > UINT16_MAX)
		return false;
	struct span name = span_slice(address, 0, colon);
	if (name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']')
		name = span_slice(name, 1, name.n - 1);
	(void)snprintf(host, 256, "%.*s", SPAN_ARG(name.n ? name : SPAN("127.0.0.1")));
	*ret_port = (uint16_t)port;
	return true;
}

static bool
try_tcp(struct attempt *attempt)
{
	char host[256];
	uint16_t port;

	(void)snprintf(attempt->what, sizeof(attempt->what), "%.120s takes no connection",
		       attempt->options->tcp.p);
	return split_address(attempt->options->tcp, host, &port) &&
	       tcp_accepts(host, port, SESSION_ATTEMPT_MS);
}

static bool
try_command(struct attempt *attempt)
{
	CLEANUP(buf_cleanup) struct buf output = BUF_INIT(SESSION_TAIL);
	struct err err = ERR_INIT;
	int r = container_exec(attempt->instance->container, attempt->options->command, HEALTH_MS,
			       &output, &err);

	if (r < 0)
		(void)snprintf(attempt->what, sizeof(attempt->what),
			       "the readiness command fails: %.110s", err.text);
	return r == 0;
}

/* Any of the exposed ports: an image often exposes more than it opens. */
static bool
try_ports(struct attempt *attempt)
{
	const struct image_config *config = &attempt->instance->image->config;

	(void)snprintf(attempt->what, sizeof(attempt->what),
		       "no exposed TCP port takes connections");
	for (size_t i = 0; i < config->port_count; i++) {
		if (config->ports[i].udp ||
		    !tcp_accepts("127.0.0.1", config->ports[i].number, SESSION_ATTEMPT_MS))
			continue;
		if (attempt->instance == &attempt->session->app)
			attempt->session->port = config->ports[i].number;
		return true;
	}
	return false;
}

static bool
try_health(struct attempt *attempt)
{
	(void)snprintf(attempt->what, sizeof(attempt->what), "the image's health check fails");
	return ready_health(attempt->instance) == 1;
}

static bool
try_running(struct attempt *attempt)
{
	(void)snprintf(attempt->what, sizeof(attempt->what), "it has not been running for %d s",
		       SESSION_RUNNING_MS / 1000);
	return clock_ms() - attempt->since >= SESSION_RUNNING_MS;
}

static bool
try_ended(struct attempt *attempt)
{
	(void)snprintf(attempt->what, sizeof(attempt->what), "the job has not ended");
	return false;
}

static bool
has_health(const struct image_config *config)
{
	const struct image_health *health = &config->health;

	return health->set && health->test.count > 1 &&
	       !span_equal(health->test.items[0], SPAN("NONE"));
}

int
ready_health(struct instance *instance)
{
	static const struct span shell[] = {SPAN_INIT("/bin/sh"), SPAN_INIT("-c")};
	const struct image_config *config = &instance->image->config;
	const struct image_health *health = &config->health;
	struct span items[HEALTH_ARGUMENTS];
	struct span_list argv = {items, 0};
	struct err ignored = ERR_INIT;

	if (!has_health(config))
		return -1;
	if (span_equal(health->test.items[0], SPAN("CMD-SHELL"))) {
		const struct span *prefix = config->shell.count ? config->shell.items : shell;
		size_t count = config->shell.count ? config->shell.count : 2;
		for (size_t i = 0; i < count && argv.count < HEALTH_ARGUMENTS / 2; i++)
			items[argv.count++] = prefix[i];
	}
	for (size_t i = 1; i < health->test.count && argv.count < HEALTH_ARGUMENTS; i++)
		items[argv.count++] = health->test.items[i];
	uint64_t timeout_ms = health->timeout_ms ? health->timeout_ms : HEALTH_MS;
	return container_exec(instance->container, argv, timeout_ms, NULL, &ignored) == 0;
}

static bool
has_tcp_port(const struct image_config *config)
{
	for (size_t i = 0; i < config->port_count; i++) {
		if (!config->ports[i].udp)
			return true;
	}
	return false;
}

/* What is asked, in this order; the last one always applies. */
static bool (*choose(const struct attempt *attempt))(struct attempt *)
{
	const struct ready_options *options = attempt->options;
	const struct image_config *config = &attempt->instance->image->config;

	if (options->http.n)
		return try_http;
	if (options->tcp.n)
		return try_tcp;
	if (options->command.count)
		return try_command;
	if (options->ended)
		return try_ended;
	if (has_tcp_port(config))
		return try_ports;
	if (has_health(config))
		return try_health;
	return try_running;
}

static int
ended(const struct attempt *attempt, bool is_good, struct err *err)
{
	const struct instance *instance = attempt->instance;
	struct span tail = span_trim(container_tail(instance->container));
	size_t newline = span_find_last(tail, '\n');

	/* one that does its work and leaves */
	if (is_good && instance->status == 0)
		return 0;
	if (newline < tail.n)
		tail = span_slice(tail, newline + 1, tail.n);
	bool cut = tail.n > LINE_SHOWN;
	if (cut)
		tail = span_slice(tail, tail.n - LINE_SHOWN, tail.n);
	return err_set(err, ERR_CHILD,
		       "the container ended with status %d before it was ready%s%.*s",
		       instance->status,
		       cut	? ": ..."
		       : tail.n ? ": "
				: "",
		       SPAN_ARG(tail));
}

int
ready_wait(struct session *session, struct instance *instance, const struct ready_options *options,
	   struct err *err)
{
	struct attempt attempt = {
		.session = session, .instance = instance, .options = options, .since = clock_ms()};
	uint64_t timeout = options->timeout_ms ? options->timeout_ms : SESSION_READY_MS;
	bool (*try)(struct attempt *) = choose(&attempt);

	for (;;) {
		uint64_t now = clock_ms();

		if (instance_ended(instance))
			return ended(&attempt, try == try_running || try == try_ended, err);
		if (try(&attempt))
			return 0;
		if (now - attempt.since >= timeout)
			return err_set(err, ERR_TIMEOUT, "not ready after %llu s: %s",
				       (unsigned long long)timeout / 1000, attempt.what);
		(void)session_wait(session, -1, now + SESSION_PAUSE_MS);
	}
}
