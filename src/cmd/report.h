/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a run, for people: the checklist, and what is left and why. */
#pragma once

#include "cmd/table.h"
#include "model/evidence.h"

/*
 * A row a check with what was measured, why it failed, which waiver was used; then one line with
 * the result. Width as in table_print(). ERR_MEMORY.
 */
int report_checklist(const struct verdict *verdict, FILE *to, size_t width, struct err *err);

/*
 * The packages that carry the findings of the hardened image, worst first, and the file each stays
 * for. Says so when nothing is left, when the rescan matched nothing, or was not done. ERR_MEMORY.
 */
int report_left(const struct evidence *evidence, FILE *to, size_t width, struct err *err);
