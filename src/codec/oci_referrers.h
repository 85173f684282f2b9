/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What refers to an image (OCI image-spec 1.1 manifest.md, "subject"; distribution-spec 1.1,
 * "Referrers Tag Schema"), and the tags that cosign keeps its documents at. Pure; everything
 * returned lives in the arena given.
 */
#pragma once

#include "codec/oci.h"

#define OCI_TYPE_EMPTY "application/vnd.oci.empty.v1+json"
/* The content of the empty descriptor. */
#define OCI_EMPTY "{}"

enum { OCI_REFERRERS_TAG = 80 };

/* "sha256-HEX" and what is behind it (".sig"); returns `text`. */
const char *oci_referrers_tag(const struct digest *subject, const char *suffix,
			      char text[OCI_REFERRERS_TAG]);

/* Whether a tag is one of those: it names no image of its own. */
bool oci_is_referrers_tag(struct span tag);

/* A manifest or index as a list of referrers has it. */
struct oci_referrer {
	struct oci_descriptor descriptor; /* with artifact type and annotations */
	bool has_subject;
	struct digest subject;
};

/* ERR_INVALID; `media_type` may be empty, then the document's own is taken. */
int oci_referrer_read(struct span document, struct span media_type, struct arena *arena,
		      struct oci_referrer *ret, struct err *err);

/*
 * `index` (empty: none yet) with this entry in it. With a tag, the entry of that tag is replaced;
 * without one, an entry of the same digest stays as it is. What else is in the index stays.
 * *ret_changed: whether anything is new.
 */
int oci_write_listed(struct span index, const struct oci_descriptor *entry, struct span tag,
		     struct arena *arena, struct span *ret, bool *ret_changed, struct err *err);

struct oci_write_layer {
	struct span media_type;
	struct span content;
	const struct image_label *annotations;
	size_t annotation_count;
};

/* An artifact that refers to an image. */
struct oci_write_artifact {
	struct span type;
	struct span config_type; /* empty: the empty descriptor */
	struct span config;
	const struct oci_write_layer *layers;
	size_t layer_count;
	const struct image_label *annotations;
	size_t annotation_count;
	struct oci_descriptor subject;
};

int oci_write_artifact(const struct oci_write_artifact *in, struct arena *arena, struct span *ret,
		       struct err *err);
