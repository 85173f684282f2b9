/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files rpm has its packages in, read from bytes and written anew: rpmdb.sqlite (SQLite),
 * Packages.db (rpm's own, "ndb") and Packages (Berkeley DB). Each holds packages under numbers; a
 * package is a header (codec/rpm_header.h). docs/inventory.md
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct rpm_record {
	uint32_t number; /* from 1 */
	struct span header;
};

/* What is left out, because it cannot be read. */
struct rpm_fault {
	uint32_t number; /* of the package; 0: not known */
	struct span text;
};

struct rpm_database {
	struct rpm_record *records; /* by number, each once */
	size_t record_count;
	struct rpm_fault *faults;
	size_t fault_count;
};

struct rpm_backend {
	struct span name; /* "sqlite" */
	struct span file; /* "rpmdb.sqlite" */
	struct span log;  /* what is behind the file's name for one that holds what is not in
			     the file yet; empty: nothing */

	/*
	 * Reads all packages; what one of them makes unreadable is a fault, and the rest is read
	 * on. `log`: the content of that file, or empty. Headers point into the bytes or the arena.
	 * ERR_INVALID: it is no such file. ERR_UNSUPPORTED. ERR_LIMIT: PACKAGES_MAX,
	 * RPM_HEADER_MAX, RPM_DATABASE_MAX. ERR_MEMORY.
	 */
	int (*read)(struct span file, struct span log, struct arena *arena,
		    struct rpm_database *ret, struct err *err);

	/*
	 * Appends a file of `records` alone (by number), of the same page size and byte order as
	 * `file` is, and with what else rpm wants to know from it. The same bytes for the same
	 * records. Errors as read().
	 */
	int (*cut)(struct span file, struct span log, const struct rpm_record *records,
		   size_t count, struct buf *out, struct err *err);
};

extern const struct rpm_backend rpm_backends[];
extern const size_t rpm_backend_count;

/* The one whose file has this name, NULL: none. */
const struct rpm_backend *rpm_backend_find(struct span file_name);

/* "/usr/lib/sysimage/rpm", "/var/lib/rpm": where rpm looks, below any root. */
extern const struct span rpm_places[];
extern const size_t rpm_place_count;

/*
 * Whether the path is one of a backend's file in one of the places; what its packages' paths are
 * below then: "" or "/srv/root".
 */
bool rpm_is_database(struct span path, struct span *ret_root);
