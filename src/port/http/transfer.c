/* SPDX-License-Identifier: Apache-2.0 */
/* One try of one exchange: the handle's settings and what its callbacks do. */
#include "base/fd.h"
#include "base/limits.h"
#include "port/http/parts.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	CONNECT_S = 15,
	SILENCE_S = 30,
	UPLOAD_BUFFER = 262144,
};

static struct http_response *
response_of(struct transfer *transfer)
{
	return &transfer->exchange->response;
}

static size_t
on_header(const char *p, size_t size, size_t n, void *context)
{
	struct transfer *transfer = context;
	struct buf *headers = &response_of(transfer)->headers;
	struct span line = span_trim((struct span){p, size * n});

	/* an interim answer, or a proxy's, was not the last */
	if (span_starts_with(line, SPAN("HTTP/")))
		headers->n = 0;
	else if (line.n && (buf_append(headers, line, &transfer->err) < 0 ||
			    buf_byte(headers, '\n', &transfer->err) < 0))
		return 0;
	return size * n;
}

static bool
is_good(int status)
{
	return status == 200 || status == 206;
}

/* "bytes 100-199/200": where the answer starts. */
static bool
content_range_start(const struct http_response *response, uint64_t *ret)
{
	struct span value = http_header(response, "Content-Range", 0);

	if (!value.p || !span_starts_with(value, SPAN("bytes ")))
		return false;
	value = span_slice(value, sizeof("bytes ") - 1, value.n);
	return span_to_u64(span_cut(&value, '-'), ret);
}

static int
start_good(struct transfer *transfer, int status)
{
	const struct http_request *request = &transfer->exchange->request;
	uint64_t offset = 0;

	if (status == 206 && (!content_range_start(response_of(transfer), &offset) ||
			      offset != transfer->asked || transfer->asked == 0))
		return err_set(&transfer->err, ERR_NETWORK, "an answer to another range");
	transfer->position = offset;
	if (request->sink)
		return request->sink->start(request->sink->context, offset, &transfer->err);
	return 0;
}

int
transfer_begin_body(struct transfer *transfer)
{
	long status = 0;

	if (transfer->begun)
		return 0;
	transfer->begun = true;
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	response_of(transfer)->status = (int)status;
	response_of(transfer)->body.n = 0;
	return is_good((int)status) ? start_good(transfer, (int)status) : 0;
}

static int
take_good(struct transfer *transfer, struct span bytes)
{
	const struct http_request *request = &transfer->exchange->request;

	if (bytes.n > request->body_max || transfer->position > request->body_max - bytes.n)
		return err_set(&transfer->err, ERR_LIMIT, "answer of more than %llu bytes",
			       (unsigned long long)request->body_max);
	transfer->position += bytes.n;
	if (request->sink)
		return request->sink->data(request->sink->context, bytes, &transfer->err);
	return buf_append(&response_of(transfer)->body, bytes, &transfer->err);
}

static size_t
on_body(const char *p, size_t size, size_t n, void *context)
{
	struct transfer *transfer = context;
	struct http_response *response = response_of(transfer);
	struct span bytes = {p, size * n};

	if (transfer_begin_body(transfer) < 0)
		return 0;
	if (is_good(response->status))
		return take_good(transfer, bytes) < 0 ? 0 : bytes.n;
	/* of an error page, the start is enough */
	if (response->body.n + bytes.n <= HTTP_ERROR_BODY_MAX)
		return buf_append(&response->body, bytes, &transfer->err) < 0 ? 0 : bytes.n;
	return bytes.n;
}

static int
add_line(struct transfer *transfer, const char *line, struct err *err)
{
	struct curl_slist *longer = curl_slist_append(transfer->headers, line);

	if (!longer)
		return err_memory(err);
	transfer->headers = longer;
	return 0;
}

static int
add_headers(struct transfer *transfer, struct err *err)
{
	const struct http_request *request = &transfer->exchange->request;
	bool home = origin_equal(&transfer->home, &transfer->at);
	char line[HTTP_CREDENTIAL_MAX + 64];
	int r = 0;

	curl_slist_free_all(transfer->headers);
	transfer->headers = NULL;
	for (size_t i = 0; r == 0 && request->headers && request->headers[i]; i++)
		r = add_line(transfer, request->headers[i], err);
	for (size_t i = 0; r == 0 && home && request->own_headers && request->own_headers[i]; i++)
		r = add_line(transfer, request->own_headers[i], err);
	if (r == 0 && request->body_type) {
		(void)snprintf(line, sizeof(line), "Content-Type: %s", request->body_type);
		r = add_line(transfer, line, err);
	}
	if (r == 0 && request->authorization && home) {
		int n = snprintf(line, sizeof(line), "Authorization: %s", request->authorization);
		if (n < 0 || (size_t)n >= sizeof(line))
			return err_set(err, ERR_LIMIT, "credentials of more than %d bytes",
				       HTTP_CREDENTIAL_MAX);
		r = add_line(transfer, line, err);
		explicit_bzero(line, sizeof(line));
	}
	if (r == 0)
		r = add_line(transfer, "Expect:", err);
	if (r == 0)
		(void)curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
	return r;
}

