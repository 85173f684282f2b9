/* SPDX-License-Identifier: Apache-2.0 */
/* What a container asked of the kernel, as the member "demands" of a profile. */
#pragma once

#include "codec/json.h"
#include "model/demands.h"

/* NULL without memory. */
json_t *demands_json_make(const struct demands *demands);

/* Strict: names in order, of the letters that they are made of. ERR_INVALID, ERR_LIMIT. */
int demands_json_read(const json_t *value, struct arena *arena, struct demands *ret,
		      struct err *err);

/* {"port": 80, "protocol": "tcp", "local": false} each. */
json_t *demands_json_ports(const struct demands_port *ports, size_t count);

/* A list of strings. */
json_t *demands_json_names(struct span_list names);
