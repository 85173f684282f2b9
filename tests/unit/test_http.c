/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/proc.h"
#include "port/http.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void
loopback_is_told_by_its_name(void **state)
{
	static const struct {
		const char *host;
		bool loopback;
	} cases[] = {
		{"localhost", true},
		{"LOCALHOST", true},
		{"127.0.0.1", true},
		{"127.9.8.7", true},
		{"[::1]", true},
		{"::1", true},
		{"localhost.example", false},
		{"127.0.0.1.example", false},
		{"128.0.0.1", false},
		{"", false},
		{"[::2]", false},
		{"0.0.0.0", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (http_is_loopback(span_from(cases[i].host)) != cases[i].loopback)
			fail_msg("%s", cases[i].host);
	}
}

static void
text_is_escaped(void **state)
{
	char *text = http_escape((struct span){"a/b:c@d\0e ", 10});

	(void)state;
	assert_non_null(text);
	assert_string_equal(text, "a/b%3Ac%40d%00e%20");
	free(text);
}

static void
headers_are_found(void **state)
{
	static char lines[] =
		"A: 1\nwww-authenticate:  x \nempty:\nWWW-Authenticate: y\nno colon\n";
	struct http_response response = {.headers = {.p = lines, .n = sizeof(lines) - 1}};

	(void)state;
	assert_span(http_header(&response, "WWW-Authenticate", 0), "x");
	assert_span(http_header(&response, "WWW-Authenticate", 1), "y");
	assert_null(http_header(&response, "WWW-Authenticate", 2).p);
	assert_span(http_header(&response, "Empty", 0), "");
	assert_null(http_header(&response, "no colon", 0).p);
}

static int
get(const struct http_options *options, const char *url, struct err *err)
{
	struct http_exchange exchange = {
		.request = {.method = "GET", .url = url, .body_max = 1000, .once = true}};
	struct http *http;
	int r = http_new(options, &http, err);

	if (r < 0)
		return r;
	r = http_run(http, &exchange, 1, 1, err);
	http_response_free(&exchange.response);
	http_free(http);
	return r;
}

/* Refused before anything is sent: none of these hosts is ever asked. */
static void
urls_are_refused(void **state)
{
	static const char *const urls[] = {
		"http://registry.example.com/v2/",
		"http://127.0.0.1.example.com/",
		"https://user:secret@127.0.0.1/",
		"http://user@127.0.0.1/",
		"ftp://127.0.0.1/",
		"file:///etc/passwd",
		"/etc/passwd",
		"",
	};
	const struct http_options options = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct err err = ERR_INIT;

		if (get(&options, urls[i], &err) != -ERR_NETWORK)
			fail_msg("%s: %s", urls[i], err.text);
		assert_null(strstr(err.text, "secret"));
		if (!strstr(err.text, "refusing") && !strstr(err.text, "not a usable URL"))
			fail_msg("%s: %s", urls[i], err.text);
	}
}

/* A server that listens and says nothing. */
static int
silent_server(char *url, size_t size)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	(void)snprintf(url, size, "http://127.0.0.1:%u/", ntohs(address.sin_port));
	return fd;
}

static void
silence_and_cancellation_end_a_request(void **state)
{
	const struct http_options options = {.silence_s = 1};
	char url[64];
	int fd = silent_server(url, sizeof(url));

	(void)state;
	assert_fails(ERR_TIMEOUT, get(&options, url, err));
	proc_cancel = 1;
	assert_fails(ERR_CANCELLED, get(&options, url, err));
	proc_cancel = 0;
	(void)close(fd);
	assert_fails(ERR_NETWORK, get(&options, url, err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loopback_is_told_by_its_name),
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(headers_are_found),
		cmocka_unit_test(urls_are_refused),
		cmocka_unit_test(silence_and_cancellation_end_a_request),
	};

	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
