/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images for unit tests, made from a table; contents are in memory.
 *
 *	static const struct fixture_entry table[] = {
 *		{.path = "/etc/passwd", .content = "root:x:0:0\n"},
 *		{.path = "/bin/sh", .type = IMAGE_SYMLINK, .link = "dash"},
 *	};
 *	struct fixture fixture;
 *	assert_good(fixture_make(table, 2, &fixture, err));
 *	...
 *	fixture_free(&fixture);
 */
#pragma once

#include "model/image.h"
#include "port/contents.h"

struct fixture_entry {
	const char *path;	 /* as a tar may write it; folders above are implied */
	enum image_type type;	 /* a file when not stated */
	uint32_t mode;		 /* 0: 0644 for files, 0755 for folders, 0777 for links */
	const char *link;	 /* symbolic link target */
	const char *hardlink;	 /* path of an entry before this one */
	const char *content;	 /* of a file */
	size_t size;		 /* of content; 0: strlen(content) */
	const char *xattr;	 /* name of one extended attribute, or NULL */
	const char *xattr_value; /* its value, NUL-terminated */
	uint32_t uid;
	uint32_t gid;
	uint32_t layer; /* ascending through the table */
	uint32_t device_major;
	uint32_t device_minor;
	int64_t mtime;
	bool whiteout; /* removes `path` of the layers below */
	bool opaque;   /* removes what the layers below have in the folder `path` */
};

struct fixture {
	struct image *image;	   /* not const: set config and digests as a test needs them */
	struct contents *contents; /* of all its layers */
};

/* The image has as many layers as the table names, at least one. */
int fixture_make(const struct fixture_entry *entries, size_t count, struct fixture *ret,
		 struct err *err);
void fixture_free(struct fixture *fixture);
