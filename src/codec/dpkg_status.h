/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stanzas of a dpkg database: deb822(5) as dpkg writes it to /var/lib/dpkg/status and as
 * distroless images have it in /var/lib/dpkg/status.d/NAME. CRLF is accepted.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum dpkg_state {
	DPKG_NOT_INSTALLED,
	DPKG_CONFIG_FILES,
	DPKG_HALF_INSTALLED,
	DPKG_UNPACKED,
	DPKG_HALF_CONFIGURED,
	DPKG_TRIGGERS_AWAITED,
	DPKG_TRIGGERS_PENDING,
	DPKG_INSTALLED,
	DPKG_STATE_ABSENT,  /* no Status field */
	DPKG_STATE_UNKNOWN, /* a Status field that says something else */
};

/*
 * One stanza; spans point into the text. Values are trimmed; a value of several lines keeps its
 * newlines and the blanks that follow them. Fields that are absent are empty with .p NULL.
 */
struct dpkg_package {
	struct span record;  /* every line, byte for byte, without the blank line behind; its last
				newline is in it unless the file ends without one */
	uint32_t first_line; /* from 1 */
	uint32_t last_line;  /* inclusive */
	struct span package; /* never empty */
	struct span status;  /* "install ok installed" */
	struct span version;
	struct span architecture;
	struct span multi_arch;
	struct span source; /* name alone; the package's when not stated */
	struct span
		source_version; /* what stands in "Source: name (version)", else the package's */
	struct span maintainer;
	struct span section;
	struct span provides;
	struct span depends;
	struct span pre_depends;
	struct span essential;
	struct span conffiles;
	enum dpkg_state state; /* the third word of status */
};

/* A stanza that is left out, because it is malformed. */
struct dpkg_fault {
	uint32_t first_line;
	uint32_t last_line;
	struct span text; /* "line 7: no field name", in the arena */
};

struct dpkg_status {
	struct dpkg_package *packages; /* in the order of the file */
	size_t package_count;
	struct dpkg_fault *faults;
	size_t fault_count;
};

/*
 * Reads all stanzas. A malformed one (a line that is no field, a field that stands twice, no
 * Package, a NUL byte) becomes a fault and the rest is read on. ERR_LIMIT: PACKAGE_DATABASE_MAX,
 * PACKAGES_MAX (faults count as well). ERR_MEMORY.
 */
int dpkg_status_read(struct span text, struct arena *arena, struct dpkg_status *ret,
		     struct err *err);

/* One line of a Conffiles field: " /etc/x.conf MD5 [obsolete] [remove-on-upgrade]". */
struct dpkg_conffile {
	struct span path;
	struct span md5; /* hex, or a word such as "newconffile" */
	bool obsolete;
};

/*
 * Cuts the next conffile off *rest (at first package.conffiles; .p is NULL behind the last one).
 * False: there is none any more. Lines without path and digest are passed over.
 */
bool dpkg_conffile_next(struct span *rest, struct dpkg_conffile *ret);