static size_t
on_read(char *p, size_t size, size_t n, void *context)
{
	struct transfer *transfer = context;
	const struct http_file *file = transfer->exchange->request.file;
	uint64_t left = file->size - transfer->sent;
	size_t wanted = size * n < left ? size * n : (size_t)left;

	if (fd_pread_full(file->fd, p, wanted, file->offset + transfer->sent, &transfer->err) < 0)
		return CURL_READFUNC_ABORT;
	transfer->sent += wanted;
	return wanted;
}

/*
 * curl starts over on another connection when a kept one turns out to be closed: never with what
 * is to be sent once, since the other side may have taken some of it.
 */
static int
on_seek(void *context, curl_off_t offset, int origin)
{
	struct transfer *transfer = context;
	const struct http_file *file = transfer->exchange->request.file;

	if (transfer->exchange->request.once || origin != SEEK_SET || offset < 0 ||
	    (uint64_t)offset > file->size)
		return CURL_SEEKFUNC_FAIL;
	transfer->sent = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

static void
set_file(struct transfer *transfer)
{
	const struct http_request *request = &transfer->exchange->request;
	CURL *easy = transfer->easy;

	transfer->sent = 0;
	(void)curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER);
	(void)curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->file->size);
	(void)curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
	(void)curl_easy_setopt(easy, CURLOPT_READDATA, transfer);
	(void)curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
	(void)curl_easy_setopt(easy, CURLOPT_SEEKDATA, transfer);
	(void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void
set_method(struct transfer *transfer)
{
	const struct http_request *request = &transfer->exchange->request;
	CURL *easy = transfer->easy;

	if (request->file)
		set_file(transfer);
	else if (strcmp(request->method, "HEAD") == 0) {
		(void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	} else if (strcmp(request->method, "GET") == 0) {
		(void)curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	} else {
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
				       (curl_off_t)request->body.n);
		(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
				       request->body.n ? request->body.p : "");
		(void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	}
}

static void
set_connection(struct transfer *transfer)
{
	const struct http_options *options = &transfer->http->options;
	CURL *easy = transfer->easy;

	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT,
			       (long)(options->connect_s ? options->connect_s : CONNECT_S));
	(void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
			       (long)(options->silence_s ? options->silence_s : SILENCE_S));
	(void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "mohs/" MOHS_VERSION);
	(void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->reason);
	(void)curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	(void)curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (options->unix_socket)
		(void)curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, options->unix_socket);
	if (options->unix_socket || http_is_loopback(span_from(transfer->at.host)))
		(void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
}

static void
reset_answer(struct transfer *transfer)
{
	struct http_response *response = response_of(transfer);
	const struct http_request *request = &transfer->exchange->request;
	size_t room = request->body_max < HTTP_ERROR_BODY_MAX ? HTTP_ERROR_BODY_MAX
							      : (size_t)request->body_max;

	response->status = 0;
	response->headers.n = 0;
	response->headers.max = HTTP_HEADERS_MAX;
	response->body.n = 0;
	response->body.max = request->sink ? HTTP_ERROR_BODY_MAX : room;
	transfer->begun = false;
	transfer->reason[0] = '\0';
}

int
transfer_prepare(struct transfer *transfer, struct err *err)
{
	const struct http_request *request = &transfer->exchange->request;
	const char *url = transfer->redirect ? transfer->redirect : request->url;
	char range[32];
	int r;

	if (!transfer->easy)
		transfer->easy = curl_easy_init();
	if (!transfer->easy)
		return err_memory(err);
	curl_easy_reset(transfer->easy);
	r = origin_of(transfer->http, request->url, &transfer->home, err);
	if (r == 0)
		r = origin_of(transfer->http, url, &transfer->at, err);
	if (r < 0)
		return r;
	reset_answer(transfer);
	set_connection(transfer);
	set_method(transfer);
	(void)curl_easy_setopt(transfer->easy, CURLOPT_URL, url);
	transfer->asked = request->sink ? transfer->position : 0;
	if (transfer->asked > 0) {
		(void)snprintf(range, sizeof(range), "%llu-", (unsigned long long)transfer->asked);
		(void)curl_easy_setopt(transfer->easy, CURLOPT_RANGE, range);
	}
	r = add_headers(transfer, err);
	return r < 0 ? r : trust_set(transfer->http, transfer->easy, &transfer->at, err);
}

void
transfer_free(struct transfer *transfer)
{
	if (transfer->easy)
		curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->headers);
	free(transfer->redirect);
	*transfer = (struct transfer){0};
}
