/* SPDX-License-Identifier: Apache-2.0 */
/* From a top document to the manifest of one platform. */
#include "codec/oci/parts.h"
#include "codec/oci_select.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"

struct search {
	const struct oci_platform *wanted;
	const struct oci_fetch *fetch;
	struct arena *arena;
	struct buf offers; /* platforms seen, for the error */
	unsigned documents;
};

/* A document that is still to be looked at. */
struct candidate {
	struct span document;
	struct span media_type;
	const struct oci_descriptor *descriptor; /* NULL: the top document */
};

static int
fetch_checked(struct search *search, const struct oci_descriptor *descriptor, struct span *ret,
	      struct err *err)
{
	char text[DIGEST_TEXT];
	struct digest digest;
	struct span document;

	if (++search->documents > INDEX_DOCUMENTS_MAX)
		return err_set(err, ERR_LIMIT, "more than %d documents in search of a platform",
			       INDEX_DOCUMENTS_MAX);
	if (descriptor->size > MANIFEST_MAX)
		return err_set(err, ERR_LIMIT, "manifest of %llu bytes (at most %lu)",
			       (unsigned long long)descriptor->size, MANIFEST_MAX);
	int r = search->fetch->document(search->fetch->context, descriptor, search->arena,
					&document, err);
	if (r < 0)
		return r;
	digest_of(document, &digest);
	if (document.n != descriptor->size || !digest_equal(&digest, &descriptor->digest))
		return err_set(err, ERR_DIGEST,
			       "manifest %s: the %zu bytes that came are not those it names",
			       digest_format(&descriptor->digest, text), document.n);
	*ret = document;
	return 0;
}

static void
note_offer(struct search *search, const struct oci_descriptor *descriptor)
{
	struct err ignored = ERR_INIT;
	struct span text = oci_platform_text(&descriptor->platform, search->arena);

	/* buildx puts attestations beside the images under this name */
	if (!text.p || span_equal(text, SPAN("unknown/unknown")))
		return;
	if (search->offers.n + text.n + 2 > search->offers.max)
		return;
	(void)buf_printf(&search->offers, &ignored, "%s%.*s", search->offers.n ? ", " : "",
			 SPAN_ARG(text));
}

/* The entry that suits best among the manifests, or NULL. */
static const struct oci_descriptor *
best_manifest(struct search *search, const struct oci_index *index)
{
	const struct oci_descriptor *best = NULL;
	unsigned best_rank = 0;

	for (size_t i = 0; i < index->count; i++) {
		const struct oci_descriptor *item = &index->manifests[i];

		if (oci_type_is_index(item->media_type) || !item->has_platform)
			continue;
		unsigned rank = oci_platform_rank(search->wanted, &item->platform);
		if (rank > best_rank) {
			best = item;
			best_rank = rank;
		}
		note_offer(search, item);
	}
	/* an index of one manifest need not say a platform: the config does */
	if (!best && index->count == 1 && !index->manifests[0].has_platform &&
	    !oci_type_is_index(index->manifests[0].media_type))
		best = &index->manifests[0];
	return best;
}

static bool
may_hold_platform(const struct search *search, const struct oci_descriptor *item)
{
	return oci_type_is_index(item->media_type) &&
	       (!item->has_platform || oci_platform_rank(search->wanted, &item->platform) > 0);
}

static int
check_is_image(const struct oci_manifest *manifest, struct err *err)
{
	struct span type =
		manifest->artifact_type.n ? manifest->artifact_type : manifest->config.media_type;
	struct span config = manifest->config.media_type;

	if (config.n == 0 || span_equal(config, SPAN(OCI_TYPE_CONFIG)) ||
	    span_equal(config, SPAN(DOCKER_TYPE_CONFIG)))
		return 0;
	return err_set(err, ERR_UNSUPPORTED, "an artifact of type %.*s, not a container image",
		       type.n > 100 ? 100 : (int)type.n, type.p);
}

static int
take_manifest(const struct candidate *at, const struct oci_manifest *manifest,
	      struct oci_selected *ret, struct err *err)
{
	struct oci_selected selected = {.document = at->document, .manifest = *manifest};
	int r = check_is_image(manifest, err);

	if (r < 0)
		return r;
	digest_of(at->document, &selected.digest);
	if (at->descriptor && at->descriptor->has_platform) {
		selected.has_platform = true;
		selected.platform = at->descriptor->platform;
	}
	*ret = selected;
	return 0;
}

/*
 * Looks into one document, then into the indexes it names: 1 found, 0 not here. Recursion ends at
 * INDEX_DEPTH_MAX, breadth at INDEX_DOCUMENTS_MAX.
 */
static int
look_into(struct search *search, struct candidate at, unsigned depth, struct oci_selected *ret,
	  struct err *err)
{
	struct oci_document document = {0};
	int r;

	if (depth > INDEX_DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "indexes nested deeper than %d", INDEX_DEPTH_MAX);
	r = oci_read(at.document, at.media_type, search->arena, &document, err);
	if (r < 0)
		return r;
	if (document.kind == OCI_MANIFEST) {
		r = take_manifest(&at, &document.manifest, ret, err);
		return r < 0 ? r : 1;
	}

	const struct oci_descriptor *best = best_manifest(search, &document.index);
	for (size_t i = 0; i < document.index.count; i++) {
		const struct oci_descriptor *item = &document.index.manifests[i];
		struct candidate next = {.descriptor = item, .media_type = item->media_type};

		if (best ? item != best : !may_hold_platform(search, item))
			continue;
		r = fetch_checked(search, item, &next.document, err);
		if (r == 0)
			r = look_into(search, next, depth + 1, ret, err);
		if (r != 0)
			return r;
	}
	return 0;
}

int
oci_select(struct span top, struct span media_type, const struct oci_platform *wanted,
	   const struct oci_fetch *fetch, struct arena *arena, struct oci_selected *ret,
	   struct err *err)
{
	enum { OFFERS_MAX = 160 };
	struct search search = {
		.wanted = wanted,
		.fetch = fetch,
		.arena = arena,
		.offers = BUF_INIT(OFFERS_MAX),
	};
	struct span copy = arena_copy(arena, top);
	struct candidate at = {.document = copy, .media_type = media_type};

	if (!copy.p)
		return err_memory(err);
	int r = look_into(&search, at, 0, ret, err);
	if (r == 0) {
		struct span text = oci_platform_text(wanted, arena);
		struct span offers = buf_span(&search.offers);

		r = err_set(err, ERR_NOT_FOUND, "no image for %s; offered: %.*s",
			    text.p ? text.p : "this platform",
			    SPAN_ARG(offers.n ? offers : SPAN("nothing")));
	}
	buf_cleanup(&search.offers);
	return r < 0 ? r : 0;
}
