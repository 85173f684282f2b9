/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/spdx_licence.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"

/* Only what means the same text: "BSD", "Artistic" and the like are not here. */
static const struct {
	struct span name;
	struct span id;
} table[] = {
	{SPAN_INIT("Apache-2"), SPAN_INIT("Apache-2.0")},
	{SPAN_INIT("Apache-2.0"), SPAN_INIT("Apache-2.0")},
	{SPAN_INIT("common-licenses/Apache-2.0"), SPAN_INIT("Apache-2.0")},
	{SPAN_INIT("Artistic-2"), SPAN_INIT("Artistic-2.0")},
	{SPAN_INIT("Artistic-2.0"), SPAN_INIT("Artistic-2.0")},
	{SPAN_INIT("BSD-2-clause"), SPAN_INIT("BSD-2-Clause")},
	{SPAN_INIT("BSD-3-clause"), SPAN_INIT("BSD-3-Clause")},
	{SPAN_INIT("BSD-4-clause"), SPAN_INIT("BSD-4-Clause")},
	{SPAN_INIT("BSL-1"), SPAN_INIT("BSL-1.0")},
	{SPAN_INIT("BSL-1.0"), SPAN_INIT("BSL-1.0")},
	{SPAN_INIT("CC-BY-3.0"), SPAN_INIT("CC-BY-3.0")},
	{SPAN_INIT("CC-BY-4.0"), SPAN_INIT("CC-BY-4.0")},
	{SPAN_INIT("CC-BY-SA-3.0"), SPAN_INIT("CC-BY-SA-3.0")},
	{SPAN_INIT("CC-BY-SA-4.0"), SPAN_INIT("CC-BY-SA-4.0")},
	{SPAN_INIT("CC0"), SPAN_INIT("CC0-1.0")},
	{SPAN_INIT("CC0-1.0"), SPAN_INIT("CC0-1.0")},
	{SPAN_INIT("common-licenses/CC0-1.0"), SPAN_INIT("CC0-1.0")},
	{SPAN_INIT("CDDL-1.0"), SPAN_INIT("CDDL-1.0")},
	{SPAN_INIT("curl"), SPAN_INIT("curl")},
	{SPAN_INIT("Expat"), SPAN_INIT("MIT")},
	{SPAN_INIT("MIT"), SPAN_INIT("MIT")},
	{SPAN_INIT("GFDL-1.2"), SPAN_INIT("GFDL-1.2-only")},
	{SPAN_INIT("GFDL-1.2+"), SPAN_INIT("GFDL-1.2-or-later")},
	{SPAN_INIT("GFDL-1.3"), SPAN_INIT("GFDL-1.3-only")},
	{SPAN_INIT("GFDL-1.3+"), SPAN_INIT("GFDL-1.3-or-later")},
	{SPAN_INIT("GFDL-NIV-1.2"), SPAN_INIT("GFDL-1.2-no-invariants-only")},
	{SPAN_INIT("GFDL-NIV-1.2+"), SPAN_INIT("GFDL-1.2-no-invariants-or-later")},
	{SPAN_INIT("GFDL-NIV-1.3"), SPAN_INIT("GFDL-1.3-no-invariants-only")},
	{SPAN_INIT("GFDL-NIV-1.3+"), SPAN_INIT("GFDL-1.3-no-invariants-or-later")},
	{SPAN_INIT("GPL-1"), SPAN_INIT("GPL-1.0-only")},
	{SPAN_INIT("GPL-1+"), SPAN_INIT("GPL-1.0-or-later")},
	{SPAN_INIT("GPL-1.0"), SPAN_INIT("GPL-1.0-only")},
	{SPAN_INIT("GPL-1.0+"), SPAN_INIT("GPL-1.0-or-later")},
	{SPAN_INIT("GPL-2"), SPAN_INIT("GPL-2.0-only")},
	{SPAN_INIT("GPL-2+"), SPAN_INIT("GPL-2.0-or-later")},
	{SPAN_INIT("GPL-2.0"), SPAN_INIT("GPL-2.0-only")},
	{SPAN_INIT("GPL-2.0+"), SPAN_INIT("GPL-2.0-or-later")},
	{SPAN_INIT("GPL-2.0-only"), SPAN_INIT("GPL-2.0-only")},
	{SPAN_INIT("GPL-2.0-or-later"), SPAN_INIT("GPL-2.0-or-later")},
	{SPAN_INIT("GPL-3"), SPAN_INIT("GPL-3.0-only")},
	{SPAN_INIT("GPL-3+"), SPAN_INIT("GPL-3.0-or-later")},
	{SPAN_INIT("GPL-3.0"), SPAN_INIT("GPL-3.0-only")},
	{SPAN_INIT("GPL-3.0+"), SPAN_INIT("GPL-3.0-or-later")},
	{SPAN_INIT("GPL-3.0-only"), SPAN_INIT("GPL-3.0-only")},
	{SPAN_INIT("GPL-3.0-or-later"), SPAN_INIT("GPL-3.0-or-later")},
	{SPAN_INIT("AGPL-3"), SPAN_INIT("AGPL-3.0-only")},
	{SPAN_INIT("AGPL-3+"), SPAN_INIT("AGPL-3.0-or-later")},
	{SPAN_INIT("ISC"), SPAN_INIT("ISC")},
	{SPAN_INIT("LGPL-2"), SPAN_INIT("LGPL-2.0-only")},
	{SPAN_INIT("LGPL-2+"), SPAN_INIT("LGPL-2.0-or-later")},
	{SPAN_INIT("LGPL-2.0"), SPAN_INIT("LGPL-2.0-only")},
	{SPAN_INIT("LGPL-2.0+"), SPAN_INIT("LGPL-2.0-or-later")},
	{SPAN_INIT("LGPL-2.1"), SPAN_INIT("LGPL-2.1-only")},
	{SPAN_INIT("LGPL-2.1+"), SPAN_INIT("LGPL-2.1-or-later")},
	{SPAN_INIT("LGPL-2.1-only"), SPAN_INIT("LGPL-2.1-only")},
	{SPAN_INIT("LGPL-2.1-or-later"), SPAN_INIT("LGPL-2.1-or-later")},
	{SPAN_INIT("LGPL-3"), SPAN_INIT("LGPL-3.0-only")},
	{SPAN_INIT("LGPL-3+"), SPAN_INIT("LGPL-3.0-or-later")},
	{SPAN_INIT("LGPL-3.0"), SPAN_INIT("LGPL-3.0-only")},
	{SPAN_INIT("LGPL-3.0+"), SPAN_INIT("LGPL-3.0-or-later")},
	{SPAN_INIT("MPL-1.1"), SPAN_INIT("MPL-1.1")},
	{SPAN_INIT("common-licenses/MPL-1.1"), SPAN_INIT("MPL-1.1")},
	{SPAN_INIT("MPL-2.0"), SPAN_INIT("MPL-2.0")},
	{SPAN_INIT("common-licenses/MPL-2.0"), SPAN_INIT("MPL-2.0")},
	{SPAN_INIT("OFL-1.1"), SPAN_INIT("OFL-1.1")},
	{SPAN_INIT("OpenSSL"), SPAN_INIT("OpenSSL")},
	{SPAN_INIT("PostgreSQL"), SPAN_INIT("PostgreSQL")},
	{SPAN_INIT("Unlicense"), SPAN_INIT("Unlicense")},
	{SPAN_INIT("X11"), SPAN_INIT("X11")},
	{SPAN_INIT("Zlib"), SPAN_INIT("Zlib")},
	{SPAN_INIT("ZPL-2.1"), SPAN_INIT("ZPL-2.1")},
	/* as packages of languages name them */
	{SPAN_INIT("0BSD"), SPAN_INIT("0BSD")},
	{SPAN_INIT("AFL-2.1"), SPAN_INIT("AFL-2.1")},
	{SPAN_INIT("AFL-3.0"), SPAN_INIT("AFL-3.0")},
	{SPAN_INIT("BlueOak-1.0.0"), SPAN_INIT("BlueOak-1.0.0")},
	{SPAN_INIT("BSD-1-Clause"), SPAN_INIT("BSD-1-Clause")},
	{SPAN_INIT("CDDL-1.1"), SPAN_INIT("CDDL-1.1")},
	{SPAN_INIT("EPL-1.0"), SPAN_INIT("EPL-1.0")},
	{SPAN_INIT("EPL-2.0"), SPAN_INIT("EPL-2.0")},
	{SPAN_INIT("EUPL-1.2"), SPAN_INIT("EUPL-1.2")},
	{SPAN_INIT("HPND"), SPAN_INIT("HPND")},
	{SPAN_INIT("MIT-0"), SPAN_INIT("MIT-0")},
	{SPAN_INIT("MIT-CMU"), SPAN_INIT("MIT-CMU")},
	{SPAN_INIT("NCSA"), SPAN_INIT("NCSA")},
	{SPAN_INIT("PHP-3.01"), SPAN_INIT("PHP-3.01")},
	{SPAN_INIT("PSF-2.0"), SPAN_INIT("PSF-2.0")},
	{SPAN_INIT("Python-2.0"), SPAN_INIT("Python-2.0")},
	{SPAN_INIT("Ruby"), SPAN_INIT("Ruby")},
	{SPAN_INIT("UPL-1.0"), SPAN_INIT("UPL-1.0")},
	{SPAN_INIT("Vim"), SPAN_INIT("Vim")},
	{SPAN_INIT("WTFPL"), SPAN_INIT("WTFPL")},
	{SPAN_INIT("ZPL-2.0"), SPAN_INIT("ZPL-2.0")},
	{SPAN_INIT("AGPL-3.0-only"), SPAN_INIT("AGPL-3.0-only")},
	{SPAN_INIT("AGPL-3.0-or-later"), SPAN_INIT("AGPL-3.0-or-later")},
	{SPAN_INIT("LGPL-2.0-only"), SPAN_INIT("LGPL-2.0-only")},
	{SPAN_INIT("LGPL-2.0-or-later"), SPAN_INIT("LGPL-2.0-or-later")},
	{SPAN_INIT("LGPL-3.0-only"), SPAN_INIT("LGPL-3.0-only")},
	{SPAN_INIT("LGPL-3.0-or-later"), SPAN_INIT("LGPL-3.0-or-later")},
	{SPAN_INIT("GPL-1.0-only"), SPAN_INIT("GPL-1.0-only")},
	{SPAN_INIT("GPL-1.0-or-later"), SPAN_INIT("GPL-1.0-or-later")},
	{SPAN_INIT("Unicode-3.0"), SPAN_INIT("Unicode-3.0")},
	{SPAN_INIT("BSD-2-Clause-Patent"), SPAN_INIT("BSD-2-Clause-Patent")},
	{SPAN_INIT("Apache 2.0"), SPAN_INIT("Apache-2.0")},
	{SPAN_INIT("Apache License 2.0"), SPAN_INIT("Apache-2.0")},
	{SPAN_INIT("AGPL-3.0"), SPAN_INIT("AGPL-3.0-only")},
	{SPAN_INIT("ISC License (ISCL)"), SPAN_INIT("ISC")},
	{SPAN_INIT("MIT License"), SPAN_INIT("MIT")},
	{SPAN_INIT("Mozilla Public License 2.0 (MPL 2.0)"), SPAN_INIT("MPL-2.0")},
	{SPAN_INIT("The MIT License"), SPAN_INIT("MIT")},
};

