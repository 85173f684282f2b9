/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/shells/finder.h"

#include <stdlib.h>

enum { BUCKETS = 65536, MARKS_MAX = 512 };

/* Marks by their first three bytes; `next` chains those of one bucket (numbers from 1, 0 ends). */
struct scanner {
	uint16_t first[BUCKETS];
	uint16_t next[MARKS_MAX];
	/* what is looked for: a word ends with its NUL */
	struct span texts[MARKS_MAX];
};

static uint32_t
bucket_of(const unsigned char *p)
{
	uint32_t three = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;

	return (three * 2654435761U) >> 16;
}

struct scanner *
scanner_new(void)
{
	struct scanner *scanner = calloc(1, sizeof(*scanner));

	if (!scanner || shell_mark_count >= MARKS_MAX) {
		free(scanner);
		return NULL;
	}
	for (size_t i = 0; i < shell_mark_count; i++) {
		struct span text = shell_marks[i].text;

		if (shell_marks[i].word)
			text.n++; /* literals end with a NUL */
		scanner->texts[i] = text;
		uint32_t bucket = bucket_of((const unsigned char *)text.p);
		scanner->next[i] = scanner->first[bucket];
		scanner->first[bucket] = (uint16_t)(i + 1);
	}
	return scanner;
}

void
scanner_free(struct scanner *scanner)
{
	free(scanner);
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
matches(const struct scanner *scanner, size_t mark, struct span file, size_t at)
{
	struct span text = scanner->texts[mark];

	return file.n - at >= text.n && memcmp(file.p + at, text.p, text.n) == 0 &&
	       !(shell_marks[mark].word && at > 0 && is_letter(file.p[at - 1]));
}

void
scanner_run(const struct scanner *scanner, struct span file, struct scan *ret)
{
	bool found[MARKS_MAX] = {false};
	const unsigned char *bytes = (const unsigned char *)file.p;

	*ret = (struct scan){{0}};
	for (size_t at = 0; at + 3 <= file.n; at++) {
		for (size_t i = scanner->first[bucket_of(bytes + at)]; i;
		     i = scanner->next[i - 1]) {
			if (found[i - 1] || !matches(scanner, i - 1, file, at))
				continue;
			found[i - 1] = true;
			ret->counts[shell_marks[i - 1].group]++;
		}
	}
}
