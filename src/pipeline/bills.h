/* SPDX-License-Identifier: Apache-2.0 */
/* The bills of materials of a run: made once, written to the folder and stored beside the image. */
#pragma once

#include "pipeline/pipeline.h"

/* All of them, in the order of the table; texts go to `arena`. */
int bills_make(const struct subject *hardened, struct arena *arena, struct bill ret[BILLS],
	       struct err *err);

/* Those of an earlier run go, whether there are new ones (NULL: none) or not. */
int bills_write(const struct bill *bills, const char *folder, struct err *err);
