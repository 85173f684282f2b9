/* SPDX-License-Identifier: Apache-2.0 */
/* What decides which findings of a scan count: the options of mohs scan, and the files they name.
 */
#pragma once

#include "cmd/options.h"
#include "model/triage.h"
#include "pipeline/subject.h"

struct filters {
	struct option_list vex;
	struct option_list ignore;
	const char *baseline; /* NULL: none */
	bool only_fixable;
};

/*
 * Reads the files and sets aside what they say. *ret is NULL where nothing was asked for: then all
 * count. The subject must outlive the record.
 */
int filters_apply(const struct filters *filters, const struct subject *subject, struct triage **ret,
		  struct err *err);
