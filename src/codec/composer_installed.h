/* SPDX-License-Identifier: Apache-2.0 */
/* vendor/composer/installed.json: a list of packages (Composer 1), or an object of one (2). */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct composer_package {
	struct span name;    /* "symfony/console", as written */
	struct span version; /* "v5.4.0" */
	struct span licence; /* joined by " OR "; empty: not stated */
	struct span depends; /* names of packages in `require`, parted by blanks */
	struct span place;   /* install-path, below the folder of the file; empty: not stated */
	bool nothing;	     /* it installs no files (a metapackage) */
};

struct composer_installed {
	struct composer_package *packages; /* in the order of the file */
	size_t package_count;
	size_t faults; /* entries that are no package: left out */
};

/* ERR_INVALID: no JSON, or no list of packages. ERR_LIMIT: PACKAGE_DATABASE_MAX. ERR_MEMORY. */
int composer_installed_read(struct span text, struct arena *arena, struct composer_installed *ret,
			    struct err *err);

/* The name in one entry of the list, or the text that it is; empty: neither. Into `arena`. */
int composer_entry_name(struct span entry, struct arena *arena, struct span *ret, struct err *err);
