/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/record_bytes.h"

#include "base/bytes.h"
#include "base/limits.h"

#include <string.h>

enum {
	NO_TEXT = -1,
	/* the least that one of them takes */
	COMPONENT_MIN = 4 + 15 * 4 + 4,
	FILE_MIN = 4 + 2 + FILE_DIGEST_BYTES + 4,
	SHELL_MIN = 4 + 2 + 4,
	RISK_MIN = 4 + 4 + 1 + 4,
	GAP_MIN = 2 * 4,
};

static const struct span inventory_magic = SPAN_INIT("mohsinv\0");
static const struct span shells_magic = SPAN_INIT("mohsshl\0");
static const struct span risks_magic = SPAN_INIT("mohsrsk\0");

/* The texts of a record, in the order they stand in. */
static const size_t head_texts[] = {
	offsetof(struct inventory, document.reference),
	offsetof(struct inventory, document.digest),
	offsetof(struct inventory, document.format),
	offsetof(struct inventory, document.name),
	offsetof(struct inventory, os.id),
	offsetof(struct inventory, os.id_like),
	offsetof(struct inventory, os.version_id),
	offsetof(struct inventory, os.codename),
	offsetof(struct inventory, os.pretty_name),
};

static const size_t component_texts[] = {
	offsetof(struct component, ecosystem), offsetof(struct component, name),
	offsetof(struct component, version),   offsetof(struct component, architecture),
	offsetof(struct component, source),    offsetof(struct component, source_version),
	offsetof(struct component, purl),      offsetof(struct component, maintainer),
	offsetof(struct component, section),   offsetof(struct component, provides),
	offsetof(struct component, depends),   offsetof(struct component, database),
	offsetof(struct component, record),    offsetof(struct component, licence),
	offsetof(struct component, module),
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- to bytes; the first failure stays ---- */

struct writer {
	struct buf *buf;
	struct err *err;
	int r;
};

static void
put(struct writer *writer, const void *p, size_t n)
{
	if (writer->r == 0)
		writer->r = buf_append(writer->buf, (struct span){p, n}, writer->err);
}

static void
put_byte(struct writer *writer, unsigned value)
{
	const uint8_t byte = (uint8_t)value;

	put(writer, &byte, 1);
}

static void
put_number(struct writer *writer, uint64_t value)
{
	uint8_t bytes[4];

	if (writer->r == 0 && value > UINT32_MAX)
		writer->r = err_set(writer->err, ERR_LIMIT, "a record of too many parts");
	bytes_put_u32(bytes, value, false);
	put(writer, bytes, sizeof(bytes));
}

static void
put_text(struct writer *writer, struct span text)
{
	put_number(writer, text.p ? text.n : (uint32_t)NO_TEXT);
	if (!text.p)
		return;
	put(writer, text.p, text.n);
	put(writer, "", 1);
}

static void
put_texts(struct writer *writer, const void *record, const size_t *offsets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct span text;

		memcpy(&text, (const char *)record + offsets[i], sizeof(text));
		put_text(writer, text);
	}
}

static void
put_gaps(struct writer *writer, const struct gap_list *gaps)
{
	put_number(writer, gaps->count);
	for (size_t i = 0; i < gaps->count; i++) {
		put_text(writer, gaps->items[i].subject);
		put_text(writer, gaps->items[i].text);
	}
}

static void
put_component(struct writer *writer, const struct component *component)
{
	put_byte(writer, component->essential);
	put_byte(writer, component->state);
	put_byte(writer, component->no_files);
	put_byte(writer, component->guessed);
	put_texts(writer, component, component_texts, COUNT(component_texts));
	put_number(writer, component->file_count);
	for (size_t i = 0; writer->r == 0 && i < component->file_count; i++) {
		const struct component_file *file = &component->files[i];

		put_number(writer, file->entry);
		put_byte(writer, file->conffile);
		put_byte(writer, file->digest_of);
		put(writer, file->digest, sizeof(file->digest));
		put_text(writer, file->listed);
	}
}

int
inventory_bytes_put(const struct inventory *inventory, struct buf *buf, struct err *err)
{
	struct writer writer = {buf, err, 0};

	put(&writer, inventory_magic.p, inventory_magic.n);
	put_byte(&writer, inventory->any_database);
	put_byte(&writer, inventory->os.known);
	put_texts(&writer, inventory, head_texts, COUNT(head_texts));
	put_number(&writer, inventory->component_count);
	for (size_t i = 0; writer.r == 0 && i < inventory->component_count; i++)
		put_component(&writer, &inventory->components[i]);
	put_gaps(&writer, &inventory->gaps);
	return writer.r;
}

