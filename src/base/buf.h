/* SPDX-License-Identifier: Apache-2.0 */
/* A byte buffer that grows up to a ceiling. Always NUL-terminated behind its last byte. */
#pragma once

#include "base/err.h"
#include "base/span.h"

struct buf {
	char *p;
	size_t n;
	size_t capacity;
	size_t max; /* set before first use; 0 = no room at all */
};

#define BUF_INIT(limit)                                                                            \
	{                                                                                          \
		.max = (limit)                                                                     \
	}

void buf_cleanup(struct buf *buf);

/* Room for `extra` more bytes at buf->p + buf->n. ERR_LIMIT over max, ERR_MEMORY. */
int buf_reserve(struct buf *buf, size_t extra, struct err *err);
int buf_append(struct buf *buf, struct span s, struct err *err);
int buf_byte(struct buf *buf, char byte, struct err *err);
int buf_printf(struct buf *buf, struct err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static inline struct span
buf_span(const struct buf *buf)
{
	return (struct span){buf->p ? buf->p : "", buf->n};
}