bool
spdx_licence_is_name(struct span name)
{
	for (size_t i = 0; i < name.n; i++) {
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f)
			return false;
	}
	return name.n > 0 && name.n <= COPYRIGHT_NAME_MAX;
}

struct span
spdx_licence_id(struct span name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (span_equal_nocase(table[i].name, name))
			return table[i].id;
	}
	return SPAN("");
}

static bool
is_id_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.';
}

/*
 * "LicenseRef-" and the name with other bytes as '-'; where that changed it, a hash of the name
 * behind it, so that two names never share a reference.
 */
static struct span
make_reference(struct span name, struct arena *arena)
{
	char *text = arena_alloc(arena, name.n + 1);
	bool changed = false;

	if (!text)
		return (struct span){NULL, 0};
	for (size_t i = 0; i < name.n; i++) {
		changed |= !is_id_byte(name.p[i]);
		text[i] = (char)(is_id_byte(name.p[i]) ? name.p[i] : '-');
	}
	return changed ? arena_printf(arena, "LicenseRef-%s-%08x", text,
				      (unsigned)(span_hash(name, 0) & 0xffffffffU))
		       : arena_printf(arena, "LicenseRef-%s", text);
}

static bool
is_word(struct span word, const char *wanted)
{
	return span_equal_nocase(word, span_from(wanted));
}

