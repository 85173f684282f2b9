/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A package as rpm's databases hold it, whatever their kind: a header without its magic (rpm's
 * format.md), all numbers big endian:
 *
 *   entries, bytes          2 x 4 bytes
 *   entries x {tag, type, offset, count}
 *   the store: `bytes` bytes that the offsets are into
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum rpm_type {
	RPM_CHAR = 1,
	RPM_INT8 = 2,
	RPM_INT16 = 3,
	RPM_INT32 = 4,
	RPM_INT64 = 5,
	RPM_STRING = 6,
	RPM_BIN = 7,
	RPM_STRINGS = 8, /* each with a NUL behind */
	RPM_I18N = 9,	 /* likewise; the first is that of the locale C */
};

/* An opened header; spans point into the blob. */
struct rpm_header {
	struct span blob;
	struct span index; /* 16 bytes an entry */
	struct span store;
};

struct rpm_value {
	uint32_t tag;
	enum rpm_type type;
	uint32_t count;
	struct span data; /* exactly its bytes */
	size_t at;	  /* of `data` in the blob */
};

/* Numbers of any size of integer; i < count. */
uint64_t rpm_value_number(const struct rpm_value *value, uint32_t i);

/* Strings one by one: *rest starts as value.data. False: no more. */
bool rpm_string_next(struct span *rest, struct span *ret);

enum {
	RPM_FILE_CONFIG = 1 << 0, /* RPMFILE_CONFIG */
	RPM_FILE_GHOST = 1 << 6,  /* RPMFILE_GHOST: not in the package, made later */

	RPM_STATE_NORMAL = 0,
	RPM_STATE_NOT_INSTALLED = 2, /* left out when it was installed */
};

enum rpm_digest { /* PGPHASHALGO_*: what FILEDIGESTALGO says */
		  RPM_DIGEST_MD5 = 1,
		  RPM_DIGEST_SHA1 = 2,
		  RPM_DIGEST_SHA256 = 8,
};

/* What a package says of itself. Texts that are absent are empty. */
struct rpm_package {
	struct rpm_header header;
	struct span name; /* never empty */
	struct span version;
	struct span release;
	uint32_t epoch;
	struct span architecture;
	struct span source; /* "bash-5.1.8-9.el9.src.rpm" */
	struct span licence;
	struct span vendor;
	struct span packager;
	struct span group;
	struct span module;	   /* "nodejs:18:8060020220523160029:ad008a3a" */
	struct rpm_value provides; /* strings; count 0: none */
	struct rpm_value requires;
	uint32_t file_count;
	uint32_t digest_algorithm; /* enum rpm_digest, or one that has no name here */

	/* For rpm_file_next(); count 0 where the package has none. */
	struct span_list folders;
	struct rpm_value names, folder_numbers, digests, flags, modes, states;
};

/*
 * Reads one. Lists of files whose lengths differ, and values of another type than they must have,
 * are ERR_INVALID, as is a package without a name. The arena gets the list of folders.
 */
int rpm_package_read(struct span blob, struct arena *arena, struct rpm_package *ret,
		     struct err *err);

struct rpm_file {
	struct span folder; /* with a slash behind; empty where `name` is the whole path */
	struct span name;
	struct span digest; /* hex; empty: none */
	uint32_t flags;
	uint32_t mode;
	uint32_t state;
};

struct rpm_file_cursor {
	struct span names;
	struct span digests;
	uint32_t i;
};

/* Starts as RPM_FILE_CURSOR(package). False: no more. */
bool rpm_file_next(const struct rpm_package *package, struct rpm_file_cursor *cursor,
		   struct rpm_file *ret);

#define RPM_FILE_CURSOR(package)                                                                   \
	((struct rpm_file_cursor){(package)->names.data, (package)->digests.data, 0})

/*
 * A copy of the header in which the files have these states, one byte each: rpm's way to say that a
 * part of a package is not there. Only what rpm itself adds to a package when it is installed
 * changes, so that the digests and signatures of the package still hold. ERR_INVALID: the states
 * share their bytes with something else. ERR_MEMORY.
 */
int rpm_package_with_states(const struct rpm_package *package, const uint8_t *states,
			    struct arena *arena, struct span *ret, struct err *err);

/* "[EPOCH:]VERSION-RELEASE", without an epoch that is 0; .p NULL without memory. */
struct span rpm_version(uint32_t epoch, struct span version, struct span release,
			struct arena *arena);

/* "nodejs:18" of the label "nodejs:18:8060020220523160029:ad008a3a"; empty when it is none. */
struct span rpm_module_stream(struct span label);

/* "NAME-VERSION-RELEASE.src.rpm" in parts; false: it is none. */
bool rpm_source_parse(struct span source, struct span *ret_name, struct span *ret_version,
		      struct span *ret_release);
