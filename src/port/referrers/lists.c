/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tags that several may rewrite at once: read, add, write, and look again whether it is still
 * there. The lock keeps those of this machine apart.
 */
#include "port/referrers/lists.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"
#include "codec/cosign_manifest.h"
#include "port/http.h"

#include <poll.h>
#include <string.h>

enum { ROUNDS_MAX = 8 };

/* One tag of a subject. */
struct list {
	struct depot *depot;
	const struct referrers_batch *batch;
	const struct digest *subject;
	const char *suffix;
};

/* What is at a tag; an empty document when there is nothing. */
static int
load_tag(struct depot *depot, struct span tag, struct arena *arena, struct depot_document *ret,
	 struct err *err)
{
	struct depot_document found = {.document = SPAN_INIT(""), .etag = SPAN_INIT("")};
	struct err missing = ERR_INIT;
	int r = depot->by_tag(depot, tag, arena, &found, &missing);

	if (r < 0 && r != -ERR_NOT_FOUND) {
		*err = missing;
		return r;
	}
	*ret = found;
	return 0;
}

int
referrers_fallback_load(struct depot *depot, const struct digest *subject, struct arena *arena,
			struct depot_document *ret, struct err *err)
{
	char text[OCI_REFERRERS_TAG];
	struct span tag = span_from(oci_referrers_tag(subject, "", text));
	struct depot_document found;
	struct oci_document parsed = {.kind = OCI_INDEX};
	int r = load_tag(depot, tag, arena, &found, err);

	if (r == 0 && found.document.n)
		r = oci_read(found.document, found.media_type, arena, &parsed, err);
	if (r == 0 && parsed.kind != OCI_INDEX)
		r = err_set(err, ERR_INVALID, "tag %s is no index, as referrers have it", text);
	if (r == 0)
		*ret = found;
	return r;
}

/* The index with every entry of the subject in it. */
static int
add_entries(const struct list *list, struct arena *arena, struct span *document, bool *ret_changed,
	    struct err *err)
{
	const struct referrers_batch *batch = list->batch;
	int r = 0;

	for (size_t i = 0; r == 0 && i < batch->entries.count; i++) {
		const struct referrers_entry *entry = &batch->entries.items[i];
		bool added = false;

		if (!digest_equal(&entry->subject, list->subject))
			continue;
		r = oci_write_listed(*document, &entry->descriptor, SPAN(""), arena, document,
				     &added, err);
		*ret_changed |= added;
	}
	return r;
}

/* The image with every layer that goes to this tag. */
static int
add_layers(const struct list *list, struct arena *arena, struct span *document, bool *ret_changed,
	   struct err *err)
{
	const struct referrers_batch *batch = list->batch;
	int r = 0;

	for (size_t i = 0; r == 0 && i < batch->layers.count; i++) {
		const struct referrers_layers *layers = &batch->layers.items[i];
		struct cosign_manifest made;

		if (!digest_equal(&layers->subject, list->subject) ||
		    strcmp(layers->suffix, list->suffix) != 0)
			continue;
		if (document->n == 0 && layers->original.n) {
			*document = layers->original;
			*ret_changed = true;
			continue;
		}
		r = cosign_manifest_add(*document, layers->layers, layers->count, arena, &made,
					err);
		if (r == 0 && made.changed) {
			*document = made.manifest;
			*ret_changed = true;
			r = depot_put_bytes(list->depot, made.config, err);
		}
	}
	return r;
}

/* In the order in which they are written. */
static const struct list_kind {
	const char *suffix;
	const char *media_type;
	int (*add)(const struct list *list, struct arena *arena, struct span *document,
		   bool *ret_changed, struct err *err);
} kinds[] = {
	{".att", OCI_TYPE_MANIFEST, add_layers},
	{".sbom", OCI_TYPE_MANIFEST, add_layers},
	{"", OCI_TYPE_INDEX, add_entries},
	{".sig", OCI_TYPE_MANIFEST, add_layers},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static bool
has_work(const struct referrers_batch *batch, const struct digest *subject,
	 const struct list_kind *kind)
{
	bool found = false;

	for (size_t i = 0; kind->add == add_entries && i < batch->entries.count; i++)
		found |= digest_equal(&batch->entries.items[i].subject, subject);
	for (size_t i = 0; kind->add == add_layers && i < batch->layers.count; i++)
		found |= digest_equal(&batch->layers.items[i].subject, subject) &&
			 strcmp(batch->layers.items[i].suffix, kind->suffix) == 0;
	return found;
}

/* Once: reads, adds, writes. *ret_changed: something was lacking. */
static int
edit_once(const struct list *list, const struct list_kind *kind, bool *ret_changed, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	char text[OCI_REFERRERS_TAG];
	struct span tag = span_from(oci_referrers_tag(list->subject, kind->suffix, text));
	struct depot_document now;
	struct depot_put_result result = {0};
	struct depot_put put = {.media_type = span_from(kind->media_type), .tag = tag};
	bool changed = false;

	if (!arena)
		return err_memory(err);
	int r = kind->add == add_entries
			? referrers_fallback_load(list->depot, list->subject, arena, &now, err)
			: load_tag(list->depot, tag, arena, &now, err);
	if (r == 0) {
		put.document = now.document;
		r = kind->add(list, arena, &put.document, &changed, err);
	}
	if (r == 0 && changed) {
		put.if_match = now.etag;
		put.if_absent = now.document.n == 0;
		r = list->depot->put(list->depot, &put, &result, err);
	}
	*ret_changed |= changed;
	return r < 0 ? err_wrap(err, "tag %s", text) : 0;
}

static int
edit_all(struct depot *depot, const struct referrers_batch *batch, const struct digest *subject,
	 bool *ret_changed, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < KINDS; i++) {
		const struct list list = {depot, batch, subject, kinds[i].suffix};

		if (has_work(batch, subject, &kinds[i]))
			r = edit_once(&list, &kinds[i], ret_changed, err);
	}
	return r;
}

static int
wait_ms(unsigned ms, struct err *err)
{
	for (; ms > 0 && !proc_cancel; ms -= ms < 50 ? ms : 50)
		(void)poll(NULL, 0, ms < 50 ? (int)ms : 50);
	return proc_cancel ? err_set(err, ERR_CANCELLED, "interrupted") : 0;
}

int
referrers_lists_write(struct depot *depot, const struct referrers_batch *batch,
		      const struct digest *subject, struct err *err)
{
	char text[OCI_REFERRERS_TAG];
	struct span tag = span_from(oci_referrers_tag(subject, "", text));
	CLEANUP(fd_cleanup) int held = -1;
	bool changed = true;
	int r = depot->lock(depot, tag, &held, err);

	for (unsigned i = 0; r == 0 && changed && i < ROUNDS_MAX; i++) {
		changed = false;
		if (i > 1)
			r = http_pause(i - 1, NULL, err);
		if (r == 0)
			r = edit_all(depot, batch, subject, &changed, err);
		if (r == 0 && changed)
			r = wait_ms(depot->settle_ms, err);
	}
	if (r == 0 && changed)
		r = err_set(err, ERR_NETWORK, "tag %s is overwritten by others again and again",
			    text);
	return r;
}
