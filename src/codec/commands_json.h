/* SPDX-License-Identifier: Apache-2.0 */
/* What was seen of commands, and what became of them: the member "commands" of profile.json. */
#pragma once

#include "codec/json.h"
#include "model/commands.h"

/* NULL without memory. */
json_t *commands_json_make(const struct commands *commands);

/* Texts live in `arena`; the record's own arena is NULL. ERR_INVALID, ERR_LIMIT. */
int commands_json_read(const json_t *json, struct arena *arena, struct commands **ret,
		       struct err *err);
