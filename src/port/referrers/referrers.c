/* SPDX-License-Identifier: Apache-2.0 */
#include "port/referrers.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"
#include "port/http.h"

#include <poll.h>

enum { MERGES_MAX = 8 };

/* The index of the fallback tag; an empty document when there is none. */
static int
load_fallback(struct depot *depot, struct span tag, struct arena *arena, struct depot_document *ret,
	      struct err *err)
{
	struct depot_document found = {.document = SPAN_INIT(""), .etag = SPAN_INIT("")};
	struct oci_document parsed;
	struct err missing = ERR_INIT;
	int r = depot->by_tag(depot, tag, arena, &found, &missing);

	if (r == -ERR_NOT_FOUND) {
		*ret = (struct depot_document){.document = SPAN_INIT(""), .etag = SPAN_INIT("")};
		return 0;
	}
	if (r < 0) {
		*err = missing;
		return r;
	}
	r = oci_read(found.document, found.media_type, arena, &parsed, err);
	if (r == 0 && parsed.kind != OCI_INDEX)
		r = err_set(err, ERR_INVALID, "tag %.*s is no index, as referrers have it",
			    SPAN_ARG(tag));
	if (r == 0)
		*ret = found;
	return r;
}

static int
wait_ms(unsigned ms, struct err *err)
{
	for (; ms > 0 && !proc_cancel; ms -= ms < 50 ? ms : 50)
		(void)poll(NULL, 0, ms < 50 ? (int)ms : 50);
	return proc_cancel ? err_set(err, ERR_CANCELLED, "interrupted") : 0;
}

/* Once: reads, merges, writes. *ret_done: it was there already. */
static int
merge_once(struct depot *depot, struct span tag, const struct oci_descriptor *entry, bool *ret_done,
	   struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct depot_document now;
	struct depot_put_result result = {0};
	struct depot_put put = {.media_type = SPAN_INIT(OCI_TYPE_INDEX), .tag = tag};
	bool changed = false;

	if (!arena)
		return err_memory(err);
	int r = load_fallback(depot, tag, arena, &now, err);
	if (r == 0)
		r = oci_write_listed(now.document, entry, SPAN(""), arena, &put.document, &changed,
				     err);
	if (r == 0 && changed) {
		put.if_match = now.etag;
		put.if_absent = now.document.n == 0;
		r = depot->put(depot, &put, &result, err);
	}
	if (r == 0)
		*ret_done = !changed;
	return r;
}

/*
 * Adds the entry to the tag's index and looks again: one that wrote at the same time may have
 * put back an index without it. The lock keeps those of this machine apart.
 */
static int
merge(struct depot *depot, const struct digest *subject, const struct oci_descriptor *entry,
      struct err *err)
{
	char text[OCI_REFERRERS_TAG];
	struct span tag = span_from(oci_referrers_tag(subject, "", text));
	CLEANUP(fd_cleanup) int held = -1;
	bool done = false;
	int r = depot->lock(depot, tag, &held, err);

	for (unsigned i = 0; r == 0 && !done && i < MERGES_MAX; i++) {
		if (i > 1)
			r = http_pause(i - 1, NULL, err);
		if (r == 0)
			r = merge_once(depot, tag, entry, &done, err);
		if (r == 0 && !done)
			r = wait_ms(depot->settle_ms, err);
	}
	if (r == 0 && !done)
		r = err_set(err, ERR_NETWORK, "tag %s is overwritten by others again and again",
			    text);
	return r;
}

int
referrers_put(struct depot *depot, struct span document, struct span media_type, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	const struct depot_put put = {.document = document, .media_type = media_type};
	struct depot_put_result result = {0};
	struct depot_list list = {0};
	struct oci_referrer referrer;

	if (!arena)
		return err_memory(err);
	int r = oci_referrer_read(document, media_type, arena, &referrer, err);
	if (r == 0 && !referrer.has_subject)
		r = err_set(err, ERR_INVALID, "the manifest refers to nothing");
	if (r == 0)
		r = depot->put(depot, &put, &result, err);
	/* some send OCI-Subject and have no list, others have a list and send no OCI-Subject */
	if (r == 0 && result.subject)
		r = depot->list(depot, &referrer.subject, arena, &list, err);
	if (r < 0 || (result.subject && list.supported))
		return r;
	return merge(depot, &referrer.subject, &referrer.descriptor, err);
}

int
referrers_attach(struct depot *depot, const struct oci_write_artifact *artifact,
		 struct oci_descriptor *ret, struct err *err)
{
	struct oci_referrer referrer;
	struct span document;
	int r = oci_write_artifact(artifact, depot->arena, &document, err);

	if (r == 0)
		r = oci_referrer_read(document, SPAN(OCI_TYPE_MANIFEST), depot->arena, &referrer,
				      err);
	if (r == 0)
		r = depot_put_bytes(
			depot, artifact->config_type.n ? artifact->config : SPAN(OCI_EMPTY), err);
	for (size_t i = 0; r == 0 && i < artifact->layer_count; i++)
		r = depot_put_bytes(depot, artifact->layers[i].content, err);
	if (r == 0)
		r = referrers_put(depot, document, SPAN(OCI_TYPE_MANIFEST), err);
	if (r == 0)
		*ret = referrer.descriptor;
	return r < 0 ? err_wrap(err, "cannot attach to %.*s", SPAN_ARG(depot->reference)) : 0;
}

struct collection {
	struct oci_descriptor *items;
	size_t count;
};

static void
collect(struct collection *all, const struct oci_descriptor *items, size_t count, struct span type)
{
	for (size_t i = 0; i < count; i++) {
		bool known = type.n && !span_equal(items[i].artifact_type, type);

		for (size_t j = 0; !known && j < all->count; j++)
			known = digest_equal(&all->items[j].digest, &items[i].digest);
		if (!known)
			all->items[all->count++] = items[i];
	}
}

int
referrers_list(struct depot *depot, const struct digest *subject, struct span artifact_type,
	       struct arena *arena, struct oci_descriptor **ret, size_t *ret_count, struct err *err)
{
	char tag[OCI_REFERRERS_TAG];
	struct depot_document fallback = {.document = SPAN_INIT("")};
	struct oci_document parsed = {.kind = OCI_INDEX};
	struct collection all = {0};
	struct depot_list own = {0};
	int r = depot->list(depot, subject, arena, &own, err);

	if (r == 0)
		r = load_fallback(depot, span_from(oci_referrers_tag(subject, "", tag)), arena,
				  &fallback, err);
	if (r == 0 && fallback.document.n)
		r = oci_read(fallback.document, SPAN(OCI_TYPE_INDEX), arena, &parsed, err);
	if (r < 0)
		return err_wrap(err, "referrers in %.*s", SPAN_ARG(depot->reference));
	all.items = arena_array(arena, own.count + parsed.index.count + 1, sizeof(*all.items));
	if (!all.items)
		return err_memory(err);
	collect(&all, own.items, own.count, artifact_type);
	collect(&all, parsed.index.manifests, parsed.index.count, artifact_type);
	*ret = all.items;
	*ret_count = all.count;
	return 0;
}
