/* SPDX-License-Identifier: Apache-2.0 */
/* What a decision does to the file system and to the process: all checks first, then changes. */
#pragma once

#include "launcher/decide.h"

/* False: `refusal` says why; nothing was changed then but what stands before the failed change. */
bool act_check(const struct decision *decision, struct refusal *refusal);
bool act_change(const struct decision *decision, struct region *region, struct refusal *refusal);
bool act_become(const struct decision *decision, struct refusal *refusal);