/* Names joined by "and" and "or" alone: no comma, no exception, two names never side by side. */
static bool
is_simple(struct span text)
{
	struct span rest = text;
	bool name_due = true;

	while (rest.p) {
		struct span word = span_cut(&rest, ' ');
		bool joins = is_word(word, "and") || is_word(word, "or");

		if (word.n == 0 || joins == name_due || span_find(word, ',') < word.n)
			return false;
		name_due = joins;
	}
	return !name_due;
}

struct expression {
	struct buf text;
	struct arena *arena;
	spdx_licence_visit visit;
	void *context;
};

static void
expression_cleanup(struct expression *expression)
{
	buf_cleanup(&expression->text);
}

static int
add_licence(struct expression *expression, struct span name, struct err *err)
{
	struct span id = spdx_licence_id(name);

	if (id.n)
		return buf_append(&expression->text, id, err);
	id = make_reference(name, expression->arena);
	int r = id.p ? buf_append(&expression->text, id, err) : err_memory(err);
	return r < 0 ? r : expression->visit(expression->context, id, name, err);
}

static int
add_word(struct expression *expression, struct span word, struct err *err)
{
	int r = expression->text.n ? buf_byte(&expression->text, ' ', err) : 0;

	if (r < 0)
		return r;
	if (is_word(word, "and"))
		return buf_append(&expression->text, SPAN("AND"), err);
	if (is_word(word, "or"))
		return buf_append(&expression->text, SPAN("OR"), err);
	return add_licence(expression, word, err);
}

int
spdx_licence_expression(struct span name, struct arena *arena, spdx_licence_visit visit,
			void *context, struct span *ret, struct err *err)
{
	CLEANUP(expression_cleanup)
	struct expression expression = {BUF_INIT(64 * KIB), arena, visit, context};
	struct span rest = name;
	int r = 0;

	if (!is_simple(name))
		r = add_licence(&expression, name, err);
	else
		while (rest.p && r >= 0)
			r = add_word(&expression, span_cut(&rest, ' '), err);
	if (r < 0)
		return r;
	*ret = arena_copy(arena, buf_span(&expression.text));
	return ret->p ? 0 : err_memory(err);
}
