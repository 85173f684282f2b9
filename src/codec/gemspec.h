/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Specifications of installed gems as RubyGems writes them: a line for those that only look
 * ("# stub: NAME VERSION PLATFORM PATHS"), and Ruby code that assigns literals. Nothing is run.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct gemspec {
	struct span name;
	struct span version;
	struct span platform;	/* "ruby" for any */
	struct span licence;	/* joined by " OR "; empty: not stated */
	struct span depends;	/* names it needs when it runs, parted by blanks */
	struct span_list files; /* s.files: of a default gem, where there is no folder of it */
};

/*
 * ERR_INVALID: neither the line nor the assignments say a name and a version, they differ, or it is
 * none that a gem can have. ERR_LIMIT over LANGUAGE_RECORD_MAX, PACKAGE_FILES_MAX. ERR_MEMORY.
 */
int gemspec_read(struct span text, struct arena *arena, struct gemspec *ret, struct err *err);
