/* SPDX-License-Identifier: Apache-2.0 */
/* What readers of mohs's own documents share: a document is loaded, and read as far as it is good.
 */
#pragma once

#include "launcher/tree.h"

/* `bad`: something was not as it should be; what was read since says nothing. */
struct reader {
	struct region *region;
	bool bad;
};

/* A whole file into `memory`; .p NULL: it cannot be read. What is longer is cut. */
struct text document_load(const char *path, char *memory, size_t size);

bool reader_fail(struct reader *reader); /* false */

/* Room for `count` things of `size` bytes, zeroed; NULL, and bad, when there is none. */
void *reader_room(struct reader *reader, size_t count, size_t size);

struct text reader_text(struct reader *reader, const struct node *node);

/* No node is false. */
bool reader_flag(struct reader *reader, const struct node *node);

/* Items of a list; no node is none. */
const struct node *reader_items(struct reader *reader, const struct node *node, size_t *ret_count);

struct texts reader_texts(struct reader *reader, const struct node *node);
