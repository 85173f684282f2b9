/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update/part.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/feed.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_MAX = 16384, NAME_DIGITS = 32, RESTARTS = 3 };

/* What NAME.head says: four lines. */
struct head {
	bool whole;
	struct span address;
	struct span etag;
	struct span modified;
};

struct part {
	struct fetcher *fetcher;
	const char *address;
	char body[PATH_MAX];
	char head_name[PATH_MAX];
	int fd;
	struct head head; /* of the bytes that are there */
	bool mixed;	  /* the server went on with another version */
	struct http_exchange exchange;
};

static void
part_cleanup(struct part *part)
{
	fd_cleanup(&part->fd);
	http_response_free(&part->exchange.response);
}

static int
name_part(struct part *part, struct err *err)
{
	struct digest digest;
	char text[DIGEST_TEXT];
	const char *parts = part->fetcher->parts;

	digest_of(span_from(part->address), &digest);
	(void)digest_format(&digest, text);
	int n = snprintf(part->body, sizeof(part->body), "%s/%.*s", parts, NAME_DIGITS, text + 7);
	int m = snprintf(part->head_name, sizeof(part->head_name), "%s/%.*s.head", parts,
			 NAME_DIGITS, text + 7);
	return n > 0 && m < PATH_MAX ? 0 : err_set(err, ERR_USAGE, "name too long");
}

/* False when it says nothing of use. */
static bool
parse_head(struct span text, struct head *ret)
{
	struct head head = {0};
	struct span word = span_cut(&text, '\n');

	head.whole = span_equal(word, SPAN("whole"));
	if (!head.whole && !span_equal(word, SPAN("part")))
		return false;
	struct span *const lines[] = {&head.address, &head.etag, &head.modified};
	for (size_t i = 0; i < 3; i++) {
		if (!text.p)
			return false;
		*lines[i] = span_cut(&text, '\n');
		if (!feed_is_text(*lines[i], HEAD_MAX))
			return false;
	}
	*ret = head;
	return true;
}

static int
read_head(struct part *part, struct err *err)
{
	struct err ignored = ERR_INIT;
	struct head head = {0};
	struct span text;
	int r = file_load(part->head_name, HEAD_MAX, part->fetcher->arena, &text, &ignored);

	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r == 0 && parse_head(text, &head) && span_equal(head.address, span_from(part->address)))
		part->head = head;
	return 0;
}

static int
write_head(const struct part *part, bool whole, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(HEAD_MAX);

	if (!part->head_name[0])
		return 0;
	int r = buf_printf(&text, err, "%s\n%s\n%.*s\n%.*s\n", whole ? "whole" : "part",
			   part->address, SPAN_ARG(part->head.etag), SPAN_ARG(part->head.modified));

	return r < 0 ? r : file_replace(part->head_name, buf_span(&text), 0600, err);
}

/* A folder that cannot be had only means that nothing is kept. */
static int
open_part(struct part *part, struct err *err)
{
	struct err ignored = ERR_INIT;

	if (directory_make(part->fetcher->parts, 0700, &ignored) == 0)
		part->fd = open(part->body, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (part->fd >= 0)
		return read_head(part, err);
	part->head_name[0] = '\0';
	return file_unnamed_in(part->fetcher->folder, &part->fd, err);
}

/* By which a server can tell whether it has still the version: a strong ETag, or a date. */
static struct span
validator_of(const struct head *head)
{
	if (head->etag.n > 0 && !span_starts_with(head->etag, SPAN("W/")))
		return head->etag;
	return head->etag.n == 0 ? head->modified : SPAN("");
}

static int
read_validators(struct part *part, struct head *ret, struct err *err)
{
	const struct http_response *response = &part->exchange.response;
	struct span etag = http_header(response, "ETag", 0);
	struct span modified = http_header(response, "Last-Modified", 0);

	ret->etag = arena_copy(part->fetcher->arena,
			       etag.p && feed_is_text(etag, KIB) ? etag : SPAN(""));
	ret->modified = arena_copy(part->fetcher->arena,
				   modified.p && feed_is_text(modified, KIB) ? modified : SPAN(""));
	return ret->etag.p && ret->modified.p ? 0 : err_memory(err);
}

static int
sink_start(void *context, uint64_t offset, struct err *err)
{
	struct part *part = context;
	struct head head = {0};
	int r = read_validators(part, &head, err);

	if (r < 0)
		return r;
	if (offset > 0) {
		struct span ours = validator_of(&part->head);

		part->mixed = ours.n == 0 || !span_equal(ours, validator_of(&head));
		if (part->mixed)
			return err_set(err, ERR_NETWORK, "%.150s: changed while it was fetched",
				       part->address);
	} else {
		part->head = head;
	}
	if (ftruncate(part->fd, (off_t)offset) < 0 || lseek(part->fd, (off_t)offset, SEEK_SET) < 0)
		return err_sys(err, ERR_IO, errno, "cannot keep the download");
	return write_head(part, false, err);
}

static int
sink_data(void *context, struct span bytes, struct err *err)
{
	return fd_write_full(((struct part *)context)->fd, bytes, err);
}

static int
add_header(struct part *part, const char **headers, size_t *count, const char *name,
	   struct span value, struct err *err)
{
	if (value.n == 0)
		return 0;
	headers[*count] = arena_printf(part->fetcher->arena, "%s: %.*s", name, SPAN_ARG(value)).p;
	if (!headers[*count])
		return err_memory(err);
	(*count)++;
	return 0;
}

/* Names that say that the bytes are packed; such an answer is not to be packed once more. */
static bool
is_packed(struct span address)
{
	static const struct span endings[] = {SPAN_INIT(".zip"), SPAN_INIT(".zst"),
					      SPAN_INIT(".gz"), SPAN_INIT(".bz2")};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (span_ends_with(address, endings[i]))
			return true;
	}
	return false;
}

