/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/reader.h"

#include "launcher/sys.h"

#include <fcntl.h>

struct text
document_load(const char *path, char *memory, size_t size)
{
	long fd = sys_open(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	size_t n = 0;
	long got = fd;

	while (fd >= 0 && n < size && (got = sys_read(fd, memory + n, size - n)) > 0)
		n += (size_t)got;
	if (fd >= 0)
		(void)sys_close(fd);
	return (struct text){got < 0 ? NULL : memory, n};
}

bool
reader_fail(struct reader *reader)
{
	reader->bad = true;
	return false;
}

void *
reader_room(struct reader *reader, size_t count, size_t size)
{
	void *p = region_take(reader->region, count ? count : 1, size);

	if (!p)
		reader->bad = true;
	return p;
}

struct text
reader_text(struct reader *reader, const struct node *node)
{
	if (node && node->type == TREE_STRING)
		return node->text;
	(void)reader_fail(reader);
	return (struct text){"", 0};
}

bool
reader_flag(struct reader *reader, const struct node *node)
{
	if (node && node->type != TREE_TRUE && node->type != TREE_FALSE)
		return reader_fail(reader);
	return node && node->type == TREE_TRUE;
}

const struct node *
reader_items(struct reader *reader, const struct node *node, size_t *ret_count)
{
	*ret_count = 0;
	if (!node)
		return NULL;
	if (node->type != TREE_LIST) {
		(void)reader_fail(reader);
		return NULL;
	}
	*ret_count = node->count;
	return node->first;
}

struct texts
reader_texts(struct reader *reader, const struct node *node)
{
	struct texts texts = {0};
	const struct node *item = reader_items(reader, node, &texts.count);

	texts.items = reader_room(reader, texts.count, sizeof(*texts.items));
	for (size_t i = 0; item && !reader->bad; item = item->next)
		texts.items[i++] = reader_text(reader, item);
	return texts;
}
