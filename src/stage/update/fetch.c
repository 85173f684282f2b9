/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update/fetch.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/json.h"
#include "stage/update/part.h"
#include "stage/update/pointer.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Names are tried in this order below a mirror. */
static const char *const suffixes[] = {".zst", ".gz", ""};

enum {
	SUFFIXES = sizeof(suffixes) / sizeof(suffixes[0]),
	MANIFEST_BYTES = 65536,
};

static const char manifest_name[] = "feeds.json";

const char update_absent[] = "not on the mirror: ";
const char update_partial[] = "partial: ";

void
fetched_cleanup(struct fetched *fetched)
{
	fd_cleanup(&fetched->fd);
}

static bool
is_url(const char *text)
{
	return span_starts_with(span_from(text), SPAN("http://")) ||
	       span_starts_with(span_from(text), SPAN("https://"));
}

static int
sink_start(void *context, uint64_t offset, struct err *err)
{
	int fd = *(int *)context;

	if (ftruncate(fd, (off_t)offset) < 0 || lseek(fd, (off_t)offset, SEEK_SET) < 0)
		return err_sys(err, ERR_IO, errno, "cannot keep the download");
	return 0;
}

static int
sink_data(void *context, struct span bytes, struct err *err)
{
	return fd_write_full(*(int *)context, bytes, err);
}

int
fetch_judge(int status, const char *address, struct err *err)
{
	if (status == 200 || status == 206 || status == 304)
		return 0;
	if (status == 404 || status == 410)
		return err_set(err, ERR_NOT_FOUND, "%.150s: not there (%d)", address, status);
	return err_set(err, status == 401 || status == 403 ? ERR_AUTH : ERR_NETWORK,
		       "%.150s: answered %d", address, status);
}

/* HTTP-date in its preferred form (RFC 9110, 5.6.7); 0 when it is none. */
static int64_t
parse_http_date(struct span text)
{
	struct tm tm = {0};
	const char *end = text.n > 0 ? strptime(text.p, "%a, %d %b %Y %H:%M:%S GMT", &tm) : NULL;

	return end && *end == '\0' ? (int64_t)timegm(&tm) : 0;
}

int
fetch_address(struct fetcher *fetcher, const char *address, const char *const *headers,
	      struct fetched *ret, struct err *err)
{
	CLEANUP(fetched_cleanup) struct fetched fetched = FETCHED_INIT;
	struct http_sink sink = {.context = &fetched.fd, .start = sink_start, .data = sink_data};
	struct http_exchange exchange = {.request = {.method = "GET",
						     .url = address,
						     .own_headers = headers,
						     .body_max = FEED_DOCUMENT_MAX,
						     .sink = &sink}};
	int r = file_unnamed_in(fetcher->folder, &fetched.fd, err);

	fetched.address = arena_printf(fetcher->arena, "%s", address);
	if (r == 0 && !fetched.address.p)
		r = err_memory(err);
	if (r == 0)
		r = http_run(fetcher->http, &exchange, 1, 1, err);
	if (r == 0)
		r = fetch_judge(exchange.response.status, address, err);
	http_response_free(&exchange.response);
	if (r < 0)
		return r;
	fetched.date = clock_now();
	*ret = fetched;
	fetched.fd = -1;
	return 0;
}

