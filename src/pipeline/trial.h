/* SPDX-License-Identifier: Apache-2.0 */
/* One run of a container of an image, with the service's sidecars, and what came out. */
#pragma once

#include "pipeline/pipeline.h"

struct profile_options;
struct runtime_limits;

enum trial_kind {
	TRIAL_PROFILE, /* loads and tests on the view: what is used */
	TRIAL_STRICT,  /* tests on the view: what is used, and what of `original` is missing */
	TRIAL_SERVED,  /* the same with all of `original` served under the image's configuration:
			  what is not in the image is among the missing, and among the used */
	TRIAL_PLAIN,   /* tests on the unpacked image, no view in the way */
};

struct trial {
	enum trial_kind kind;
	const struct subject *subject;	/* the image */
	const struct subject *original; /* may be NULL unless TRIAL_SERVED */
	const char *logs;		/* folder for them, below the results' logs/ */
	/* run-time limits that it runs under, see profile_options; NULL: none */
	const struct runtime_limits *limits;
	const struct span_list *refuse;
	bool low_ports_privileged;
	uint64_t ready_ms; /* time for becoming ready instead of the service's; 0: as it says */
};

/* One run, as the options say; the logs go where the trial says. */
int trial_once(const struct pipeline *p, const struct trial *trial,
	       const struct profile_options *wanted, struct profile **ret, struct suite **ret_suite,
	       struct err *err);

/* ret may be NULL: suite->run is set then. Errors of profile_run(). */
int trial_run(const struct pipeline *pipeline, const struct trial *trial, struct profile **ret,
	      struct suite **ret_suite, struct err *err);
