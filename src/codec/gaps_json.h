/* SPDX-License-Identifier: Apache-2.0 */
/* What could not be read, as a list of {"subject", "text"}. */
#pragma once

#include "codec/json.h"
#include "model/gap.h"

/* NULL without memory. */
json_t *gaps_json_make(const struct gap_list *gaps);

/* ERR_INVALID, ERR_LIMIT: PROFILE_GAPS_MAX. ERR_MEMORY. */
int gaps_json_read(const json_t *list, struct arena *arena, struct gap_list *ret, struct err *err);
