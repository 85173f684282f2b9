/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/apk_installed.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"

#include <openssl/evp.h>

static const struct span place = SPAN_INIT("/lib/apk/db/installed");

/* Fields a package is filled from. */
static const struct {
	char letter;
	size_t offset;
} fields[] = {
	{'P', offsetof(struct apk_package, name)},
	{'V', offsetof(struct apk_package, version)},
	{'A', offsetof(struct apk_package, architecture)},
	{'o', offsetof(struct apk_package, origin)},
	{'m', offsetof(struct apk_package, maintainer)},
	{'L', offsetof(struct apk_package, licence)},
	{'D', offsetof(struct apk_package, depends)},
	{'p', offsetof(struct apk_package, provides)},
	{'C', offsetof(struct apk_package, checksum)},
	{'f', offsetof(struct apk_package, flags)},
};

struct reader {
	struct arena *arena;
	VEC(struct apk_package) packages;
	VEC(struct apk_fault) faults;
	struct apk_package package; /* the one being read */
	bool in_folder;
	bool in_file;
	uint32_t bad_line; /* 0: the package is good so far */
	const char *bad;
};

static void
reader_cleanup(struct reader *reader)
{
	vec_free(&reader->packages);
	vec_free(&reader->faults);
}

static void
complain(struct reader *reader, uint32_t line, const char *text)
{
	if (reader->bad)
		return;
	reader->bad = text;
	reader->bad_line = line;
}

static void
read_path(struct reader *reader, char letter, uint32_t number)
{
	reader->package.paths += letter == 'F' || letter == 'R';
	if (letter == 'F')
		reader->in_folder = true;
	else if (!reader->in_folder)
		complain(reader, number, "a file without a folder");
	else if ((letter == 'a' || letter == 'Z') && !reader->in_file)
		complain(reader, number, "a checksum or mode without a file");
	if (letter == 'F' || letter == 'R')
		reader->in_file = letter == 'R';
}

static void
read_field(struct reader *reader, char letter, struct span value, uint32_t number)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (fields[i].letter != letter)
			continue;
		char *record = (char *)&reader->package;
		struct span *field = (struct span *)(void *)(record + fields[i].offset);
		if (field->p)
			complain(reader, number, "a field that is there twice");
		*field = value;
		return;
	}
}

static void
read_line(struct reader *reader, struct span line, uint32_t number)
{
	struct span value = span_slice(line, 2, line.n);

	if (span_find(line, '\0') < line.n)
		complain(reader, number, "a NUL byte");
	else if (line.p[1] != ':')
		complain(reader, number, "no field");
	else if (strchr("FMRaZ", line.p[0]))
		read_path(reader, line.p[0], number);
	else
		read_field(reader, line.p[0], value, number);
}

static int
end_package(struct reader *reader, struct err *err)
{
	struct apk_package *package = &reader->package;
	int r;

	if (!package->record.p)
		return 0;
	if (package->name.n == 0)
		complain(reader, package->first_line, "no name");
	if (reader->bad) {
		struct apk_fault fault = {
			.record = package->record,
			.first_line = package->first_line,
			.last_line = package->last_line,
			.text = arena_printf(reader->arena, "line %u: %s", reader->bad_line,
					     reader->bad),
		};
		r = fault.text.p ? vec_push(&reader->faults, &fault, PACKAGES_MAX, err)
				 : err_memory(err);
	} else {
		r = vec_push(&reader->packages, package, PACKAGES_MAX, err);
	}
	reader->package = (struct apk_package){0};
	reader->in_folder = reader->in_file = false;
	reader->bad = NULL;
	return r;
}

static int
read_all(struct reader *reader, struct span text, struct err *err)
{
	struct span rest = text;
	uint32_t number = 0;
	int r = 0;

	while (rest.p && r >= 0) {
		struct span line = span_cut(&rest, '\n');
		size_t length = line.n + (rest.p ? 1 : 0);

		number++;
		if (line.n < 2) {
			r = end_package(reader, err);
			continue;
		}
		if (!reader->package.record.p) {
			reader->package.first_line = number;
			reader->package.record.p = line.p;
		}
		reader->package.last_line = number;
		reader->package.record.n = (size_t)(line.p - reader->package.record.p) + length;
		read_line(reader, line, number);
	}
	return r < 0 ? r : end_package(reader, err);
}

int
apk_installed_read(struct span text, struct arena *arena, struct apk_installed *ret,
		   struct err *err)
{
	CLEANUP(reader_cleanup) struct reader reader = {.arena = arena};
	struct apk_installed installed = {0};

