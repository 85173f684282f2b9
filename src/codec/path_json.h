/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of an image in JSON: text, or {"hex": "..."} where a path is not UTF-8. */
#pragma once

#include "codec/json.h"

/* NULL without memory. */
json_t *path_json_make(struct span path);

/* An absolute path of at most IMAGE_PATH_MAX bytes without NUL. ERR_INVALID, ERR_LIMIT. */
int path_json_read(const json_t *value, struct arena *arena, struct span *ret, struct err *err);
