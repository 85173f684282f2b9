/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/go_build.h"

#include "base/bytes.h"
#include "base/limits.h"
#include "base/vec.h"
#include "codec/elf.h"

#include <stdio.h>

enum {
	MAGIC_BYTES = 14,
	HEADER_BYTES = 32,
	POINTER_AT = 14,
	FLAGS_AT = 15,
	STRINGS_AT = 16,
	FLAG_BIG_ENDIAN = 1,
	FLAG_INLINE = 2,
	/* the text of modules stands between two marks of this length */
	MARK_BYTES = 16,
	LENGTH_BYTES_MAX = 5,
};

static const struct span magic = SPAN_INIT("\xff Go buildinf:");

/* ---- where it is ---- */

static bool
note_section(void *context, const struct elf_section *section)
{
	struct span *found = context;

	if (!span_equal(section->name, SPAN(".go.buildinfo")))
		return true;
	*found = section->bytes;
	return false;
}

/* From the magic on, to the end of `bytes`; empty when it is not there. */
static struct span
find_magic(struct span bytes)
{
	size_t n = bytes.n < GO_BUILD_SCAN_MAX ? bytes.n : GO_BUILD_SCAN_MAX;
	const char *found = n ? memmem(bytes.p, n, magic.p, magic.n) : NULL;
	size_t at = found ? (size_t)(found - bytes.p) : 0;

	if (!found || bytes.n - at < HEADER_BYTES)
		return (struct span){NULL, 0};
	return span_slice(bytes, at, bytes.n);
}

/* The program, its segments, and the header found in it. */
struct go_file {
	const struct elf_segment *segments;
	size_t count;
	struct span header;
};

static int
locate(struct span file, struct arena *arena, struct go_file *ret, struct err *err)
{
	struct elf_segment *segments = NULL;
	struct span section = {NULL, 0};
	int r = elf_sections(file, note_section, &section, err);

	if (r == 0)
		r = elf_segments(file, arena, &segments, &ret->count, err);
	if (r < 0)
		return r;
	ret->segments = segments;
	ret->header = find_magic(section);
	for (size_t i = 0; !ret->header.p && i < ret->count; i++) {
		if (segments[i].writable && !segments[i].executable)
			ret->header = find_magic(segments[i].bytes);
	}
	return ret->header.p ? 0 : err_set(err, ERR_NOT_FOUND, "no build information of Go");
}

/* ---- the two strings ---- */

/* One with its length in front, cut from *rest. */
static bool
cut_inline(struct span *rest, struct span *ret)
{
	uint64_t n = 0;
	size_t at = 0;
	bool more = true;

	for (; more && at < rest->n && at < LENGTH_BYTES_MAX; at++) {
		n |= (uint64_t)((uint8_t)rest->p[at] & 0x7f) << (7 * at);
		more = ((uint8_t)rest->p[at] & 0x80) != 0;
	}
	if (more || n > rest->n - at)
		return false;
	*ret = span_slice(*rest, at, at + (size_t)n);
	*rest = span_slice(*rest, at + (size_t)n, rest->n);
	return true;
}

/* `n` bytes at an address of the running program. */
static bool
at_address(const struct go_file *file, uint64_t address, uint64_t n, struct span *ret)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct elf_segment *segment = &file->segments[i];
		uint64_t from = address - segment->address;

		if (address < segment->address || from >= segment->bytes.n)
			continue;
		if (n > segment->bytes.n - from)
			return false;
		*ret = span_slice(segment->bytes, (size_t)from, (size_t)(from + n));
		return true;
	}
	return false;
}

/* The string whose header is at the address that `p` holds; a zero address is an empty string. */
static bool
follow(const struct go_file *file, const char *p, size_t bytes, bool big_endian, struct span *ret)
{
	uint64_t address = bytes_number(p, bytes, big_endian);
	struct span header;

	*ret = SPAN("");
	if (address == 0)
		return true;
	if (!at_address(file, address, 2 * bytes, &header))
		return false;
	uint64_t n = bytes_number(header.p + bytes, bytes, big_endian);
	return n == 0 || at_address(file, bytes_number(header.p, bytes, big_endian), n, ret);
}

