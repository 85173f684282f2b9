/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of codec/profile_json: how a path was used, as a list of words. */
#pragma once

#include "codec/json.h"

/* NULL without memory. */
json_t *uses_json_make(uint8_t use);

/* ERR_INVALID: no list, or a word that is none. */
int uses_json_read(const json_t *list, uint8_t *ret, struct err *err);
