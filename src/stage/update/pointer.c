/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update/pointer.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/repomd.h"

#include <ctype.h>
#include <errno.h>
#include <unistd.h>

/* A small document whole. */
static int
fetch_text(struct fetcher *fetcher, const char *address, struct buf *ret, struct err *err)
{
	static const char *const headers[] = {NULL};
	CLEANUP(fetched_cleanup) struct fetched fetched = {.fd = -1};
	int r = fetch_address(fetcher, address, headers, &fetched, err);

	if (r == 0 && lseek(fetched.fd, 0, SEEK_SET) < 0)
		r = err_sys(err, ERR_IO, errno, "%.150s", address);
	if (r == 0)
		r = fd_read_all(fetched.fd, ret, err);
	return r < 0 ? err_wrap(err, "%.100s", address) : 0;
}

/* The text names a file that stands beside it. */
static int
follow_name(struct fetcher *fetcher, const char *address, const char **ret, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(KIB);
	int r = fetch_text(fetcher, address, &text, err);

	if (r < 0)
		return r;
	struct span name = span_trim(buf_span(&text));
	for (size_t i = 0; i < name.n; i++) {
		if (!isalnum((unsigned char)name.p[i]) &&
		    (name.p[i] == '\0' || !strchr("._-", name.p[i])))
			return err_set(err, ERR_INVALID, "%.150s: does not name a file", address);
	}
	*ret = arena_printf(fetcher->arena, "%.*s/%.*s",
			    (int)span_find_last(span_from(address), '/'), address, SPAN_ARG(name))
		       .p;
	return *ret ? 0 : err_memory(err);
}

/* The text's first line is the address of a repository, whose index has the document. */
static int
follow_repository(struct fetcher *fetcher, const char *address, const char **ret, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf list = BUF_INIT(64 * KIB);
	CLEANUP(buf_cleanup) struct buf index = BUF_INIT(MIB);
	struct span href;
	int r = fetch_text(fetcher, address, &list, err);

	if (r < 0)
		return r;
	struct span rest = span_trim(buf_span(&list));
	struct span base = rest.n ? span_trim(span_cut(&rest, '\n')) : rest;
	while (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	const char *place =
		arena_printf(fetcher->arena, "%.*s/repodata/repomd.xml", SPAN_ARG(base)).p;
	if (!place)
		return err_memory(err);
	if (!span_starts_with(base, SPAN("https://")))
		return err_set(err, ERR_INVALID, "%.150s: does not name a repository", address);
	r = fetch_text(fetcher, place, &index, err);
	if (r == 0)
		r = repomd_find(buf_span(&index), "updateinfo", fetcher->arena, &href, err);
	if (r < 0)
		return r;
	*ret = arena_printf(fetcher->arena, "%.*s/%.*s", SPAN_ARG(base), SPAN_ARG(href)).p;
	return *ret ? 0 : err_memory(err);
}

int
pointer_follow(struct fetcher *fetcher, const struct feed_document *document, const char **ret,
	       struct err *err)
{
	switch (document->pointer) {
	case FEED_POINTER_NAME:
		return follow_name(fetcher, document->address, ret, err);
	case FEED_POINTER_REPOSITORY:
		return follow_repository(fetcher, document->address, ret, err);
	case FEED_POINTER_NONE:
		break;
	}
	*ret = document->address;
	return 0;
}
