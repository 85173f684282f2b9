/* SPDX-License-Identifier: Apache-2.0 */
/* Run-time limits as limits.json, and as the member "limits" of the evidence. */
#pragma once

#include "codec/json.h"
#include "model/limits.h"

/* NULL without memory. */
json_t *limits_json_make(const struct limits *limits);

int limits_json_write(const struct limits *limits, struct arena *arena, struct span *ret,
		      struct err *err);
