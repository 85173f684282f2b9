/* SPDX-License-Identifier: Apache-2.0 */
/* Files by descriptor: whole reads and writes, atomic replacement, trees. All O_CLOEXEC. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <sys/stat.h>
#include <sys/types.h>

/* Closes when >= 0 and sets -1. */
void fd_cleanup(int *fd);

/* openat2() that stays below `directory`: no `..` out of it, no absolute or magic links out. */
int fd_open_beneath(int directory, const char *path, int flags, int *ret_fd, struct err *err);

/* Reads to the end of file into *buf (up to buf->max). */
int fd_read_all(int fd, struct buf *buf, struct err *err);

/* Exactly n bytes at `offset`; ERR_INVALID when the file ends before. */
int fd_pread_full(int fd, void *p, size_t n, uint64_t offset, struct err *err);
int fd_write_full(int fd, struct span s, struct err *err);

/*
 * A plain file, for reading; never waits for one that is none. ERR_NOT_FOUND, ERR_INVALID when it
 * is another kind of file, ERR_IO. Path in the error.
 */
int file_open(const char *path, struct stat *ret_stat, int *ret_fd, struct err *err);

/* A whole file into arena memory; ERR_NOT_FOUND, ERR_LIMIT over `max`, ERR_IO. Path in the error.
 */
int file_load(const char *path, size_t max, struct arena *arena, struct span *ret, struct err *err);

/*
 * Writing a file so that a reader sees the old one or the whole new one: without a name (where
 * the file system can) or with a temporary one in the same directory, fsync, rename, fsync of the
 * directory.
 */
int file_replace(const char *path, struct span content, mode_t mode, struct err *err);

/*
 * Likewise without any fsync: for what nobody wants after a crash of the machine. An fsync waits
 * for whatever else is on its way to the disk.
 */
int file_put(const char *path, struct span content, mode_t mode, struct err *err);

/* An unlinked file in $TMPDIR or /var/tmp, for reading and writing. */
int file_unnamed(int *ret_fd, struct err *err);

/* Likewise, in this folder, which is where there is room; in /tmp where it takes none. */
int file_unnamed_in(const char *folder, int *ret_fd, struct err *err);

/* mkdir -p. */
int directory_make(const char *path, mode_t mode, struct err *err);

/* rm -rf that never follows a link; a path that is not there is good. */
int tree_remove(const char *path, struct err *err);

/* mkdtemp below $TMPDIR (or /tmp): "mohs-XXXXXX", mode 0700. */
int directory_temporary(struct arena *arena, struct span *ret_path, struct err *err);