/* What may be left out of the answer: all, when it is as before; or the bytes that are here. */
static int
make_request(struct part *part, const struct record_document *before, const char *headers[8],
	     const struct http_sink *sink, struct err *err)
{
	struct http_request *request = &part->exchange.request;
	struct span range = part->head.whole ? SPAN("") : validator_of(&part->head);
	struct span etag = part->head.whole ? part->head.etag : before ? before->etag : SPAN("");
	struct span modified = part->head.whole ? part->head.modified
			       : before		? before->modified
						: SPAN("");
	struct stat st;
	size_t count = 1;

	headers[0] = is_packed(span_from(part->address)) ? "Accept-Encoding: identity"
							 : "Accept-Encoding: gzip";
	*request = (struct http_request){.method = "GET",
					 .url = part->address,
					 .own_headers = headers,
					 .body_max = FEED_DOCUMENT_MAX,
					 .sink = sink};
	int r = add_header(part, headers, &count, "If-None-Match", etag, err);
	if (r == 0)
		r = add_header(part, headers, &count, "If-Modified-Since", modified, err);
	if (r == 0 && range.n > 0 && fstat(part->fd, &st) == 0 && st.st_size > 0) {
		request->offset = (uint64_t)st.st_size;
		r = add_header(part, headers, &count, "If-Range", range, err);
	}
	headers[count] = NULL;
	return r;
}

static int
try_fetch(struct part *part, const struct record_document *before, struct err *err)
{
	struct http_sink sink = {.context = part, .start = sink_start, .data = sink_data};
	const char *headers[8];
	int r = make_request(part, before, headers, &sink, err);

	if (r == 0)
		r = http_run(part->fetcher->http, &part->exchange, 1, 1, err);
	return r < 0 ? r : fetch_judge(part->exchange.response.status, part->address, err);
}

/* The bytes are here; 304 may also speak of a whole part of an earlier process. */
static int
take_answer(struct part *part, const struct record_document *before, struct fetched *fetched,
	    struct err *err)
{
	bool same = part->exchange.response.status == 304;

	if (same && !part->head.whole) {
		if (!before)
			return err_set(err, ERR_NETWORK,
				       "%.150s: unchanged, but nothing is known of it",
				       part->address);
		fetched->unchanged = true;
		fetched->etag = before->etag;
		fetched->modified = before->modified;
		fetched->fingerprint = before->fingerprint;
		return 0;
	}
	int r = same ? 0 : write_head(part, true, err);
	if (r < 0)
		return r;
	fetched->etag = part->head.etag;
	fetched->modified = part->head.modified;
	fetched->fd = part->fd;
	part->fd = -1;
	return 0;
}

int
part_fetch(struct fetcher *fetcher, const char *address, const struct record_document *before,
	   struct fetched *ret, struct err *err)
{
	CLEANUP(part_cleanup)
	struct part part = {.fetcher = fetcher,
			    .address = address,
			    .fd = -1,
			    .head = {.etag = {"", 0}, .modified = {"", 0}}};
	struct fetched fetched = FETCHED_INIT;
	int r = name_part(&part, err);

	fetched.address = arena_printf(fetcher->arena, "%s", address);
	if (r == 0 && !fetched.address.p)
		r = err_memory(err);
	if (r == 0)
		r = open_part(&part, err);
	if (r == 0)
		r = try_fetch(&part, before, err);
	for (int i = 0; r < 0 && part.mixed && i < RESTARTS; i++) {
		http_response_free(&part.exchange.response);
		part.mixed = false;
		part.head = (struct head){.etag = {"", 0}, .modified = {"", 0}};
		*err = (struct err)ERR_INIT;
		r = try_fetch(&part, before, err);
	}
	if (r == 0)
		r = take_answer(&part, before, &fetched, err);
	if (r < 0)
		return r;
	fetched.date = clock_now();
	*ret = fetched;
	return 0;
}

static bool
is_used(int folder, const char *name)
{
	char head[PATH_MAX];
	char word[8] = "";
	CLEANUP(fd_cleanup) int fd = -1;

	(void)snprintf(head, sizeof(head), "%.*s.head", NAME_DIGITS, name);
	fd = openat(folder, head, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 || (read(fd, word, 5) == 5 && strcmp(word, "whole") == 0);
}

/* A head goes with its body: whichever comes first. */
static bool
is_to_go(int folder, const char *name, bool used, size_t count)
{
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	return !S_ISREG(st.st_mode) || count > FEED_PARTS_MAX ||
	       time(NULL) - st.st_mtime > FEED_PARTS_DAYS_MAX * 86400L ||
	       (used && is_used(folder, name));
}

void
parts_clean(const char *parts, bool used)
{
	char names[2 * FEED_PARTS_MAX + 2][NAME_DIGITS + 8];
	DIR *folder = opendir(parts);
	size_t gone = 0;
	size_t count = 0;
	const struct dirent *entry;

	if (!folder)
		return;
	while (gone < sizeof(names) / sizeof(names[0]) && (entry = readdir(folder))) {
		if (entry->d_name[0] != '.' && strlen(entry->d_name) < sizeof(names[0]) &&
		    is_to_go(dirfd(folder), entry->d_name, used, count++ / 2))
			(void)snprintf(names[gone++], sizeof(names[0]), "%s", entry->d_name);
	}
	for (size_t i = 0; i < gone; i++)
		(void)unlinkat(dirfd(folder), names[i], 0);
	(void)closedir(folder);
	(void)rmdir(parts); /* when it is empty */
}
