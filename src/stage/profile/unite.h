/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a union of profiles; shared by the files of this room. */
#pragma once

#include "model/demands.h"

#include "base/arena.h"
#include "base/err.h"

/* Adds what another run asked for; everything that is new in `arena`. */
int unite_demands(struct demands *to, const struct demands *from, struct arena *arena,
		  struct err *err);
