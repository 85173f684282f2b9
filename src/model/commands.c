/* SPDX-License-Identifier: Apache-2.0 */
#include "model/commands.h"

#include "model/own.h"

#include <string.h>

const char *
commands_form_name(enum commands_form form)
{
	static const char *const names[] = {
		[COMMANDS_NONE] = "none",
		[COMMANDS_KEPT] = "kept",
		[COMMANDS_TABLE] = "table",
	};

	return (unsigned)form < sizeof(names) / sizeof(names[0]) ? names[form] : "unknown";
}

static bool
own_seen(struct arena *arena, struct commands *commands)
{
	struct command_seen *items = arena_array(arena, commands->seen_count + 1, sizeof(*items));

	for (size_t i = 0; items && i < commands->seen_count; i++) {
		items[i] = commands->seen[i];
		if (!own(arena, &items[i].line) || !own(arena, &items[i].from) ||
		    !own_list(arena, &items[i].programs))
			return false;
	}
	commands->seen = items;
	return items != NULL;
}

int
commands_copy(const struct commands *commands, struct arena *arena, struct commands **ret,
	      struct err *err)
{
	struct commands *copy = arena_alloc(arena, sizeof(*copy));

	if (!copy)
		return err_memory(err);
	*copy = *commands;
	copy->arena = NULL;
	if (!own_list(arena, &copy->shells) || !own_seen(arena, copy) ||
	    !own(arena, &copy->table) || !own_gaps(arena, &copy->left))
		return err_memory(err);
	*ret = copy;
	return 0;
}

/* ---- the image with it ---- */

/* Other names of its inode get one of them to carry the content. */
static void
leave_inode(struct image_entry *entries, size_t count, uint32_t index)
{
	uint32_t carrier = IMAGE_NONE;
	uint32_t inode = entries[index].inode;

	for (uint32_t i = 0; i < count; i++) {
		if (i == index || entries[i].inode != inode)
			continue;
		entries[i].links--;
		if (inode != index)
			continue;
		if (carrier == IMAGE_NONE) {
			struct image_entry place = entries[i];

			carrier = i;
			entries[i] = entries[index];
			entries[i].path = place.path;
			entries[i].parent = place.parent;
			entries[i].first_child = place.first_child;
			entries[i].next_sibling = place.next_sibling;
			entries[i].links = place.links;
		}
		entries[i].inode = carrier;
	}
}

static void
make_link(struct image_entry *entry, uint32_t index)
{
	entry->type = IMAGE_SYMLINK;
	entry->link = SPAN(COMMANDS_PATH);
	entry->inode = index;
	entry->links = 1;
	entry->offset = 0;
	entry->size = 0;
	entry->extents = 0;
	entry->xattrs = 0;
	entry->mode = 0777;
}

int
commands_view(const struct commands *commands, const struct image *image, struct arena *arena,
	      struct image *view, struct err *err)
{
	struct image_entry *entries = arena_array(arena, image->entry_count + 1, sizeof(*entries));

	if (!entries)
		return err_memory(err);
	memcpy(entries, image->entries, image->entry_count * sizeof(*entries));
	for (size_t i = 0; i < commands->shells.count; i++) {
		uint32_t index = image_find(image, commands->shells.items[i]);

		if (index == IMAGE_NONE ||
		    (entries[index].type != IMAGE_SYMLINK && entries[index].type != IMAGE_FILE))
			return err_set(err, ERR_MISMATCH, "the image has no shell at %.*s",
				       SPAN_ARG(commands->shells.items[i]));
		leave_inode(entries, image->entry_count, index);
		make_link(&entries[index], index);
	}
	*view = *image;
	view->entries = entries;
	return 0;
}

bool
commands_is_link(const struct image_entry *entry)
{
	return entry->type == IMAGE_SYMLINK && span_equal(entry->link, SPAN(COMMANDS_PATH));
}

void
commands_free(struct commands *commands)
{
	if (commands)
		arena_free(commands->arena);
}

void
commands_cleanup(struct commands **commands)
{
	commands_free(*commands);
	*commands = NULL;
}
