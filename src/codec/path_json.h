/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of an image in JSON: text, or {"hex": "..."} where a path is not UTF-8. */
#pragma once

#include "codec/json.h"

/* NULL without memory. A name of a folder is written alike. */
json_t *path_json_make(struct span path);

/* An absolute path of at most IMAGE_PATH_MAX bytes without NUL. ERR_INVALID, ERR_LIMIT. */
int path_json_read(const json_t *value, struct arena *arena, struct span *ret, struct err *err);

/* The path of a name in `folder`, which is one read by path_json_read(). ERR_INVALID, ERR_LIMIT. */
int path_json_read_below(const json_t *value, struct span folder, struct arena *arena,
			 struct span *ret, struct err *err);
