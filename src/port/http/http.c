/* SPDX-License-Identifier: Apache-2.0 */
/* The client: what runs now, what is tried again and when, where redirects lead. */
#include "port/http.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/proc.h"
#include "port/http/parts.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum {
	TRIES = 5,	   /* of an answer or connection that failed */
	TRIES_CONNECT = 2, /* where nobody answers at all */
	BREAKS_MAX = 50,   /* of one body that keeps coming */
	REDIRECTS_MAX = 10,
	PAUSE_MS = 250, /* before the second try; doubles */
	PAUSE_MAX_MS = 8000,
	RETRY_AFTER_MAX_S = 120,
	POLL_MS = 100, /* how soon a cancellation is seen */
	URL_MAX = 8192,
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
start_curl(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

int
http_new(const struct http_options *options, struct http **ret, struct err *err)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http)
		return err_memory(err);
	(void)pthread_once(&once, start_curl);
	http->options = *options;
	http->multi = curl_multi_init();
	if (!http->multi) {
		free(http);
		return err_memory(err);
	}
	*ret = http;
	return 0;
}

void
http_free(struct http *http)
{
	if (!http)
		return;
	(void)curl_multi_cleanup(http->multi);
	free(http);
}

void
http_cleanup(struct http **http)
{
	http_free(*http);
	*http = NULL;
}

void
http_response_free(struct http_response *response)
{
	buf_cleanup(&response->headers);
	buf_cleanup(&response->body);
	response->status = 0;
}

struct span
http_header(const struct http_response *response, const char *name, size_t nth)
{
	struct span rest = buf_span(&response->headers);

	while (rest.p) {
		struct span value = span_cut(&rest, '\n');
		struct span key = span_cut(&value, ':');

		if (value.p && span_equal_nocase(span_trim(key), span_from(name)) && nth-- == 0)
			return span_trim(value);
	}
	return (struct span){NULL, 0};
}

/* Half of it jitter. */
static uint64_t
pause_before(unsigned attempt)
{
	uint64_t pause = PAUSE_MS;
	uint32_t jitter = 0;

	for (unsigned i = 1; i < attempt && pause < PAUSE_MAX_MS; i++)
		pause *= 2;
	(void)!getrandom(&jitter, sizeof(jitter), GRND_NONBLOCK);
	return pause / 2 + jitter % (pause / 2 + 1);
}

int
http_pause(unsigned attempt, const struct http_response *response, struct err *err)
{
	uint64_t until = clock_ms() + pause_before(attempt);
	uint64_t later_s = 0;

	if (response && span_to_u64(http_header(response, "Retry-After", 0), &later_s)) {
		if (later_s > RETRY_AFTER_MAX_S)
			return err_set(err, ERR_NETWORK,
				       "the other side asks to come back in %llu seconds",
				       (unsigned long long)later_s);
		if (clock_ms() + later_s * 1000 > until)
			until = clock_ms() + later_s * 1000;
	}
	while (clock_ms() < until) {
		uint64_t left = until - clock_ms();

		if (proc_cancel)
			return err_set(err, ERR_CANCELLED, "interrupted");
		(void)poll(NULL, 0, (int)(left < POLL_MS ? left : POLL_MS));
	}
	return 0;
}

/* Puts the next try off: growing pauses with jitter, at least what the server asks for. */
static void
put_off(struct transfer *transfer, uint64_t at_least_ms)
{
	uint64_t pause = pause_before(transfer->tries);

	transfer->wake_ms = clock_ms() + (pause > at_least_ms ? pause : at_least_ms);
	free(transfer->redirect); /* a signed address may have run out */
	transfer->redirect = NULL;
	transfer->redirects = 0;
}

static bool
asks_for_later(int status)
{
	static const int statuses[] = {408, 429, 500, 502, 503, 504};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (status == statuses[i])
			return true;
	}
	return false;
}

/* How often this kind of failure is worth a try; 1: not again. */
static unsigned
tries_for(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_SSL_CONNECT_ERROR:
		return TRIES_CONNECT;
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return TRIES;
	default:
		return 1;
	}
}

static int
network_error(const struct transfer *transfer, CURLcode code, struct err *err)
{
	const char *reason = transfer->reason[0] ? transfer->reason : curl_easy_strerror(code);
	enum err_kind kind = code == CURLE_OPERATION_TIMEDOUT ? ERR_TIMEOUT : ERR_NETWORK;

	return err_set(err, kind, "%s:%u: %.160s", transfer->at.host, transfer->at.port, reason);
}

/* A try ended without a whole answer: again, or for good. */
static int
after_failure(struct transfer *transfer, CURLcode code, struct err *err)
{
	bool moved = transfer->position > transfer->asked && transfer->begun;

	if (transfer->err.kind != ERR_NONE) {
		*err = transfer->err;
		return -(int)err->kind;
	}
	transfer->exchange->response.not_tls = code == CURLE_SSL_CONNECT_ERROR;
	if (transfer->exchange->request.once)
		return network_error(transfer, code, err);
	/* a body that comes in pieces is a bad line, not a bad server */
	if (moved && transfer->exchange->request.sink && ++transfer->breaks < BREAKS_MAX)
		transfer->tries = 1;
	if (transfer->tries >= tries_for(code))
		return network_error(transfer, code, err);
	put_off(transfer, 0);
	return 0;
}

