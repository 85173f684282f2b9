/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The load of a service that states none: connects to the exposed ports and follows the links of
 * what answers with HTTP there. It sees little of what a service does: the profile is `narrow`.
 */
#include "stage/profile/http.h"
#include "stage/profile/session.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"

#include <curl/curl.h>
#include <stdio.h>

enum {
	PROBER_PAGES = 200,
	PROBER_MS = 30000,
	PROBER_QUEUE = 2000,
	PROBER_URL_MAX = 2048,
	PROBER_IDLE_MS = 5000, /* watching a container without ports */
	PROBER_BODY = 1024 * 1024,
};

struct crawl {
	struct session *session;
	uint64_t deadline;
	struct arena *arena;
	struct map *seen;
	VEC(struct span) queue;
	size_t next;
	unsigned pages;
	uint16_t port;
};

static int
enqueue(struct crawl *crawl, struct span url, struct err *err)
{
	uint64_t seen;

	if (url.n > PROBER_URL_MAX || crawl->queue.count >= PROBER_QUEUE ||
	    map_get(crawl->seen, url, &seen))
		return 0;
	struct span copy = arena_copy(crawl->arena, url);
	if (!copy.p)
		return err_memory(err);
	int r = map_put(crawl->seen, copy, 1, err);
	return r < 0 ? r : vec_push(&crawl->queue, &copy, PROBER_QUEUE, err);
}

static bool
same_part(CURLU *a, CURLU *b, CURLUPart part)
{
	char *of_a = NULL;
	char *of_b = NULL;
	bool same = curl_url_get(a, part, &of_a, CURLU_DEFAULT_PORT) == CURLUE_OK &&
		    curl_url_get(b, part, &of_b, CURLU_DEFAULT_PORT) == CURLUE_OK &&
		    strcmp(of_a, of_b) == 0;

	curl_free(of_a);
	curl_free(of_b);
	return same;
}

/* A link as it stands on the page; only what stays on this host and port is followed. */
static int
follow(struct crawl *crawl, const char *page, struct span link, struct err *err)
{
	char text[PROBER_URL_MAX];
	CURLU *base = curl_url();
	CURLU *target = curl_url();
	char *url = NULL;
	int r = 0;

	if (base && target && link.n > 0 && link.n < sizeof(text)) {
		(void)snprintf(text, sizeof(text), "%.*s", SPAN_ARG(link));
		bool good =
			curl_url_set(base, CURLUPART_URL, page, 0) == CURLUE_OK &&
			curl_url_set(target, CURLUPART_URL, page, 0) == CURLUE_OK &&
			curl_url_set(target, CURLUPART_URL, text, CURLU_URLENCODE) == CURLUE_OK &&
			curl_url_set(target, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK;
		if (good && same_part(base, target, CURLUPART_SCHEME) &&
		    same_part(base, target, CURLUPART_HOST) &&
		    same_part(base, target, CURLUPART_PORT) &&
		    curl_url_get(target, CURLUPART_URL, &url, 0) == CURLUE_OK)
			r = enqueue(crawl, span_from(url), err);
	}
	curl_free(url);
	curl_url_cleanup(base);
	curl_url_cleanup(target);
	return r;
}

/* The value behind href= or src=, quoted or not. */
static struct span
attribute_value(struct span rest)
{
	rest = span_trim(span_slice(rest, 0, rest.n < PROBER_URL_MAX ? rest.n : PROBER_URL_MAX));
	if (rest.n > 1 && (rest.p[0] == '"' || rest.p[0] == '\'')) {
		size_t end = span_find(span_slice(rest, 1, rest.n), rest.p[0]);

		return end < rest.n - 1 ? span_slice(rest, 1, 1 + end) : SPAN("");
	}
	size_t end = 0;
	while (end < rest.n && !strchr(" \t\r\n>\"'", rest.p[end]))
		end++;
	return span_slice(rest, 0, end);
}

static int
follow_links(struct crawl *crawl, const char *page, struct span html, struct err *err)
{
	static const struct span names[] = {SPAN_INIT("href="), SPAN_INIT("src="),
					    SPAN_INIT("action=")};
	int r = 0;

	for (size_t i = 0; r == 0 && i < html.n; i++) {
		struct span rest = span_slice(html, i, html.n);

		for (size_t k = 0; r == 0 && k < sizeof(names) / sizeof(names[0]); k++) {
			if (rest.n > names[k].n &&
			    span_equal_nocase(span_slice(rest, 0, names[k].n), names[k]))
				r = follow(crawl, page,
					   attribute_value(span_slice(rest, names[k].n, rest.n)),
					   err);
		}
	}
	return r;
}

static bool
may_go_on(struct crawl *crawl)
{
	return crawl->pages < PROBER_PAGES && clock_ms() < crawl->deadline &&
	       !instance_ended(&crawl->session->app);
}

static int
visit(struct crawl *crawl, const char *url, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf body = BUF_INIT(PROBER_BODY);
	CLEANUP(buf_cleanup) struct buf type = BUF_INIT(256);
	long status = http_ask(url, false, SESSION_ATTEMPT_MS, &body, &type);

	crawl->pages++;
	processes_sample(crawl->session);
	if (status == 0 || !span_contains(buf_span(&type), SPAN("html")))
		return 0;
	return follow_links(crawl, url, buf_span(&body), err);
}

static int
crawl_from(struct crawl *crawl, const char *base, struct err *err)
{
	static const char *const starts[] = {"/", "/robots.txt", "/favicon.ico",
					     "/mohs-this-page-does-not-exist"};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(starts) / sizeof(starts[0]); i++)
		r = enqueue(crawl, arena_printf(crawl->arena, "%s%s", base, starts[i]), err);
	while (r == 0 && crawl->next < crawl->queue.count && may_go_on(crawl))
		r = visit(crawl, crawl->queue.items[crawl->next++].p, err);
	return r;
}

