/* SPDX-License-Identifier: Apache-2.0 */
#include "base/progress.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_MAX_BYTES = 512 };

void
progress_note(const struct progress *progress, const char *format, ...)
{
	char text[LINE_MAX_BYTES];
	va_list args;

	if (!progress || !progress->note)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	progress->note(progress->context, text);
}

void
progress_step(const struct progress *progress, uint64_t done, uint64_t total, const char *format,
	      ...)
{
	char text[LINE_MAX_BYTES];
	va_list args;

	if (!progress || !progress->step)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	progress->step(progress->context, text, done, total);
}
