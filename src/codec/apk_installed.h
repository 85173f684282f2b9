/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apk's database of what is installed, lib/apk/db/installed: one line a field ("P:musl"), a blank
 * line behind each package. Fields of the package (apk-package(5)) come first, then its folders
 * and files: F names a folder, M its owner and mode, R a file in it, a that file's owner and mode,
 * Z its checksum.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* One package; spans point into the text. Fields that are absent are empty with .p NULL. */
struct apk_package {
	struct span record;  /* every line, byte for byte, without the blank one behind */
	uint32_t first_line; /* from 1 */
	uint32_t last_line;  /* inclusive */
	struct span name;    /* P, never empty */
	struct span version; /* V */
	struct span architecture;
	struct span origin; /* o: the source package */
	struct span maintainer;
	struct span licence;
	struct span depends;  /* D: names with versions, parted by blanks; "!name" is a conflict */
	struct span provides; /* p */
	struct span checksum; /* C: "Q1..." of the package; triggers are filed by it */
	struct span flags;    /* f: f broken files, s broken script, x broken xattrs, S SHA-256 */
	size_t paths;	      /* F and R lines */
};

/* A package that is left out, because it is malformed. */
struct apk_fault {
	struct span record; /* as apk_package.record */
	uint32_t first_line;
	uint32_t last_line;
	struct span text; /* "line 7: no field", in the arena */
};

struct apk_installed {
	struct apk_package *packages; /* in the order of the file */
	size_t package_count;
	struct apk_fault *faults;
	size_t fault_count;
};

/*
 * Reads all packages. A malformed one (a line that is no field, a field of apk_package that is
 * there twice, a file without folder, no P, a NUL byte) becomes a fault and the rest is read on.
 * As for apk, a line of less than two bytes ends a package. ERR_LIMIT: PACKAGE_DATABASE_MAX,
 * PACKAGES_MAX (faults count as well). ERR_MEMORY.
 */
int apk_installed_read(struct span text, struct arena *arena, struct apk_installed *ret,
		       struct err *err);

enum apk_item_kind {
	APK_FIELD,  /* a line of the package */
	APK_FOLDER, /* an F line with its M */
	APK_FILE,   /* an R line with its a and Z */
};

struct apk_item {
	enum apk_item_kind kind;
	struct span text;   /* its lines with their newlines */
	struct span folder; /* "etc/crontabs"; "" is the root */
	struct span name;   /* of APK_FILE */
	struct span digest; /* the value of Z; empty: none */
};

/* Starts as {package->record, {"", 0}}. */
struct apk_cursor {
	struct span rest;
	struct span folder;
};

/* The next item of a package; all their texts together are its record. False: no more. */
bool apk_item_next(struct apk_cursor *cursor, struct apk_item *ret);

enum {
	APK_DIGEST_BYTES = 20 /* SHA-256 is cut to as many */
};

/*
 * "Q1" and base64 (apk's own way), or "X1" and hex. *ret_sha256: what it is of, else SHA-1; that
 * the database cuts SHA-256 to the size of SHA-1 is said by the flag S of the package.
 */
bool apk_digest_parse(struct span text, uint8_t ret[APK_DIGEST_BYTES], bool *ret_sha256);

/* "/lib/apk/db/installed", or "/usr" in front of it where /usr is merged, below any root. */
bool apk_is_database(struct span path);

/* What its paths are below: "" or "/srv/root". */
struct span apk_database_root(struct span path);
