/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update/nvd_api.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/proc.h"
#include "port/feed_file.h"

#include <time.h>

enum {
	PAGE = 2000,		     /* the most NVD gives */
	CHANGES_MAX_S = 110 * 86400, /* NVD: a range of at most 120 days */
	OVERLAP_S = 2 * 3600,	     /* asked for again, so that no change falls between */
	PAUSE_MS = 6000,	     /* NVD's wish: 5 requests in 30 s, with a key 50 */
	PAUSE_KEY_MS = 600,
	SLICE_MS = 100,
};

/* Between pages; loopback needs none. */
static int
pause_between(const struct fetcher *fetcher, const char *address, struct err *err)
{
	const struct timespec slice = {.tv_nsec = SLICE_MS * 1000000L};
	int left = fetcher->options->nvd_key ? PAUSE_KEY_MS : PAUSE_MS;
	struct span host = span_from(address);

	(void)span_cut(&host, '/');
	if (host.p)
		(void)span_cut(&host, '/');
	host = host.p ? span_cut(&host, '/') : host;
	host = span_slice(host, 0, span_find_last(host, ':'));
	if (http_is_loopback(host))
		return 0;
	for (; left > 0 && !proc_cancel; left -= SLICE_MS)
		(void)nanosleep(&slice, NULL);
	return proc_cancel ? err_set(err, ERR_CANCELLED, "interrupted") : 0;
}

static int
read_page(struct fetcher *fetcher, const struct feed_type *type, const char *url,
	  struct feed_import *import, struct err *err)
{
	CLEANUP(fetched_cleanup) struct fetched page = FETCHED_INIT;
	CLEANUP(feed_file_cleanup) struct feed_file *file = NULL;
	const char *headers[3] = {"Accept-Encoding: gzip"};

	if (fetcher->options->nvd_key) {
		headers[1] =
			arena_printf(fetcher->arena, "apiKey: %s", fetcher->options->nvd_key).p;
		if (!headers[1])
			return err_memory(err);
	}
	int r = fetch_address(fetcher, url, headers, &page, err);
	if (r == 0)
		r = feed_file_open(page.fd, &file, err);
	if (r < 0)
		return r;
	struct feed_input input = feed_file_input(file);
	return type->import(import, &input, err);
}

static int
read_pages(struct fetcher *fetcher, const struct feed_type *type, const char *address,
	   const char *range, struct feed_import *import, struct err *err)
{
	uint64_t total = 1;

	for (uint64_t start = 0; start < total; start += PAGE) {
		struct span url =
			arena_printf(fetcher->arena, "%s?resultsPerPage=%d&startIndex=%llu%s",
				     address, PAGE, (unsigned long long)start, range);
		uint64_t before = import->tally.records + import->tally.skipped;

		if (!url.p)
			return err_memory(err);
		progress_step(fetcher->options->progress, start, total > 1 ? total : 0, "%s",
			      type->name);
		int r = start ? pause_between(fetcher, address, err) : 0;
		if (r == 0)
			r = read_page(fetcher, type, url.p, import, err);
		if (r < 0)
			return err_wrap(err, "page at %llu", (unsigned long long)start);
		if (import->total == UINT64_MAX || import->total > ADVISORIES_MAX)
			return err_set(err, ERR_INVALID, "no usable totalResults");
		total = import->total;
		if (start < total && import->tally.records + import->tally.skipped == before)
			return err_set(err, ERR_INVALID, "the page at %llu of %llu is empty",
				       (unsigned long long)start, (unsigned long long)total);
	}
	return 0;
}

/* "&lastModStartDate=...": what changed since the rows that are kept. Empty: everything. */
static int
changes_since(const struct advisory_feed *before, const char *address, int64_t now,
	      struct feed_import *import, struct arena *arena, struct span *ret, struct err *err)
{
	char from[CLOCK_TEXT];
	char to[CLOCK_TEXT];

	*ret = SPAN("");
	if (!before || before->fetched <= 0 || before->fetched > now ||
	    now - before->fetched > CHANGES_MAX_S ||
	    !span_equal(before->address, span_from(address)))
		return 0;
	int r = advisories_build_keep(import->builder, ADVISORIES_SCORES, SPAN(""), err);
	if (r < 0)
		return r;
	*ret = arena_printf(arena, "&lastModStartDate=%s&lastModEndDate=%s",
			    clock_format(before->fetched - OVERLAP_S, from), clock_format(now, to));
	return ret->p ? 0 : err_memory(err);
}

int
nvd_api_import(struct fetcher *fetcher, const struct feed_type *type,
	       const struct advisory_feed *before, struct feed_import *import, struct fetched *ret,
	       struct err *err)
{
	const char *address =
		fetcher->options->nvd ? fetcher->options->nvd : type->documents[0].address;
	struct fetched fetched = FETCHED_INIT;
	struct span range;

	fetched.date = clock_now();
	fetched.address = arena_printf(fetcher->arena, "%s", address);
	if (!fetched.address.p)
		return err_memory(err);
	int r = changes_since(before, address, fetched.date, import, fetcher->arena, &range, err);
	if (r == 0 && range.n == 0)
		r = advisories_build_clear(import->builder, ADVISORIES_SCORES, SPAN(""), err);
	if (r == 0)
		r = read_pages(fetcher, type, address, range.p, import, err);
	if (r == 0 && range.n > 0)
		import->tally.records = before->records > import->tally.records
						? before->records
						: import->tally.records;
	if (r < 0)
		return r;
	*ret = fetched;
	return 0;
}
