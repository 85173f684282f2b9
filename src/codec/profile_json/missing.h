/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of codec/profile_json: names that were looked up in vain. A program may look for tens of
 * thousands: those of one phase, program and folder are one list.
 */
#pragma once

#include "codec/json.h"
#include "model/profile.h"

/* NULL without memory. */
json_t *missing_json_make(const struct profile *profile);

/* Into profile->missing, in its order. The profile's phases are known already. */
int missing_json_read(const json_t *list, struct profile *profile, struct err *err);

/* An index of profile->phases. ERR_INVALID. */
int phase_json_read(const json_t *value, const struct profile *profile, uint32_t *ret,
		    struct err *err);
