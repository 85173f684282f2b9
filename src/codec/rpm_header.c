/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/rpm_header.h"

#include "base/bytes.h"
#include "base/limits.h"

enum {
	INTRO = 8, /* before the entries */
	ENTRY = 16,

	TAG_BASENAMES = 1117,
	TAG_FOLDERS = 1118,
	TAG_OLD_FILE_NAMES = 1027,
	TAG_FILE_STATES = 1029,
};

/* ERR_INVALID: the sizes contradict one another. ERR_LIMIT: RPM_HEADER_ENTRIES_MAX. */
static int
open_header(struct span blob, struct rpm_header *ret, struct err *err)
{
	if (blob.n < INTRO)
		return err_set(err, ERR_INVALID, "a header of %zu bytes", blob.n);
	uint64_t entries = bytes_u32(blob.p, true);
	uint64_t bytes = bytes_u32(blob.p + 4, true);

	if (entries > RPM_HEADER_ENTRIES_MAX)
		return err_set(err, ERR_LIMIT, "%llu entries (RPM_HEADER_ENTRIES_MAX %d)",
			       (unsigned long long)entries, RPM_HEADER_ENTRIES_MAX);
	if (INTRO + entries * ENTRY + bytes > blob.n)
		return err_set(err, ERR_INVALID, "a header is cut off");
	size_t store = INTRO + (size_t)entries * ENTRY;
	*ret = (struct rpm_header){
		.blob = span_slice(blob, 0, store + (size_t)bytes),
		.index = span_slice(blob, INTRO, store),
		.store = span_slice(blob, store, store + (size_t)bytes),
	};
	return 0;
}

/* 0 for types whose length is in their bytes. */
static size_t
size_of_type(uint32_t type)
{
	static const uint8_t sizes[] = {
		[RPM_CHAR] = 1,	 [RPM_INT8] = 1,  [RPM_INT16] = 2,
		[RPM_INT32] = 4, [RPM_INT64] = 8, [RPM_BIN] = 1,
	};

	return type < sizeof(sizes) ? sizes[type] : 0;
}

/* Bytes that `count` strings take, each with its NUL; more than rest.n when they do not fit. */
static size_t
measure_strings(struct span rest, uint64_t count)
{
	size_t n = 0;

	for (uint64_t i = 0; i < count; i++) {
		const char *end = n < rest.n ? memchr(rest.p + n, '\0', rest.n - n) : NULL;

		if (!end)
			return rest.n + 1;
		n = (size_t)(end - rest.p) + 1;
	}
	return n;
}

static int
take_value(const struct rpm_header *header, size_t entry, struct rpm_value *ret, struct err *err)
{
	const char *p = header->index.p + entry * ENTRY;
	uint64_t type = bytes_u32(p + 4, true);
	uint64_t offset = bytes_u32(p + 8, true);
	uint64_t count = bytes_u32(p + 12, true);
	size_t size = size_of_type((uint32_t)type);
	uint64_t length = count * size;

	if (offset > header->store.n || type > RPM_I18N)
		return err_set(err, ERR_INVALID, "tag %u lies outside of the header",
			       bytes_u32(p, true));
	struct span rest = span_slice(header->store, (size_t)offset, header->store.n);
	if (size == 0 && type >= RPM_STRING)
		length = measure_strings(rest, type == RPM_STRING ? 1 : count);
	if (length > rest.n)
		return err_set(err, ERR_INVALID, "tag %u lies outside of the header",
			       bytes_u32(p, true));
	*ret = (struct rpm_value){
		.tag = bytes_u32(p, true),
		.type = (enum rpm_type)type,
		.count = type == RPM_STRING ? 1 : (uint32_t)count,
		.data = span_slice(rest, 0, (size_t)length),
		.at = (size_t)(rest.p - header->blob.p),
	};
	return 1;
}

/*
 * The value of a tag; of several the last, which was added to the package as it was built. 1 found,
 * 0 not there, ERR_INVALID: it lies outside of the store.
 */
