/* SPDX-License-Identifier: Apache-2.0 */
/* Which feeds an update is about. */
#pragma once

#include "stage/update.h"

/* ERR_USAGE for a name that is no feed's. */
int choice_check(const struct update_options *options, struct err *err);

/* Whether a feed is asked for: it is in `only` (NULL: any is), and not in `skip`. */
bool choice_has(const struct update_options *options, const char *feed);
