/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of the command line, in one table (main.c). Each lives in a file of its own. */
#pragma once

#include "base/err.h"

struct verb {
	const char *name;    /* "scan" */
	const char *summary; /* one line for `mohs --help` */
	/*
	 * argv[0] is the verb. Returns the process's exit code: 0 good, 1 a check failed,
	 * 2 wrong usage, 3 could not do it. Prints its own results (stdout) and errors (stderr).
	 */
	int (*run)(int argc, char **argv);
};

extern const struct verb *const verbs[]; /* ended by NULL */

extern const struct verb verb_attest;
extern const struct verb verb_copy;
extern const struct verb verb_db;
extern const struct verb verb_debug;
extern const struct verb verb_diff;
extern const struct verb verb_doctor;
extern const struct verb verb_harden;
extern const struct verb verb_init;
extern const struct verb verb_key;
extern const struct verb verb_profile;
extern const struct verb verb_rescan;
extern const struct verb verb_run;
extern const struct verb verb_sbom;
extern const struct verb verb_scan;
extern const struct verb verb_sign;
extern const struct verb verb_test;
extern const struct verb verb_verify;
extern const struct verb verb_why;