int
shells_bytes_put(const struct shells *shells, struct buf *buf, struct err *err)
{
	struct writer writer = {buf, err, 0};

	put(&writer, shells_magic.p, shells_magic.n);
	put_number(&writer, shells->count);
	for (size_t i = 0; writer.r == 0 && i < shells->count; i++) {
		put_number(&writer, shells->items[i].entry);
		put_byte(&writer, shells->items[i].kind);
		put_byte(&writer, shells->items[i].proof);
		put_text(&writer, shells->items[i].what);
	}
	put_gaps(&writer, &shells->gaps);
	return writer.r;
}

int
risks_bytes_put(const struct risks *risks, struct buf *buf, struct err *err)
{
	struct writer writer = {buf, err, 0};

	put(&writer, risks_magic.p, risks_magic.n);
	put_number(&writer, risks->found);
	put_number(&writer, risks->count);
	for (size_t i = 0; writer.r == 0 && i < risks->count; i++) {
		put_number(&writer, risks->items[i].entry);
		put_number(&writer, risks->items[i].via);
		put_byte(&writer, risks->items[i].kind);
		put_number(&writer, risks->items[i].files);
	}
	put_gaps(&writer, &risks->gaps);
	return writer.r;
}

/* ---- from bytes; the first failure stays, and everything after it is empty ---- */

struct reader {
	struct span rest;
	size_t entry_count;
	struct arena *arena;
	struct err *err;
	int r;
};

static void
fail(struct reader *reader)
{
	if (reader->r == 0)
		reader->r = err_set(reader->err, ERR_INVALID, "a damaged record");
	reader->rest.n = 0;
}

static const uint8_t *
take(struct reader *reader, size_t n)
{
	const char *p = reader->rest.p;

	if (reader->r < 0 || n > reader->rest.n) {
		fail(reader);
		return NULL;
	}
	reader->rest = span_slice(reader->rest, n, reader->rest.n);
	return (const uint8_t *)p;
}

static void
take_bytes(struct reader *reader, uint8_t *to, size_t n)
{
	const uint8_t *p = take(reader, n);

	for (size_t i = 0; p && i < n; i++)
		to[i] = p[i];
}

static unsigned
take_byte(struct reader *reader, unsigned max)
{
	const uint8_t *p = take(reader, 1);

	if (p && *p > max)
		fail(reader);
	return p && *p <= max ? *p : 0;
}

static uint32_t
take_number(struct reader *reader)
{
	const uint8_t *p = take(reader, 4);

	return p ? bytes_u32(p, false) : 0;
}

/* How many of something follow, each of at least `least` bytes. */
static size_t
take_count(struct reader *reader, size_t least)
{
	uint32_t count = take_number(reader);

	if (count <= reader->rest.n / least)
		return count;
	fail(reader);
	return 0;
}

static void *
make(struct reader *reader, size_t count, size_t size)
{
	void *p = reader->r == 0 ? arena_array(reader->arena, count + 1, size) : NULL;

	if (!p && reader->r == 0)
		reader->r = err_memory(reader->err);
	return p;
}

static struct span
take_text(struct reader *reader)
{
	uint32_t n = take_number(reader);
	const uint8_t *p = n == (uint32_t)NO_TEXT ? NULL : take(reader, (size_t)n + 1);
	struct span text = {NULL, 0};

	if (!p)
		return text;
	if (p[n] != '\0') {
		fail(reader);
		return text;
	}
	text = arena_copy(reader->arena, (struct span){(const char *)p, n});
	if (!text.p && reader->r == 0)
		reader->r = err_memory(reader->err);
	return text;
}

static void
take_texts(struct reader *reader, void *record, const size_t *offsets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct span text = take_text(reader);

		memcpy((char *)record + offsets[i], &text, sizeof(text));
	}
}

static uint32_t
take_entry(struct reader *reader, bool none_is_good)
{
	uint32_t entry = take_number(reader);

	if (entry >= reader->entry_count && !(none_is_good && entry == IMAGE_NONE))
		fail(reader);
	return entry;
}

static void
take_gaps(struct reader *reader, struct gap_list *gaps)
{
	size_t count = take_count(reader, GAP_MIN);

	gaps->items = make(reader, count, sizeof(*gaps->items));
	for (size_t i = 0; reader->r == 0 && i < count; i++) {
		gaps->items[i].subject = take_text(reader);
		gaps->items[i].text = take_text(reader);
	}
	gaps->count = count;
}