static int
probe_port(struct crawl *crawl, struct err *err)
{
	static const char *const schemes[] = {"http", "https"};

	if (!tcp_accepts("127.0.0.1", crawl->port, SESSION_ATTEMPT_MS)) {
		(void)session_gap(crawl->session, false, SPAN("prober"),
				  "port %u takes no connection: not asked", crawl->port);
		return 0;
	}
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		struct span base =
			arena_printf(crawl->arena, "%s://127.0.0.1:%u", schemes[i], crawl->port);

		if (!base.p)
			return err_memory(err);
		if (may_go_on(crawl) && http_ask(arena_printf(crawl->arena, "%s/", base.p).p, true,
						 SESSION_ATTEMPT_MS, NULL, NULL) > 0)
			return crawl_from(crawl, base.p, err);
	}
	return 0;
}

static int
probe_ports(struct crawl *crawl, struct err *err)
{
	const struct image_config *config = &crawl->session->options->image->config;
	bool any = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < config->port_count; i++) {
		if (config->ports[i].udp)
			continue;
		any = true;
		crawl->port = config->ports[i].number;
		r = probe_port(crawl, err);
	}
	if (r == 0 && !any && !instance_ended(&crawl->session->app))
		(void)session_wait(crawl->session, -1, clock_ms() + PROBER_IDLE_MS);
	if (r == 0 && !instance_ended(&crawl->session->app) &&
	    ready_health(&crawl->session->app) == 0)
		(void)session_gap(crawl->session, true, SPAN("prober"),
				  "the image's health check fails");
	return r;
}

int
prober_run(struct session *session, struct err *err)
{
	struct crawl crawl = {
		.session = session,
		.deadline = clock_ms() + PROBER_MS,
		.arena = arena_new(0),
		.seen = map_new(0),
	};
	bool had_ended = instance_ended(&session->app);
	int r = crawl.arena && crawl.seen
			? session_phase_begin(session, PHASE_LOAD, SPAN("prober"), SPAN(""), err)
			: err_memory(err);

	session->prober = true;
	if (r == 0 && !had_ended)
		r = probe_ports(&crawl, err);
	if (r == 0) {
		bool ended = instance_ended(&session->app);
		bool passed = !ended || had_ended || session->app.status == 0;

		session_phase_end(session, ended ? session->app.status : 0, passed);
		if (!passed)
			(void)session_gap(session, true, SPAN("prober"),
					  "the container ended with status %d meanwhile",
					  session->app.status);
	}
	vec_free(&crawl.queue);
	map_free(crawl.seen);
	arena_free(crawl.arena);
	return r;
}
