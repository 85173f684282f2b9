/* SPDX-License-Identifier: Apache-2.0 */
/* As `apk version -t A B` for each line "A B": <, = or >, nothing when one is no version. */
#include "codec/apk_version.h"

#include <stdio.h>

int
main(void)
{
	enum { LINE = 512 };
	char line[LINE];

	while (fgets(line, sizeof(line), stdin)) {
		struct span rest = span_trim(span_from(line));
		struct span a = span_cut(&rest, ' ');
		struct err err = ERR_INIT;

		if (!rest.p || apk_version_check(a, &err) < 0 ||
		    apk_version_check(rest, &err) < 0) {
			(void)putchar('\n');
			continue;
		}
		int order = apk_version_compare(a, rest);
		(void)printf("%c\n", order < 0 ? '<' : order > 0 ? '>' : '=');
	}
	return 0;
}
