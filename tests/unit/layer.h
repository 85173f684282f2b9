/* SPDX-License-Identifier: Apache-2.0 */
/* Tars written header by header, so that a test can write what no tar program would; their
 * compression; and OCI layouts over them. Every failure fails the test. */
#pragma once

#include "base/buf.h"
#include "base/digest.h"

struct tar_member {
	const char *path; /* at most 100 bytes; longer ones by pax */
	char type;	  /* typeflag; '0' when not stated */
	uint32_t mode;	  /* 0: 0644 for files, 0755 for folders */
	const char *link;
	const char *content;
	uint64_t size; /* of content; 0: strlen(content) */
	uint32_t uid;
	uint32_t gid;
	int64_t mtime;
	uint32_t major;
	uint32_t minor;
	struct span pax; /* records for a pax header before it: pax_put() */
};

void tar_put(struct buf *tar, const struct tar_member *member);
void tar_put_all(struct buf *tar, const struct tar_member *members, size_t count);
void tar_end(struct buf *tar);
void pax_put(struct buf *records, const char *key, struct span value);

/* One gzip member, one zstd frame. */
void gzip_put(struct buf *to, struct span plain);
void zstd_put(struct buf *to, struct span plain);

struct layout_layer {
	struct span tar;	/* uncompressed */
	struct span blob;	/* as stored; empty: the tar itself */
	const char *media_type; /* NULL: of a plain tar */
	/* What the documents say instead of the truth; NULL, 0: the truth. */
	const struct digest *digest;
	const struct digest *diff_id;
	uint64_t size;
	bool absent; /* the blob is not written */
};

/* An OCI layout with one image of these layers in a new folder at `path`. */
void layout_write(const char *path, const struct layout_layer *layers, size_t count);

/* The same with the docker-archive's manifest.json: a tar file at `path`. */
void docker_archive_write(const char *path, const struct layout_layer *layers, size_t count);
