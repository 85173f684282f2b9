/* SPDX-License-Identifier: Apache-2.0 */
/* Which findings fail a check: the words of --fail-on. */
#pragma once

#include "cmd/options.h"
#include "model/findings.h"

#include <stdio.h>

struct failing {
	struct option_list words;
	enum severity least; /* SEVERITIES: none fails by its severity */
	bool exploited;
};

/* Fills it from its words. ERR_USAGE. */
int failing_read(struct failing *failing, struct err *err);
bool failing_has(const struct failing *failing, enum severity severity, bool exploited);
/* The words, and the end of the line. */
void failing_print(const struct failing *failing, FILE *to);

/*
 * A severity's word; the least of them includes unknown, which is nobody's word and never left out.
 * `also`: what else there is, for the error. ERR_USAGE.
 */
int failing_severity(const char *word, const char *also, enum severity *ret, struct err *err);
