/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/profile/http.h"

#include "base/cleanup.h"
#include "base/fd.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static bool
connects(const struct addrinfo *address, unsigned timeout_ms)
{
	CLEANUP(fd_cleanup)
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
	int error = 0;
	socklen_t n = sizeof(error);

	if (fd < 0)
		return false;
	if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
		return true;
	return errno == EINPROGRESS && poll(&poll_fd, 1, (int)timeout_ms) == 1 &&
	       getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 && error == 0;
}

bool
tcp_accepts(const char *host, uint16_t port, unsigned timeout_ms)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char service[8];
	bool accepted = false;

	(void)snprintf(service, sizeof(service), "%u", port);
	if (getaddrinfo(host, service, &hints, &found) != 0)
		return false;
	for (const struct addrinfo *one = found; one && !accepted; one = one->ai_next)
		accepted = connects(one, timeout_ms);
	freeaddrinfo(found);
	return accepted;
}

/* Takes what fits and drops the rest. */
static size_t
/* NOLINTNEXTLINE(readability-non-const-parameter): libcurl's type of callback */
take_body(char *p, size_t size, size_t count, void *context)
{
	struct buf *body = context;
	struct err ignored = ERR_INIT;
	size_t n = size * count;

	if (body) {
		size_t room = body->max - body->n;

		(void)buf_append(body, (struct span){p, n < room ? n : room}, &ignored);
	}
	return n;
}

long
http_ask(const char *url, bool head, unsigned timeout_ms, struct buf *body,
	 struct buf *content_type)
{
	CURL *curl = curl_easy_init();
	struct err ignored = ERR_INIT;
	const char *type = NULL;
	long status = 0;

	if (!curl)
		return 0;
	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	(void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "mohs/" MOHS_VERSION);
	/* loopback of the session's own network: a certificate there proves nothing */
	(void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_NOBODY, head ? 1L : 0L);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
	(void)curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)0);
	(void)curl_easy_perform(curl);
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
	if (type && content_type)
		(void)buf_append(content_type, span_from(type), &ignored);
	curl_easy_cleanup(curl);
	return status;
}