/* Size, times and number: a file of which none is another was not written to. */
static int
describe_file(const struct stat *st, struct arena *arena, struct span *ret, struct err *err)
{
	*ret = arena_printf(arena, "%lld %lld.%09ld %lld.%09ld %llu %llu", (long long)st->st_size,
			    (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
			    (long long)st->st_ctim.tv_sec, st->st_ctim.tv_nsec,
			    (unsigned long long)st->st_dev, (unsigned long long)st->st_ino);
	return ret->p ? 0 : err_memory(err);
}

/* A file changed a moment ago may be changed again without a trace in its times. */
static bool
is_settled(const struct stat *st)
{
	enum { SETTLED_S = 2 };

	return (int64_t)st->st_ctim.tv_sec + SETTLED_S < (int64_t)time(NULL);
}

static int
open_in_folder(struct fetcher *fetcher, const char *path, const struct record_document *before,
	       struct fetched *ret, struct err *err)
{
	CLEANUP(fd_cleanup) int fd = -1;
	struct stat st;
	int r = file_open(path, &st, &fd, err);

	if (r < 0)
		return r;
	ret->date = (int64_t)st.st_mtime;
	if (is_settled(&st)) {
		r = describe_file(&st, fetcher->arena, &ret->file, err);
		if (r < 0)
			return r;
	}
	ret->unchanged = before && before->file.n > 0 && span_equal(before->file, ret->file);
	if (ret->unchanged)
		ret->fingerprint = before->fingerprint;
	else
		ret->fd = TAKE_FD(fd);
	return 0;
}

/* Bytes that are those of before need not be read. */
static int
judge_bytes(struct fetcher *fetcher, const struct record_document *before, struct fetched *fetched,
	    struct err *err)
{
	struct fingerprint fingerprint;
	const struct span bytes = {(const char *)fingerprint.bytes, sizeof(fingerprint.bytes)};

	if (fingerprint_of_file(fetcher->key, fetched->fd, &fingerprint, err) < 0)
		return err_wrap(err, "%.120s", fetched->address.p);
	fetched->fingerprint = arena_copy(fetcher->arena, bytes);
	if (!fetched->fingerprint.p)
		return err_memory(err);
	if (before && span_equal(before->fingerprint, fetched->fingerprint)) {
		fetched->unchanged = true;
		fd_cleanup(&fetched->fd);
	}
	return 0;
}

/* In an address a blank is "%20"; no path here has another byte that would have to be quoted. */
static int
join_address(struct fetcher *fetcher, struct span mirror, const char *path, struct span *ret,
	     struct err *err)
{
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(64 * KIB);
	int r = buf_printf(&text, err, "%.*s/", SPAN_ARG(mirror));

	for (const char *at = path; r == 0 && *at; at++)
		r = *at == ' ' && fetcher->http ? buf_append(&text, SPAN("%20"), err)
						: buf_byte(&text, *at, err);
	if (r < 0)
		return r;
	*ret = arena_copy(fetcher->arena, buf_span(&text));
	return ret->p ? 0 : err_memory(err);
}

static int
fetch_from_mirror(struct fetcher *fetcher, const char *path, const struct record_document *before,
		  struct fetched *ret, struct err *err)
{
	struct span mirror = span_from(fetcher->options->mirror);
	struct fetched fetched = FETCHED_INIT;

	while (mirror.n > 1 && mirror.p[mirror.n - 1] == '/')
		mirror.n--;
	int r = join_address(fetcher, mirror, path, &fetched.address, err);
	if (r < 0)
		return r;
	if (before && !span_equal(before->address, fetched.address))
		before = NULL;
	r = fetcher->http ? part_fetch(fetcher, fetched.address.p, before, &fetched, err)
			  : open_in_folder(fetcher, fetched.address.p, before, &fetched, err);
	if (r < 0)
		return r;
	if (fetcher->http) {
		int64_t modified = parse_http_date(fetched.modified);

		fetched.date = fetched.unchanged && before ? before->date
			       : modified > 0		   ? modified
							   : fetched.date;
	}
	*ret = fetched;
	return 0;
}

/*
 * What the mirror's manifest says of a feed: a date, or {"date", "partial"}, both of which may be
 * left out. "partial" says what is lacking.
 */
static int
read_entry(const struct fetcher *fetcher, const struct feed_type *type, struct fetched *fetched,
	   struct err *err)
{
	const json_t *entry = json_object_get(fetcher->dates, type->name);
	bool whole = json_is_object(entry);
	struct span partial = SPAN("");
	struct span date;

	if (!feed_text(whole ? entry : fetcher->dates, whole ? "date" : type->name, &date))
		return err_set(err, ERR_INVALID, "%s: date of %s is not a string", manifest_name,
			       type->name);
	if (whole &&
	    (!feed_text(entry, "partial", &partial) || !feed_is_text(partial, FEED_PARTIAL_MAX)))
		return err_set(err, ERR_INVALID, "%s: malformed \"partial\" of %s", manifest_name,
			       type->name);
	fetched->partial = arena_copy(fetcher->arena, partial);
	if (!fetched->partial.p)
		return err_memory(err);
	if (date.n == 0)
		return 0;
	int r = clock_parse(date, &fetched->date, err);
	return r < 0 ? err_wrap(err, "%s: %s", manifest_name, type->name) : 0;
}

static int
fetch_whole(struct fetcher *fetcher, const struct feed_type *type,
	    const struct feed_document *document, const struct record_document *before,
	    struct fetched *fetched, struct err *err)
{
	int r = -ERR_NOT_FOUND;

	if (!fetcher->options->mirror) {
		const char *address = NULL;

		r = pointer_follow(fetcher, document, &address, err);
		if (r < 0)
			return r;
		bool same = before && span_equal(before->address, span_from(address));
		return part_fetch(fetcher, address, same ? before : NULL, fetched, err);
	}
	for (size_t i = document->packed ? SUFFIXES - 1 : 0; r == -ERR_NOT_FOUND && i < SUFFIXES;
	     i++) {
		struct span path =
			arena_printf(fetcher->arena, "%s%s", document->path, suffixes[i]);

		if (!path.p)
			return err_memory(err);
		r = fetch_from_mirror(fetcher, path.p, before, fetched, err);
	}
	return r < 0 ? r : read_entry(fetcher, type, fetched, err);
}

int
fetch_document(struct fetcher *fetcher, const struct feed_type *type,
	       const struct feed_document *document, const struct record_document *before,
	       struct fetched *ret, struct err *err)
{
	CLEANUP(fetched_cleanup) struct fetched fetched = FETCHED_INIT;
	int r = fetch_whole(fetcher, type, document, before, &fetched, err);

	if (r == 0 && !fetched.unchanged)
		r = judge_bytes(fetcher, before, &fetched, err);
	if (r < 0)
		return r;
	*ret = fetched;
	fetched.fd = -1;
	return 0;
}

/* A mirror need not have feeds.json; one that cannot be read is an error. */
static int
read_manifest(struct fetcher *fetcher, struct err *err)
{
	CLEANUP(fetched_cleanup) struct fetched fetched = FETCHED_INIT;
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(MANIFEST_BYTES);
	struct err problem = ERR_INIT;
	int r = fetch_from_mirror(fetcher, manifest_name, NULL, &fetched, &problem);

	if (r < 0)
		return r == -ERR_MEMORY || r == -ERR_CANCELLED
			       ? err_set(err, problem.kind, "%s", problem.text)
			       : 0;
	if (lseek(fetched.fd, 0, SEEK_SET) < 0)
		return err_sys(err, ERR_IO, errno, "%s", manifest_name);
	r = fd_read_all(fetched.fd, &text, err);
	if (r == 0)
		r = json_parse(buf_span(&text), &fetcher->dates, err);
	return r < 0 ? err_wrap(err, "%s of the mirror", manifest_name) : 0;
}

static const char *
parent_of(const char *path, struct arena *arena)
{
	size_t slash = span_find_last(span_from(path), '/');

	if (path[slash] == '\0')
		return ".";
	return arena_printf(arena, "%.*s", (int)(slash ? slash : 1), path).p;
}

int
fetcher_start(const struct update_options *options, bool manifest, struct arena *arena,
	      struct fetcher *ret, struct err *err)
{
	struct fetcher fetcher = {.options = options, .arena = arena};
	struct http_options http = {.plain_http = options->plain_http};
	int r = 0;

	fetcher.folder = parent_of(options->database, arena);
	fetcher.parts = arena_printf(arena, "%s.parts", options->database).p;
	if (!fetcher.folder || !fetcher.parts)
		return err_memory(err);
	if (!options->mirror || !manifest || is_url(options->mirror))
		r = http_new(&http, &fetcher.http, err);
	if (r == 0 && options->mirror && manifest)
		r = read_manifest(&fetcher, err);
	if (r < 0) {
		fetcher_cleanup(&fetcher);
		return r;
	}
	*ret = fetcher;
	return 0;
}

void
fetcher_cleanup(struct fetcher *fetcher)
{
	http_cleanup(&fetcher->http);
	json_cleanup(&fetcher->dates);
}
