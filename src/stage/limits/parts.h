/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of this room. */
#pragma once

#include "stage/limits.h"

/* ---- names.c: sets of names in byte order ---- */

bool names_have(struct span_list names, struct span name);

/* The union in `arena`, texts copied. */
int names_unite(struct span_list a, struct span_list b, struct arena *arena, struct span_list *ret,
		struct err *err);

/* From a table in any order. */
int names_sort(const struct span *items, size_t count, struct arena *arena, struct span_list *ret,
	       struct err *err);

/* ---- calls.c ---- */

int calls_derive(const struct limits_input *input, struct limits *limits, struct err *err);

/* ---- capabilities.c: after calls and ports ---- */

int capabilities_derive(const struct limits_input *input, struct limits *limits, struct err *err);

/* ---- volumes.c ---- */

int volumes_derive(const struct limits_input *input, struct limits *limits, struct err *err);
