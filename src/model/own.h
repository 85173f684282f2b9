/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of a record's parts, in an arena of its owner; false without memory. */
#pragma once

#include "base/arena.h"
#include "model/gap.h"

/* One that is no text (.p NULL) stays none. */
bool own(struct arena *arena, struct span *text);
bool own_list(struct arena *arena, struct span_list *list);
bool own_gaps(struct arena *arena, struct gap_list *list);
