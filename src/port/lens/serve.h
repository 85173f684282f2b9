/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's side of the lens: its state, the FUSE operations, and making the
 * kernel ask again. Lives in the server's process only.
 *
 * Requests are served while another thread re-arms: what both touch is atomic or
 * behind `lock`. A notification may wait for a request that is being served, so it
 * must never be sent by a thread that serves.
 */
#pragma once

#include "port/lens/records.h"

#include <fuse_lowlevel.h>
#include <pthread.h>

/* What the kernel may hold of an entry since it was last told to forget it. */
enum lens_known {
	KNOWN_NAME = 1, /* the name, with attributes */
	KNOWN_DATA = 2, /* pages: content, link target or directory listing (by inode) */
};

/* A name the kernel may hold as missing. Its key: `parent`, then the name's bytes. */
struct lens_negative {
	uint32_t parent;
	uint32_t name; /* offset in records.names */
	uint8_t length;
	bool known;
	uint32_t recorded; /* phase + 1 of its last record; 0: none since the last reset */
	uint32_t touched_ms;
};

struct lens_server {
	const struct image *image;
	const struct contents *contents;
	struct lens_records records;
	struct fuse_session *session;
	int proc;		      /* /proc, or -1 */
	int control;		      /* socket to the owner */
	bool has_acls;		      /* some entry has a POSIX ACL */
	bool can_expire;	      /* the kernel and libfuse expire entries */
	_Atomic uint8_t *known;	      /* enum lens_known, per entry */
	_Atomic uint32_t *touched_ms; /* per entry: the last request, clock_ms() cut to 32 bits */
	_Atomic uint32_t *last_name;  /* per inode: the entry it was last looked up by */
	uint32_t *directories;	      /* per entry: folders in it */
	pthread_mutex_t lock;	      /* all below */
	struct map *negative_index;   /* key -> index in negatives */
	struct lens_negative *negatives; /* PROFILE_MISSING_MAX */
	char *negative_keys;
	size_t negative_count;
	size_t name_bytes;
	struct map *program_index;
	size_t program_bytes;
};

extern const struct fuse_lowlevel_ops lens_operations;

/* Tables for `image`; none of them is left on failure. The server's process ends with them. */
int lens_server_prepare(struct lens_server *server, struct err *err);
void lens_server_forget(struct lens_server *server);

/* Notes that the thread `pid` used the entry. */
void lens_use(struct lens_server *server, uint32_t entry, enum profile_use use, pid_t pid);

/* Notes a missing name; true when the kernel may keep it as missing (it can be re-armed). */
bool lens_miss(struct lens_server *server, uint32_t parent, struct span name, pid_t pid);

/* Index in records.programs of what `pid` runs: its executable's path, else its comm; 0: unknown.
 */
uint32_t lens_program(struct lens_server *server, pid_t pid);

/* Makes the kernel ask again for everything it holds. `forget`: records were cleared. */
void lens_rearm(struct lens_server *server, bool forget);

/* The kernel has answered the first request: tells the owner and listens to its orders. */
void lens_ready(struct lens_server *server);

/* The server: mounts, says so through `control`, serves, ends the process. */
_Noreturn void lens_serve(struct lens_server *server, const char *mount_point, pid_t owner);

/* Messages on the control socket. */
enum lens_order { LENS_PHASE, LENS_RESET, LENS_STOP };

struct lens_request {
	enum lens_order order;
	uint32_t phase;
};

/* Each answer is a struct err; kind ERR_NONE: done. The first one comes when it serves. */
