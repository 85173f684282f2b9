/* SPDX-License-Identifier: Apache-2.0 */
#include "port/referrers.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "port/referrers/lists.h"

void
referrers_batch_cleanup(struct referrers_batch *batch)
{
	vec_free(&batch->entries);
	vec_free(&batch->layers);
	arena_free(batch->arena);
	*batch = (struct referrers_batch){0};
}

int
referrers_put(struct depot *depot, struct span document, struct span media_type,
	      struct referrers_batch *batch, struct err *err)
{
	const struct depot_put put = {.document = document, .media_type = media_type};
	struct depot_put_result result = {0};
	struct depot_list list = {0};
	struct oci_referrer referrer;

	if (!batch->arena)
		batch->arena = arena_new(0);
	if (!batch->arena)
		return err_memory(err);
	int r = oci_referrer_read(document, media_type, batch->arena, &referrer, err);
	if (r == 0 && !referrer.has_subject)
		r = err_set(err, ERR_INVALID, "the manifest refers to nothing");
	if (r == 0)
		r = depot->put(depot, &put, &result, err);
	/* some send OCI-Subject and have no list, others have a list and send no OCI-Subject */
	if (r == 0 && result.subject)
		r = depot->list(depot, &referrer.subject, batch->arena, &list, err);
	if (r < 0 || (result.subject && list.supported))
		return r;
	const struct referrers_entry entry = {referrer.subject, referrer.descriptor};
	return vec_push(&batch->entries, &entry, REFERRERS_MAX, err);
}

int
referrers_put_artifact(struct depot *depot, const struct oci_write_artifact *artifact,
		       struct referrers_batch *batch, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span document;
	int r = arena ? oci_write_artifact(artifact, arena, &document, err) : err_memory(err);

	if (r == 0)
		r = depot_put_bytes(
			depot, artifact->config_type.n ? artifact->config : SPAN(OCI_EMPTY), err);
	for (size_t i = 0; r == 0 && i < artifact->layer_count; i++)
		r = depot_put_bytes(depot, artifact->layers[i].content, err);
	return r < 0 ? r : referrers_put(depot, document, SPAN(OCI_TYPE_MANIFEST), batch, err);
}

int
referrers_add_layers(const struct referrers_layers *layers, struct referrers_batch *batch,
		     struct err *err)
{
	return vec_push(&batch->layers, layers, REFERRERS_MAX, err);
}

/* The subject of the batch's n-th item, entries first. */
static const struct digest *
subject_of(const struct referrers_batch *batch, size_t n)
{
	return n < batch->entries.count ? &batch->entries.items[n].subject
					: &batch->layers.items[n - batch->entries.count].subject;
}

static bool
is_first_of_subject(const struct referrers_batch *batch, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (digest_equal(subject_of(batch, i), subject_of(batch, n)))
			return false;
	}
	return true;
}

int
referrers_commit(struct depot *depot, const struct referrers_batch *batch, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < batch->entries.count + batch->layers.count; i++) {
		if (is_first_of_subject(batch, i))
			r = referrers_lists_write(depot, batch, subject_of(batch, i), err);
	}
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
	struct depot_document fallback = {.document = SPAN_INIT("")};
	struct oci_document parsed = {.kind = OCI_INDEX};
	struct collection all = {0};
	struct depot_list own = {0};
	int r = depot->list(depot, subject, arena, &own, err);

	if (r == 0)
		r = referrers_fallback_load(depot, subject, arena, &fallback, err);
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