static bool
is_redirect(const struct transfer *transfer)
{
	int status = transfer->exchange->response.status;
	const char *method = transfer->exchange->request.method;

	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return false;
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static int
follow(struct transfer *transfer, struct err *err)
{
	struct origin next;
	char *url = NULL;

	(void)curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &url);
	if (!url || strlen(url) > URL_MAX)
		return err_set(err, ERR_NETWORK, "%s redirects to nowhere", transfer->at.host);
	if (++transfer->redirects > REDIRECTS_MAX)
		return err_set(err, ERR_NETWORK, "%s: more than %d redirects", transfer->home.host,
			       REDIRECTS_MAX);
	if (origin_of(transfer->http, url, &next, err) < 0)
		return err_wrap(err, "redirect by %s", transfer->at.host);
	if (transfer->at.https && !next.https)
		return err_set(err, ERR_NETWORK, "%s redirects from https to plain HTTP; refused",
			       transfer->at.host);
	char *copy = strdup(url);
	if (!copy)
		return err_memory(err);
	free(transfer->redirect);
	transfer->redirect = copy;
	transfer->wake_ms = 0;
	transfer->tries--; /* the next request is still the same try */
	return 0;
}

static int
after_answer(struct transfer *transfer, struct err *err)
{
	int status = transfer->exchange->response.status;
	curl_off_t later_s = 0;

	if (is_redirect(transfer))
		return follow(transfer, err);
	if (status == 416 && transfer->asked > 0 && transfer->tries < TRIES) {
		transfer->position = 0; /* what we hold is not a start of it */
		put_off(transfer, 0);
		return 0;
	}
	if (asks_for_later(status) && !transfer->exchange->request.once &&
	    transfer->tries < TRIES) {
		(void)curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &later_s);
		if (later_s <= RETRY_AFTER_MAX_S) {
			put_off(transfer, (uint64_t)(later_s > 0 ? later_s : 0) * 1000);
			return 0;
		}
	}
	transfer->done = true;
	return 0;
}

static int
start_transfer(struct transfer *transfer, struct err *err)
{
	int r = transfer_prepare(transfer, err);

	if (r < 0)
		return r;
	if (curl_multi_add_handle(transfer->http->multi, transfer->easy) != CURLM_OK)
		return err_memory(err);
	transfer->tries++;
	transfer->running = true;
	return 0;
}

/* Handles those that ended; 1 when there were any. */
static int
collect(struct http *http, struct err *err)
{
	const CURLMsg *message;
	int any = 0;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
		struct transfer *transfer = NULL;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
		(void)curl_multi_remove_handle(http->multi, transfer->easy);
		transfer->running = false;
		if (code == CURLE_OK && transfer_begin_body(transfer) < 0)
			code = CURLE_WRITE_ERROR;
		int r = code == CURLE_OK ? after_answer(transfer, err)
					 : after_failure(transfer, code, err);
		if (r < 0)
			return r;
		any = 1;
	}
	return any;
}

/* Starts what is due; *ret_left: how many are not done, *ret_wait_ms: until one is due. */
static int
start_due(struct transfer *transfers, size_t count, size_t parallel, size_t *ret_left,
	  uint64_t *ret_wait_ms, struct err *err)
{
	uint64_t now = clock_ms();
	size_t running = 0;
	size_t left = 0;

	*ret_wait_ms = POLL_MS;
	for (size_t i = 0; i < count; i++)
		running += transfers[i].running;
	for (size_t i = 0; i < count; i++) {
		struct transfer *transfer = &transfers[i];

		left += !transfer->done;
		if (transfer->done || transfer->running || running >= parallel)
			continue;
		if (transfer->wake_ms > now) {
			if (transfer->wake_ms - now < *ret_wait_ms)
				*ret_wait_ms = transfer->wake_ms - now;
			continue;
		}
		int r = start_transfer(transfer, err);
		if (r < 0)
			return r;
		running++;
	}
	*ret_left = left;
	return 0;
}

static int
run_all(struct http *http, struct transfer *transfers, size_t count, size_t parallel,
	struct err *err)
{
	for (;;) {
		uint64_t wait_ms;
		size_t left = 0;
		int running;
		int r = start_due(transfers, count, parallel, &left, &wait_ms, err);

		if (r < 0 || left == 0)
			return r;
		if (proc_cancel)
			return err_set(err, ERR_CANCELLED, "interrupted");
		if (curl_multi_perform(http->multi, &running) != CURLM_OK)
			return err_set(err, ERR_NETWORK, "the HTTP library gave up");
		r = collect(http, err);
		if (r < 0)
			return r;
		if (r > 0)
			continue; /* something may be due at once */
		if (curl_multi_poll(http->multi, NULL, 0, (int)wait_ms, NULL) != CURLM_OK)
			return err_set(err, ERR_NETWORK, "cannot wait for the network");
	}
}

int
http_run(struct http *http, struct http_exchange *exchanges, size_t count, size_t parallel,
	 struct err *err)
{
	struct transfer *transfers = calloc(count ? count : 1, sizeof(*transfers));

	if (!transfers)
		return err_memory(err);
	for (size_t i = 0; i < count; i++) {
		transfers[i].http = http;
		transfers[i].exchange = &exchanges[i];
		transfers[i].position = exchanges[i].request.offset;
	}
	int r = run_all(http, transfers, count, parallel ? parallel : 1, err);
	for (size_t i = 0; i < count; i++) {
		if (transfers[i].running)
			(void)curl_multi_remove_handle(http->multi, transfers[i].easy);
		if (exchanges[i].request.sink)
			exchanges[i].request.offset = transfers[i].position;
		transfer_free(&transfers[i]);
	}
	free(transfers);
	return r;
}
