/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259) as mohs writes it, into memory the caller gives: no real numbers, no NUL in
 * strings, no second member of a name. Everything is limited.
 */
#pragma once

#include "launcher/text.h"

enum {
	LAUNCHER_PLAN_MAX = 1024 * 1024, /* bytes of a plan */
	LAUNCHER_NODES_MAX = 65536,
	LAUNCHER_MEMBERS_MAX = 64, /* of one object */
	LAUNCHER_DEPTH_MAX = 24,
	LAUNCHER_REGION = 24 * 1024 * 1024,
};

enum tree_type {
	TREE_NONE,
	TREE_FALSE,
	TREE_TRUE,
	TREE_NUMBER,
	TREE_STRING,
	TREE_LIST,
	TREE_OBJECT
};

struct node {
	enum tree_type type;
	uint32_t count;	  /* items of a list, members of an object */
	struct text name; /* of a member */
	struct text text; /* of a string */
	int64_t number;
	struct node *first;
	struct node *next;
};

/* NULL when it is no such document or has no room: nothing is told about where. */
const struct node *tree_read(struct text document, struct region *region);

/* The member; NULL when there is none, it is null, or `object` is no object. */
const struct node *tree_member(const struct node *object, const char *name);