static int
find_value(const struct rpm_header *header, uint32_t tag, struct rpm_value *ret, struct err *err)
{
	for (size_t i = header->index.n / ENTRY; i-- > 0;) {
		if (bytes_u32(header->index.p + i * ENTRY, true) == tag)
			return take_value(header, i, ret, err);
	}
	return 0;
}

uint64_t
rpm_value_number(const struct rpm_value *value, uint32_t i)
{
	size_t size = size_of_type(value->type);

	return bytes_number(value->data.p + i * size, size, true);
}

bool
rpm_string_next(struct span *rest, struct span *ret)
{
	if (!rest->p || rest->n == 0)
		return false;
	*ret = span_cut(rest, '\0');
	return true;
}

/* ---- a package ---- */

enum shape {
	TEXT, /* the first string */
	NUMBER,
	TEXTS,
	NUMBERS,
	BYTES,
};

/* What a package is filled from. `each`: one for every file. */
static const struct {
	uint32_t tag;
	enum shape shape;
	bool each;
	size_t offset;
} fields[] = {
	{1000, TEXT, false, offsetof(struct rpm_package, name)},
	{1001, TEXT, false, offsetof(struct rpm_package, version)},
	{1002, TEXT, false, offsetof(struct rpm_package, release)},
	{1003, NUMBER, false, offsetof(struct rpm_package, epoch)},
	{1011, TEXT, false, offsetof(struct rpm_package, vendor)},
	{1014, TEXT, false, offsetof(struct rpm_package, licence)},
	{1015, TEXT, false, offsetof(struct rpm_package, packager)},
	{1016, TEXT, false, offsetof(struct rpm_package, group)},
	{1022, TEXT, false, offsetof(struct rpm_package, architecture)},
	{1044, TEXT, false, offsetof(struct rpm_package, source)},
	{1047, TEXTS, false, offsetof(struct rpm_package, provides)},
	{1049, TEXTS, false, offsetof(struct rpm_package, requires)},
	{5011, NUMBER, false, offsetof(struct rpm_package, digest_algorithm)},
	{5096, TEXT, false, offsetof(struct rpm_package, module)},
	{TAG_FILE_STATES, BYTES, true, offsetof(struct rpm_package, states)},
	{1030, NUMBERS, true, offsetof(struct rpm_package, modes)},
	{1035, TEXTS, true, offsetof(struct rpm_package, digests)},
	{1037, NUMBERS, true, offsetof(struct rpm_package, flags)},
	{1116, NUMBERS, true, offsetof(struct rpm_package, folder_numbers)},
};

static bool
has_shape(const struct rpm_value *value, enum shape shape)
{
	bool texts = value->type == RPM_STRINGS || value->type == RPM_I18N;

	switch (shape) {
	case TEXT:
		return (value->type == RPM_STRING || texts) && value->count > 0;
	case NUMBER:
		return value->type == RPM_INT32 && value->count > 0;
	case TEXTS:
		return texts || value->type == RPM_STRING;
	case BYTES:
		return value->type == RPM_CHAR || value->type == RPM_INT8;
	case NUMBERS:
		break;
	}
	return value->type >= RPM_CHAR && value->type <= RPM_INT64;
}

static void
store(struct rpm_package *package, size_t field, const struct rpm_value *value)
{
	char *at = (char *)package + fields[field].offset;

	if (fields[field].shape == TEXT) {
		struct span rest = value->data;
		struct span text = span_cut(&rest, '\0');

		memcpy(at, &text, sizeof(text));
	} else if (fields[field].shape == NUMBER) {
		uint32_t one = (uint32_t)rpm_value_number(value, 0);

		memcpy(at, &one, sizeof(one));
	} else {
		memcpy(at, value, sizeof(*value));
	}
}