static bool
read_strings(const struct go_file *file, struct span *ret_go, struct span *ret_text)
{
	struct span header = file->header;
	size_t bytes = (uint8_t)header.p[POINTER_AT];
	uint8_t flags = (uint8_t)header.p[FLAGS_AT];

	if (flags & FLAG_INLINE) {
		struct span rest = span_slice(header, HEADER_BYTES, header.n);

		return cut_inline(&rest, ret_go) && cut_inline(&rest, ret_text);
	}
	if (bytes != 4 && bytes != 8)
		return false;
	bool big_endian = flags & FLAG_BIG_ENDIAN;
	return follow(file, header.p + STRINGS_AT, bytes, big_endian, ret_go) &&
	       follow(file, header.p + STRINGS_AT + bytes, bytes, big_endian, ret_text);
}

/* ---- lines ---- */

struct go_lines {
	struct go_build *build;
	struct go_module *last; /* what a "=>" is about */
	VEC(struct go_module) modules;
};

/* What stands behind "-ldflags=" of a build line, without the quote that may begin it. */
static struct span
flags_of(struct span setting)
{
	const struct span key = SPAN("-ldflags=");

	if (!span_starts_with(setting, key))
		return SPAN("");
	setting = span_slice(setting, key.n, setting.n);
	if (setting.n && (setting.p[0] == '"' || setting.p[0] == '`'))
		setting = span_slice(setting, 1, setting.n);
	return setting;
}

static int
take_line(struct go_lines *lines, struct span line, struct err *err)
{
	struct span rest = line;
	struct span word = span_cut(&rest, '\t');
	struct span first = rest.p ? span_cut(&rest, '\t') : SPAN("");
	struct span second = rest.p ? span_cut(&rest, '\t') : SPAN("");
	const struct go_module module = {first, second, SPAN(""), SPAN("")};

	if (span_equal(word, SPAN("path"))) {
		lines->build->main_path = first;
	} else if (span_equal(word, SPAN("mod"))) {
		lines->build->main = module;
		lines->last = &lines->build->main;
	} else if (span_equal(word, SPAN("dep"))) {
		int r = vec_push(&lines->modules, &module, GO_MODULES_MAX, err);

		if (r < 0)
			return r;
		lines->last = &lines->modules.items[lines->modules.count - 1];
	} else if (span_equal(word, SPAN("=>")) && lines->last) {
		lines->last->instead = first;
		lines->last->instead_version = second;
		lines->last = NULL;
	} else if (span_equal(word, SPAN("build")) && flags_of(first).n) {
		lines->build->flags = flags_of(first);
	}
	return 0;
}

static int
read_lines(struct span text, struct arena *arena, struct go_build *build, struct err *err)
{
	struct go_lines lines = {.build = build};
	int r = 0;

	while (r == 0 && text.p)
		r = take_line(&lines, span_cut(&text, '\n'), err);
	if (r == 0) {
		build->module_count = lines.modules.count;
		build->modules =
			arena_array(arena, lines.modules.count + 1, sizeof(*build->modules));
		if (!build->modules)
			r = err_memory(err);
		else if (lines.modules.count)
			memcpy(build->modules, lines.modules.items,
			       lines.modules.count * sizeof(*build->modules));
	}
	vec_free(&lines.modules);
	return r;
}

/* Without the marks around it, by which the toolchain finds it in memory. */
static struct span
without_marks(struct span text)
{
	if (text.n > (size_t)2 * MARK_BYTES && text.p[text.n - MARK_BYTES - 1] == '\n')
		return span_slice(text, MARK_BYTES, text.n - MARK_BYTES);
	return SPAN("");
}

int
go_build_read(struct span file, struct arena *arena, struct go_build *ret, struct err *err)
{
	struct go_file place = {0};
	struct go_build build = {.flags = SPAN("")};
	struct span go = {NULL, 0};
	struct span text = {NULL, 0};
	int r = locate(file, arena, &place, err);

	if (r < 0)
		return r;
	if (!read_strings(&place, &go, &text) || go.n == 0)
		return err_set(err, ERR_INVALID, "its build information of Go leads nowhere");
	if (go.n + text.n > GO_BUILD_TEXT_MAX)
		return err_set(err, ERR_LIMIT,
			       "build information of %zu bytes (GO_BUILD_TEXT_MAX "
			       "%lu)",
			       go.n + text.n, GO_BUILD_TEXT_MAX);
	build.go = arena_copy(arena, go);
	text = arena_copy(arena, without_marks(text));
	if (!build.go.p || !text.p)
		return err_memory(err);
	r = read_lines(text, arena, &build, err);
	if (r == 0)
		*ret = build;
	return r;
}

