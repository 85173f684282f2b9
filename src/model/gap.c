/* SPDX-License-Identifier: Apache-2.0 */
#include "model/gap.h"

#include <stdio.h>

int
gap_print(struct gap *ret, struct arena *arena, struct span subject, struct err *err,
	  const char *format, va_list arguments)
{
	char text[GAP_TEXT_MAX + 1];

	(void)vsnprintf(text, sizeof(text), format, arguments);
	const struct gap gap = {arena_copy(arena, subject), arena_copy(arena, span_from(text))};
	if (!gap.subject.p || !gap.text.p)
		return err_memory(err);
	*ret = gap;
	return 0;
}
