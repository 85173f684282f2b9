/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Named files in one place: a folder, or a tar archive with random access. What the local
 * transports stand on.
 */
#pragma once

#include "port/source.h"

struct store {
	/* ERR_NOT_FOUND when there is no such file. `name` is relative, without "." and "..". */
	int (*open)(struct store *store, const char *name, struct blob *ret, struct err *err);
	void (*free)(struct store *store);
};

void store_free(struct store *store);
void store_cleanup(struct store **store);

/* A folder; nothing outside of it is ever opened, links included. */
int store_folder(const char *path, struct store **ret, struct err *err);

/* A tar file, plain or compressed (gzip, zstd, bzip2, xz: inflated once to an unlinked file). */
int store_tar(const char *path, struct store **ret, struct err *err);

/* The same over a descriptor, which is taken over (closed also on failure). */
int store_tar_fd(int fd, struct store **ret, struct err *err);

/* A whole file. ERR_LIMIT past `max`. */
int store_load(struct store *store, const char *name, size_t max, struct arena *arena,
	       struct span *ret, struct err *err);

/* `size` bytes at `offset` of `fd`; closed with the blob when `owned`. */
int blob_of_file(int fd, bool owned, uint64_t offset, uint64_t size, struct blob *ret,
		 struct err *err);

/* Makes the object all transports start with, in its own arena. */
int source_new(size_t size, const struct source_type *type, enum source_kind kind,
	       struct source **ret, struct err *err);

/* The source over a `docker save` archive; takes the store over. `name`: may be empty. */
int source_over_archive(const struct source_type *type, struct store *store, struct span name,
			struct span reference, struct source **ret, struct err *err);

extern const struct source_type source_oci;
extern const struct source_type source_oci_archive;
extern const struct source_type source_docker_archive;
extern const struct source_type source_docker_daemon;
extern const struct source_type source_dir;
extern const struct source_type source_registry;
