/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/elf_names.h"

#include "base/limits.h"

static bool
is_printable(char c)
{
	return c > ' ' && c < '\x7f';
}

/* Behind ".so": nothing, or numbers with a point before each. */
static bool
is_version(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool digit = s.p[i] >= '0' && s.p[i] <= '9';
		bool before = i > 0 && s.p[i - 1] != '.';

		if (!digit && (s.p[i] != '.' || (i > 0 && !before)))
			return false;
		if (i == 0 && s.p[i] != '.')
			return false;
	}
	return s.n == 0 || s.p[s.n - 1] != '.';
}

bool
elf_is_library_name(struct span name)
{
	name = span_base_name(name);
	for (size_t i = 1; i + 3 <= name.n; i++) {
		if (memcmp(name.p + i, ".so", 3) == 0 &&
		    is_version(span_slice(name, i + 3, name.n)))
			return true;
	}
	return false;
}

/* The text around `at` that ends with a NUL; empty when there is none. */
static struct span
text_around(struct span file, size_t at)
{
	size_t from = at;
	size_t to = at;

	while (to < file.n && is_printable(file.p[to]) && to - at < IMAGE_NAME_MAX)
		to++;
	if (to >= file.n || file.p[to] != '\0')
		return SPAN("");
	while (from > 0 && is_printable(file.p[from - 1]) && to - from < IMAGE_PATH_MAX)
		from--;
	return span_slice(file, from, to);
}

void
elf_names(struct span file, elf_name_visit visit, void *context)
{
	size_t shown = 0;
	size_t at = 0;

	while (at < file.n && shown < ELF_NAMES_MAX) {
		const char *found = memmem(file.p + at, file.n - at, ".so", 3);

		if (!found)
			return;
		at = (size_t)(found - file.p);
		struct span name = text_around(file, at);
		at += 3;
		if (name.n == 0 || span_find(name, '%') < name.n || !elf_is_library_name(name))
			continue;
		at = (size_t)(name.p - file.p) + name.n;
		shown++;
		if (!visit(context, name))
			return;
	}
}