static int
read_fields(struct rpm_package *package, struct err *err)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct rpm_value value;
		int r = find_value(&package->header, fields[i].tag, &value, err);

		if (r < 0)
			return r;
		if (r == 0)
			continue;
		if (!has_shape(&value, fields[i].shape) ||
		    (fields[i].each && value.count != package->file_count))
			return err_set(err, ERR_INVALID, "tag %u is not what it must be",
				       fields[i].tag);
		store(package, i, &value);
	}
	return 0;
}

static int
read_names(struct rpm_package *package, struct err *err)
{
	int r = find_value(&package->header, TAG_BASENAMES, &package->names, err);

	if (r == 0)
		r = find_value(&package->header, TAG_OLD_FILE_NAMES, &package->names, err);
	if (r > 0 && !has_shape(&package->names, TEXTS))
		r = err_set(err, ERR_INVALID, "the names of its files are none");
	if (r > 0)
		package->file_count = package->names.count;
	return r < 0 ? r : 0;
}

static int
read_folders(struct rpm_package *package, struct arena *arena, struct err *err)
{
	struct rpm_value value = {.count = 0};
	int r = find_value(&package->header, TAG_FOLDERS, &value, err);

	if (r < 0)
		return r;
	if (r > 0 && !has_shape(&value, TEXTS))
		return err_set(err, ERR_INVALID, "the names of its folders are none");
	package->folders.items = arena_array(arena, (size_t)value.count + 1, sizeof(struct span));
	if (!package->folders.items)
		return err_memory(err);
	struct span rest = value.data;
	while (package->folders.count < value.count &&
	       rpm_string_next(&rest, &package->folders.items[package->folders.count]))
		package->folders.count++;
	for (uint32_t i = 0; i < package->folder_numbers.count; i++) {
		if (rpm_value_number(&package->folder_numbers, i) >= package->folders.count)
			return err_set(err, ERR_INVALID, "file %u lies in no folder", i);
	}
	if (package->names.tag == TAG_BASENAMES && package->file_count > 0 &&
	    package->folder_numbers.count == 0)
		return err_set(err, ERR_INVALID, "its files lie in no folder");
	if (package->names.tag == TAG_OLD_FILE_NAMES)
		package->folder_numbers.count = 0;
	return 0;
}

int
rpm_package_read(struct span blob, struct arena *arena, struct rpm_package *ret, struct err *err)
{
	struct rpm_package package = {.digest_algorithm = RPM_DIGEST_MD5};
	int r = open_header(blob, &package.header, err);

	if (r == 0)
		r = read_names(&package, err);
	if (r == 0)
		r = read_fields(&package, err);
	if (r == 0)
		r = read_folders(&package, arena, err);
	if (r == 0 && package.name.n == 0)
		r = err_set(err, ERR_INVALID, "a package without a name");
	if (r == 0)
		*ret = package;
	return r;
}

static uint32_t
number_of(const struct rpm_value *value, uint32_t i)
{
	return i < value->count ? (uint32_t)rpm_value_number(value, i) : 0;
}

bool
rpm_file_next(const struct rpm_package *package, struct rpm_file_cursor *cursor,
	      struct rpm_file *ret)
{
	struct rpm_file file = {.folder = SPAN(""), .digest = SPAN("")};
	uint32_t i = cursor->i;

	if (i >= package->file_count || !rpm_string_next(&cursor->names, &file.name))
		return false;
	(void)rpm_string_next(&cursor->digests, &file.digest);
	if (package->folder_numbers.count)
		file.folder = package->folders.items[number_of(&package->folder_numbers, i)];
	file.flags = number_of(&package->flags, i);
	file.mode = number_of(&package->modes, i);
	file.state = number_of(&package->states, i);
	cursor->i++;
	*ret = file;
	return true;
}