/* ---- versions ---- */

/* Digits at the start, cut from *rest. */
static struct span
cut_digits(struct span *rest)
{
	size_t n = 0;

	while (n < rest->n && rest->p[n] >= '0' && rest->p[n] <= '9')
		n++;
	struct span digits = span_slice(*rest, 0, n);
	*rest = span_slice(*rest, n, rest->n);
	return digits;
}

static bool
cut_text(struct span *rest, struct span text)
{
	if (!span_starts_with(*rest, text))
		return false;
	*rest = span_slice(*rest, text.n, rest->n);
	return true;
}

struct span
go_version(struct span go, struct arena *arena)
{
	struct span numbers[3] = {SPAN("0"), SPAN("0"), SPAN("0")};
	const char *stage = "";
	struct span rest = go;
	size_t count = 0;

	if (!cut_text(&rest, SPAN("go")))
		return SPAN("");
	do {
		struct span digits = cut_digits(&rest);

		if (digits.n == 0)
			return SPAN("");
		numbers[count++] = digits;
	} while (count < 3 && cut_text(&rest, SPAN(".")));
	if (cut_text(&rest, SPAN("rc")))
		stage = "-rc.";
	else if (cut_text(&rest, SPAN("beta")))
		stage = "-beta.";
	struct span more = *stage ? cut_digits(&rest) : SPAN("");
	return arena_printf(arena, "%.*s.%.*s.%.*s%s%.*s", SPAN_ARG(numbers[0]),
			    SPAN_ARG(numbers[1]), SPAN_ARG(numbers[2]), stage, SPAN_ARG(more));
}

/* "github.com/a/b/version.Version": the last name is that of a version. */
static bool
is_version_name(struct span name)
{
	static const struct span names[] = {
		SPAN_INIT("appversion"), SPAN_INIT("buildversion"),   SPAN_INIT("gitversion"),
		SPAN_INIT("ver"),	 SPAN_INIT("releaseversion"), SPAN_INIT("version"),
	};
	size_t point = span_find_last(name, '.');
	struct span last = point < name.n ? span_slice(name, point + 1, name.n) : SPAN("");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (span_equal_nocase(last, names[i]))
			return true;
	}
	return false;
}

/* "v1.2.3" or "1.2.3-rc1": three numbers, and whatever semver has behind them. */
static bool
is_release(struct span value)
{
	struct span rest = value;

	(void)cut_text(&rest, SPAN("v"));
	for (size_t i = 0; i < 3; i++) {
		if (cut_digits(&rest).n == 0 || (i < 2 && !cut_text(&rest, SPAN("."))))
			return false;
	}
	return rest.n == 0 || rest.p[0] == '-' || rest.p[0] == '+';
}

static bool
is_quote(char c)
{
	return c == '\'' || c == '"' || c == '`' || c == '\\';
}

struct span
go_flags_version(struct span flags)
{
	struct span found = SPAN("");
	bool set = false; /* the word before was -X */

	while (flags.p) {
		struct span word = span_cut(&flags, ' ');
		bool joined = cut_text(&word, SPAN("-X="));

		if (word.n == 0)
			continue;
		if (!set && !joined) {
			set = span_equal(word, SPAN("-X"));
			continue;
		}
		set = false;
		while (word.n && is_quote(word.p[0]))
			word = span_slice(word, 1, word.n);
		while (word.n && is_quote(word.p[word.n - 1]))
			word.n--;
		struct span name = span_cut(&word, '=');
		if (!word.p || !is_version_name(name) || !is_release(word))
			continue;
		if (found.n && !span_equal(found, word))
			return SPAN("");
		found = word;
	}
	return found;
}
