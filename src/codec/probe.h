/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What mohs-probe (src/launcher/probe.c) writes down inside a container:
 *
 *	NAME " " LENGTH "\n" BYTES "\n"   ...   "end 0\n\n"
 *
 * argument, variable, program, directory, status (/proc/PID/status), limit, descriptor, process.
 * The container can write there as well: nothing is believed that is not well formed.
 */
#pragma once

#include "base/err.h"
#include "model/start.h"

/*
 * Fills what a probe knows of `ret` and sets `reached`; texts live in `arena`. ERR_INVALID:
 * malformed, cut off, or with bytes that are no UTF-8; ERR_LIMIT.
 */
int probe_read(struct span records, struct arena *arena, struct start_state *ret, struct err *err);

/* The next record, cut off the front of *rest. ERR_INVALID: malformed or cut off. */
int probe_next(struct span *rest, struct span *ret_name, struct span *ret_value, struct err *err);
