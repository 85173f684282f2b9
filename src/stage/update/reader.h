/* SPDX-License-Identifier: Apache-2.0 */
/* The process that reads a document. */
#pragma once

#include "stage/update/reading.h"

struct reader_task {
	const struct reading *reading;
	size_t share; /* this one's, of `shares` */
	size_t shares;
};

/* A confine_function; the context is a struct reader_task. */
int reader_run(void *context, int out, uint64_t *ret_answer, struct err *err);
