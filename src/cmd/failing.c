/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/failing.h"

#include <string.h>

int
failing_severity(const char *word, const char *also, enum severity *ret, struct err *err)
{
	enum severity severity;

	if (!severity_parse(span_from(word), &severity))
		return err_set(err, ERR_USAGE,
			       "no severity \"%.40s\"; there are negligible, low, medium, high, "
			       "critical%s",
			       word, also);
	*ret = severity == SEVERITY_NEGLIGIBLE ? SEVERITY_UNKNOWN : severity;
	return 0;
}

int
failing_read(struct failing *failing, struct err *err)
{
	failing->least = SEVERITIES;
	for (size_t i = 0; i < failing->words.count; i++) {
		const char *word = failing->words.items[i];
		enum severity severity;

		if (strcmp(word, "exploited") == 0) {
			failing->exploited = true;
			continue;
		}
		int r = failing_severity(word, "; or exploited", &severity, err);
		if (r < 0)
			return r;
		if (severity < failing->least)
			failing->least = severity;
	}
	return 0;
}

bool
failing_has(const struct failing *failing, enum severity severity, bool exploited)
{
	return severity >= failing->least || (failing->exploited && exploited);
}

void
failing_print(const struct failing *failing, FILE *to)
{
	for (size_t i = 0; i < failing->words.count; i++)
		(void)fprintf(to, " %s", failing->words.items[i]);
	(void)fputc('\n', to);
}
