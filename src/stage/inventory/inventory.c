/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/inventory.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/json.h"
#include "codec/record_bytes.h"
#include "stage/inventory/reading.h"

#include <stdarg.h>
#include <stdlib.h>

static void
reading_cleanup(struct reading *reading)
{
	vec_free(&reading->components);
	vec_free(&reading->gaps);
	map_free(reading->parents);
	free(reading->listed);
}

int
reading_gap(struct reading *reading, struct err *err, struct span subject, const char *format, ...)
{
	struct gap gap;
	va_list arguments;

	va_start(arguments, format);
	int r = gap_print(&gap, reading->arena, subject, err, format, arguments);
	va_end(arguments);
	return r < 0 ? r : vec_push(&reading->gaps, &gap, INVENTORY_GAPS_MAX, err);
}

int
reading_load(struct reading *reading, uint32_t entry, struct span subject, size_t max,
	     struct span *ret, bool *ret_good, struct err *err)
{
	struct err why = ERR_INIT;
	int r = contents_load(reading->contents, reading->image, entry, max, reading->arena, ret,
			      &why);

	*ret_good = r >= 0;
	if (r >= 0)
		return 0;
	if (r == -ERR_MEMORY || r == -ERR_CANCELLED) {
		*err = why;
		return r;
	}
	return reading_gap(reading, err, subject, "cannot be read: %s", why.text);
}

/* Entries of one component that nobody before it owns. */
static void
claim(struct inventory *inventory, uint32_t number)
{
	const struct component *component = &inventory->components[number];

	for (size_t i = 0; i < component->file_count; i++) {
		uint32_t entry = component->files[i].entry;

		if (entry != IMAGE_NONE && inventory->owners[entry] == COMPONENT_NONE)
			inventory->owners[entry] = number;
	}
}

/* What is installed comes before what is removed but for its configuration. */
static void
fill_owners(struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->owner_count; i++)
		inventory->owners[i] = COMPONENT_NONE;
	for (uint32_t i = 0; i < inventory->component_count; i++) {
		if (inventory->components[i].state != COMPONENT_CONFIG_FILES)
			claim(inventory, i);
	}
	for (uint32_t i = 0; i < inventory->component_count; i++) {
		if (inventory->components[i].state == COMPONENT_CONFIG_FILES)
			claim(inventory, i);
	}
}

static int
finish(struct reading *reading, struct inventory *inventory, struct err *err)
{
	struct arena *arena = reading->arena;

	inventory->arena = arena;
	inventory->os = reading->os;
	inventory->any_database = reading->any_database || reading->components.count > 0;
	inventory->component_count = reading->components.count;
	inventory->components = vec_keep(&reading->components, arena);
	inventory->gaps.count = reading->gaps.count;
	inventory->gaps.items = vec_keep(&reading->gaps, arena);
	if (!inventory->components || !inventory->gaps.items)
		return err_memory(err);
	inventory_sort(inventory);
	return 0;
}

static int
read_all(struct reading *reading, struct err *err)
{
	int r = reading_os(reading, err);

	for (size_t i = 0; r >= 0 && i < inventory_reader_count; i++)
		r = inventory_readers[i].read(reading, err);
	if (r < 0 || reading->any_database)
		return r;
	return reading_gap(
		reading, err, SPAN("packages"),
		"no package database was found: what %sthe image is made of is not known",
		reading->components.count ? "else " : "");
}

/* What is asked for, and who may be asked about it. */
struct question {
	const struct image *image;
	const struct contents *contents;
};

static int
read_here(const struct image *image, const struct contents *contents, struct inventory **ret,
	  struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(reading_cleanup)
	struct reading reading = {
		.image = image, .contents = contents, .arena = arena, .parents = map_new(1024)};
	struct inventory *inventory = arena ? arena_alloc(arena, sizeof(*inventory)) : NULL;

	if (!inventory || !reading.parents)
		return err_memory(err);
	int r = read_all(&reading, err);
	if (r >= 0)
		r = finish(&reading, inventory, err);
	if (r < 0)
		return r;
	*ret = inventory;
	(void)TAKE(arena);
	return 0;
}

/* In the child. */
static int
answer(void *context, int out, uint64_t *ret_answer, struct err *err)
{
	const struct question *question = context;
	CLEANUP(inventory_cleanup) struct inventory *inventory = NULL;
	CLEANUP(buf_cleanup) struct buf bytes = BUF_INIT(ANALYSIS_RESULT_MAX);
	int r = read_here(question->image, question->contents, &inventory, err);

	*ret_answer = 0; /* the bytes say it all */
	if (r == 0)
		r = inventory_bytes_put(inventory, &bytes, err);
	return r < 0 ? r : fd_write_full(out, buf_span(&bytes), err);
}

/* Where it is from, order and owners are not left to the child. */
static int
take_answer(const struct image *image, struct span bytes, struct arena *arena,
	    struct inventory **ret, struct err *err)
{
	struct inventory *inventory;
	int r = inventory_bytes_get(bytes, image->entry_count, arena, &inventory, err);

	if (r < 0)
		return r;
	inventory->document = (struct inventory_document){{NULL, 0}};
	inventory->owner_count = image->entry_count;
	inventory->owners = arena_array(arena, inventory->owner_count + 1, sizeof(uint32_t));
	if (!inventory->owners)
		return err_memory(err);
	inventory_sort(inventory);
	fill_owners(inventory);
	*ret = inventory;
	return 0;
}

int
inventory_read(const struct image *image, const struct contents *contents, struct inventory **ret,
	       struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(buf_cleanup) struct buf bytes = BUF_INIT(ANALYSIS_RESULT_MAX);
	struct question question = {image, contents};

	if (!arena)
		return err_memory(err);
	json_prepare();
	int r = contents_confine(contents, "the process that reads the packages", answer, &question,
				 &bytes, err);
	if (r == 0)
		r = take_answer(image, buf_span(&bytes), arena, ret, err);
	if (r < 0)
		return err_wrap(err, "inventory");
	(void)TAKE(arena);
	return 0;
}
