/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 256 };

void
buf_cleanup(struct buf *buf)
{
	free(buf->p);
	*buf = (struct buf){.max = buf->max};
}

int
buf_reserve(struct buf *buf, size_t extra, struct err *err)
{
	if (buf->n > buf->max || extra > buf->max - buf->n)
		return err_set(err, ERR_LIMIT, "more than %zu bytes", buf->max);

	size_t need = buf->n + extra + 1;
	if (need <= buf->capacity)
		return 0;

	size_t capacity = buf->capacity ? buf->capacity : FIRST_CAPACITY;
	while (capacity < need)
		capacity *= 2;
	char *p = realloc(buf->p, capacity);
	if (!p)
		return err_memory(err);
	p[buf->n] = '\0';
	buf->p = p;
	buf->capacity = capacity;
	return 0;
}

int
buf_append(struct buf *buf, struct span s, struct err *err)
{
	int r = buf_reserve(buf, s.n, err);

	if (r < 0)
		return r;
	if (s.n)
		memcpy(buf->p + buf->n, s.p, s.n);
	buf->n += s.n;
	buf->p[buf->n] = '\0';
	return 0;
}

int
buf_byte(struct buf *buf, char byte, struct err *err)
{
	return buf_append(buf, (struct span){&byte, 1}, err);
}

int
buf_printf(struct buf *buf, struct err *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		return err_set(err, ERR_INVALID, "text cannot be formatted");

	int r = buf_reserve(buf, (size_t)length, err);
	if (r < 0)
		return r;
	va_start(args, format);
	(void)vsnprintf(buf->p + buf->n, (size_t)length + 1, format, args);
	va_end(args);
	buf->n += (size_t)length;
	return 0;
}
