/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of the image documents share. */
#pragma once

#include "codec/json.h"
#include "codec/oci.h"

/* One descriptor; `what` names it in errors ("config", "layer 3"). */
int oci_descriptor_read(const json_t *json, const char *what, struct arena *arena,
			struct oci_descriptor *ret, struct err *err);

/* An array of descriptors of at most `max`. */
int oci_descriptors_read(const json_t *json, const char *what, size_t max, struct arena *arena,
			 struct oci_descriptor **ret, size_t *ret_count, struct err *err);

/* An object of strings; NULL or JSON null: none. Null values count as empty. */
int oci_labels_read(json_t *json, const char *what, struct arena *arena, struct image_label **ret,
		    size_t *ret_count, struct err *err);

/* The other way round; new references, NULL without memory. Empty members are left out. */
json_t *oci_descriptor_json(const struct oci_descriptor *descriptor);
json_t *oci_labels_json(const struct image_label *labels, size_t count);

/* An index (manifest list), not a manifest. */
bool oci_type_is_index(struct span media_type);