/* A header with one entry more; both it and its bytes stand last. */
static char *
add_states(const struct rpm_package *package, char *to)
{
	const struct rpm_header *header = &package->header;
	char *entry = to + INTRO + header->index.n;
	char *store = entry + ENTRY;

	bytes_put_u32(to, header->index.n / ENTRY + 1, true);
	bytes_put_u32(to + 4, header->store.n + package->file_count, true);
	memcpy(to + INTRO, header->index.p, header->index.n);
	bytes_put_u32(entry, TAG_FILE_STATES, true);
	bytes_put_u32(entry + 4, RPM_CHAR, true);
	bytes_put_u32(entry + 8, header->store.n, true);
	bytes_put_u32(entry + 12, package->file_count, true);
	memcpy(store, header->store.p, header->store.n);
	return store + header->store.n;
}

static bool
overlaps(const struct rpm_header *header, uint32_t tag, const struct rpm_value *states)
{
	struct rpm_value other;
	struct err ignored = ERR_INIT;

	return tag != TAG_FILE_STATES && find_value(header, tag, &other, &ignored) > 0 &&
	       other.at < states->at + states->data.n && states->at < other.at + other.data.n;
}

/* Whether nothing else that is read here would change with the states. */
static bool
states_stand_alone(const struct rpm_package *package)
{
	static const uint32_t others[] = {TAG_BASENAMES, TAG_OLD_FILE_NAMES, TAG_FOLDERS};
	bool overlap = false;

	if (package->states.count == 0)
		return true;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		overlap |= overlaps(&package->header, fields[i].tag, &package->states);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		overlap |= overlaps(&package->header, others[i], &package->states);
	return !overlap;
}

int
rpm_package_with_states(const struct rpm_package *package, const uint8_t *states,
			struct arena *arena, struct span *ret, struct err *err)
{
	struct span blob = package->header.blob;
	bool there = package->states.count > 0;
	size_t n = blob.n + (there ? 0 : ENTRY + (size_t)package->file_count);
	char *to = arena_alloc(arena, n + 1);

	if (!to)
		return err_memory(err);
	if (!states_stand_alone(package))
		return err_set(err, ERR_INVALID,
			       "the states of its files are part of another value");
	char *at = to + package->states.at;
	if (there)
		memcpy(to, blob.p, blob.n);
	else
		at = add_states(package, to);
	memcpy(at, states, package->file_count);
	*ret = (struct span){to, n};
	return 0;
}

struct span
rpm_version(uint32_t epoch, struct span version, struct span release, struct arena *arena)
{
	const char *dash = release.n ? "-" : "";

	if (epoch == 0)
		return arena_printf(arena, "%.*s%s%.*s", SPAN_ARG(version), dash,
				    SPAN_ARG(release));
	return arena_printf(arena, "%u:%.*s%s%.*s", epoch, SPAN_ARG(version), dash,
			    SPAN_ARG(release));
}

struct span
rpm_module_stream(struct span label)
{
	struct span rest = label;
	struct span name = label.n ? span_cut(&rest, ':') : SPAN("");
	struct span stream = rest.p && name.n ? span_cut(&rest, ':') : SPAN("");

	return stream.n ? span_slice(label, 0, name.n + 1 + stream.n) : SPAN("");
}

bool
rpm_source_parse(struct span source, struct span *ret_name, struct span *ret_version,
		 struct span *ret_release)
{
	static const struct span ends[] = {SPAN_INIT(".src.rpm"), SPAN_INIT(".nosrc.rpm")};
	struct span rest = source;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (span_ends_with(source, ends[i]))
			rest = span_slice(source, 0, source.n - ends[i].n);
	}
	size_t release = span_find_last(rest, '-');
	size_t version = release < rest.n ? span_find_last(span_slice(rest, 0, release), '-') : 0;

	if (rest.n == source.n || version == 0 || version >= release || release + 1 == rest.n)
		return false;
	*ret_name = span_slice(rest, 0, version);
	*ret_version = span_slice(rest, version + 1, release);
	*ret_release = span_slice(rest, release + 1, rest.n);
	return true;
}
