/* SPDX-License-Identifier: Apache-2.0 */
/* Headers and databases of rpm, made for tests. */
#pragma once

#include "codec/rpm_database.h"
#include "codec/rpm_header.h"

struct rpm_blob {
	struct arena *arena;
	struct buf index;
	struct buf store;
	uint32_t count;
};

void rpm_blob_open(struct rpm_blob *blob, struct arena *arena);
void rpm_blob_entry(struct rpm_blob *blob, uint32_t tag, uint32_t type, uint32_t count,
		    const void *data, size_t size);
void rpm_blob_text(struct rpm_blob *blob, uint32_t tag, const char *text);
void rpm_blob_texts(struct rpm_blob *blob, uint32_t tag, const char *const *texts, uint32_t count);
void rpm_blob_numbers(struct rpm_blob *blob, uint32_t tag, uint32_t type, const uint32_t *numbers,
		      uint32_t count);

/* In the arena. */
struct span rpm_blob_close(struct rpm_blob *blob);

/*
 * A package "NAME-1.0-2.el9.x86_64" of these files (at most 16; "/usr/bin/app", ending with NULL),
 * all of them there.
 */
struct span rpm_blob_package(struct arena *arena, const char *name, const char *const *files);

/* A database of the kind ndb. */
struct span rpm_blob_database(struct arena *arena, const struct rpm_record *records, size_t count);