	if (text.n > PACKAGE_DATABASE_MAX)
		return err_set(err, ERR_LIMIT, "%zu bytes (PACKAGE_DATABASE_MAX %lu)", text.n,
			       PACKAGE_DATABASE_MAX);
	int r = read_all(&reader, text, err);
	if (r < 0)
		return r;
	installed.package_count = reader.packages.count;
	installed.fault_count = reader.faults.count;
	installed.packages = vec_keep(&reader.packages, arena);
	installed.faults = vec_keep(&reader.faults, arena);
	if (!installed.packages || !installed.faults)
		return err_memory(err);
	*ret = installed;
	return 0;
}

/* The letter of the first line, 0 when it is none or there is none; its value. */
static char
peek(struct span rest, struct span *ret_value, size_t *ret_length)
{
	*ret_length = 0;
	if (rest.n == 0)
		return '\0';
	struct span line = span_cut(&rest, '\n');
	*ret_length = line.n + (rest.p ? 1 : 0);
	if (line.n < 2 || line.p[1] != ':')
		return '\0';
	*ret_value = span_slice(line, 2, line.n);
	return line.p[0];
}

bool
apk_item_next(struct apk_cursor *cursor, struct apk_item *ret)
{
	struct apk_item item = {.text = {cursor->rest.p, 0}, .digest = {"", 0}};
	struct span value = {"", 0};
	size_t length;

	if (!cursor->rest.p || cursor->rest.n == 0)
		return false;
	char letter = peek(cursor->rest, &value, &length);
	item.kind = letter == 'F' ? APK_FOLDER : letter == 'R' ? APK_FILE : APK_FIELD;
	if (letter == 'F')
		cursor->folder = value;
	item.folder = cursor->folder;
	item.name = letter == 'R' ? value : (struct span){"", 0};
	const char *more = item.kind == APK_FOLDER ? "M" : item.kind == APK_FILE ? "aZ" : "";
	do {
		if (letter == 'Z')
			item.digest = value;
		item.text.n += length;
		cursor->rest = span_slice(cursor->rest, length, cursor->rest.n);
		letter = peek(cursor->rest, &value, &length);
	} while (letter && strchr(more, letter));
	*ret = item;
	return true;
}

/* Base64 of as many bytes, padded. */
static bool
decode(struct span text, size_t bytes, uint8_t ret[APK_DIGEST_BYTES])
{
	uint8_t out[48];

	if (text.n != (bytes + 2) / 3 * 4 || text.p[text.n - 1] != '=' ||
	    text.p[text.n - 2] == '=' ||
	    EVP_DecodeBlock(out, (const uint8_t *)text.p, (int)text.n) < (int)bytes)
		return false;
	memcpy(ret, out, APK_DIGEST_BYTES);
	return true;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
decode_hex(struct span text, size_t bytes, uint8_t ret[APK_DIGEST_BYTES])
{
	uint8_t out[APK_DIGEST_BYTES] = {0};

	if (text.n != 2 * bytes)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		int value = hex_value(text.p[i]);

		if (value < 0)
			return false;
		if (i / 2 < APK_DIGEST_BYTES)
			out[i / 2] = (uint8_t)(out[i / 2] << 4 | value);
	}
	memcpy(ret, out, APK_DIGEST_BYTES);
	return true;
}

bool
apk_digest_parse(struct span text, uint8_t ret[APK_DIGEST_BYTES], bool *ret_sha256)
{
	static const struct {
		struct span prefix;
		size_t bytes;
		bool (*decode)(struct span text, size_t bytes, uint8_t ret[APK_DIGEST_BYTES]);
	} forms[] = {
		{SPAN_INIT("Q1"), 20, decode},	   {SPAN_INIT("Q1"), 32, decode},
		{SPAN_INIT("Q2"), 32, decode},	   {SPAN_INIT("X1"), 20, decode_hex},
		{SPAN_INIT("X1"), 32, decode_hex}, {SPAN_INIT("X2"), 32, decode_hex},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (!span_starts_with(text, forms[i].prefix) ||
		    !forms[i].decode(span_slice(text, 2, text.n), forms[i].bytes, ret))
			continue;
		*ret_sha256 = forms[i].bytes == 32;
		return true;
	}
	return false;
}

bool
apk_is_database(struct span path)
{
	return span_ends_with(path, place);
}

struct span
apk_database_root(struct span path)
{
	struct span usr = SPAN("/usr");

	if (!apk_is_database(path))
		return SPAN("");
	struct span root = span_slice(path, 0, path.n - place.n);
	return span_ends_with(root, usr) ? span_slice(root, 0, root.n - usr.n) : root;
}