static void
take_component(struct reader *reader, struct component *component)
{
	component->essential = take_byte(reader, 1);
	component->state =
		(enum component_state)take_byte(reader, (unsigned)COMPONENT_CONFIG_FILES);
	component->no_files = take_byte(reader, 1);
	component->guessed = take_byte(reader, 1);
	take_texts(reader, component, component_texts, COUNT(component_texts));
	component->file_count = take_count(reader, FILE_MIN);
	component->files = make(reader, component->file_count, sizeof(*component->files));
	for (size_t i = 0; reader->r == 0 && i < component->file_count; i++) {
		struct component_file file = {0};

		file.entry = take_entry(reader, true);
		file.conffile = take_byte(reader, 1);
		file.digest_of = (enum file_digest)take_byte(reader, FILE_DIGESTS - 1U);
		take_bytes(reader, file.digest, sizeof(file.digest));
		file.listed = take_text(reader);
		component->files[i] = file;
	}
}

static void
take_magic(struct reader *reader, struct span magic)
{
	const uint8_t *p = take(reader, magic.n);

	if (p && memcmp(p, magic.p, magic.n) != 0)
		fail(reader);
}

static int
finish(struct reader *reader)
{
	if (reader->r == 0 && reader->rest.n > 0)
		fail(reader);
	return reader->r;
}

int
inventory_bytes_get(struct span bytes, size_t entry_count, struct arena *arena,
		    struct inventory **ret, struct err *err)
{
	struct reader reader = {bytes, entry_count, arena, err, 0};
	struct inventory *inventory = make(&reader, 0, sizeof(*inventory));

	if (!inventory)
		return reader.r;
	inventory->arena = arena;
	take_magic(&reader, inventory_magic);
	inventory->any_database = take_byte(&reader, 1);
	inventory->os.known = take_byte(&reader, 1);
	take_texts(&reader, inventory, head_texts, COUNT(head_texts));
	inventory->component_count = take_count(&reader, COMPONENT_MIN);
	inventory->components =
		make(&reader, inventory->component_count, sizeof(*inventory->components));
	for (size_t i = 0; reader.r == 0 && i < inventory->component_count; i++)
		take_component(&reader, &inventory->components[i]);
	take_gaps(&reader, &inventory->gaps);
	int r = finish(&reader);
	if (r == 0)
		*ret = inventory;
	return r;
}

int
shells_bytes_get(struct span bytes, size_t entry_count, struct arena *arena, struct shells **ret,
		 struct err *err)
{
	struct reader reader = {bytes, entry_count, arena, err, 0};
	struct shells *shells = make(&reader, 0, sizeof(*shells));

	if (!shells)
		return reader.r;
	shells->arena = arena;
	take_magic(&reader, shells_magic);
	shells->count = take_count(&reader, SHELL_MIN);
	shells->items = make(&reader, shells->count, sizeof(*shells->items));
	for (size_t i = 0; reader.r == 0 && i < shells->count; i++) {
		struct shell *shell = &shells->items[i];

		shell->entry = take_entry(&reader, false);
		shell->kind = (enum shell_kind)take_byte(&reader, (unsigned)SHELL_COMMANDS);
		shell->proof = (enum shell_proof)take_byte(&reader, (unsigned)SHELL_BY_CONTENT);
		shell->what = take_text(&reader);
		shells->shell_count += shell_counts(shell->kind);
	}
	take_gaps(&reader, &shells->gaps);
	int r = finish(&reader);
	if (r == 0)
		*ret = shells;
	return r;
}

int
risks_bytes_get(struct span bytes, size_t entry_count, struct arena *arena, struct risks **ret,
		struct err *err)
{
	struct reader reader = {bytes, entry_count, arena, err, 0};
	struct risks *risks = make(&reader, 0, sizeof(*risks));

	if (!risks)
		return reader.r;
	risks->arena = arena;
	take_magic(&reader, risks_magic);
	risks->found = take_number(&reader);
	risks->count = take_count(&reader, RISK_MIN);
	risks->items = make(&reader, risks->count, sizeof(*risks->items));
	for (size_t i = 0; reader.r == 0 && i < risks->count; i++) {
		struct risk *risk = &risks->items[i];

		risk->entry = take_entry(&reader, false);
		risk->via = take_entry(&reader, false);
		risk->kind = (enum risk_kind)take_byte(&reader, (unsigned)RISK_KINDS - 1);
		risk->files = take_number(&reader);
		/* found by halving */
		if (i > 0 && risk->entry <= risk[-1].entry)
			fail(&reader);
	}
	take_gaps(&reader, &risks->gaps);
	int r = finish(&reader);
	if (r == 0)
		*ret = risks;
	return r;
}
