/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a container of an image on the lens, in namespaces of its own, under the service's loads
 * and tests. docs/profile.md
 */
#pragma once

#include "base/buf.h"
#include "base/progress.h"
#include "model/commands.h"
#include "model/service.h"
#include "model/suite.h"
#include "port/contents.h"
#include "port/runtime.h"

struct profile_sidecar {
	const struct image *image;
	const struct contents *contents;
};

struct profile_options {
	const struct service *service;
	const struct image *image;
	const struct contents *contents;
	const struct image *original; /* NULL when profiling; the unhardened image when testing */
	const struct profile_sidecar *sidecars; /* one per service->sidecars */
	bool loads;   /* run service->loads (or the prober when there are none) */
	bool tests;   /* run service->tests */
	bool record;  /* false: no view, the image is unpacked for the run; no path is recorded */
	bool demands; /* profile->demands: system calls, capabilities, ports; and a gap where not */
	const struct runtime_limits *limits; /* that it runs under; NULL: Docker's */
	/* instead of limits->seccomp: all but these system calls is refused, and listed */
	const struct span_list *refuse;
	bool low_ports_privileged; /* else as Docker has it: ports below 1024 are as any */
	const struct start *start; /* NULL, or: instead of the image's own entrypoint */
	/*
	 * Shells before which a recorder stands (NULL: none), or the table that is in their place
	 * (NULL: none; `image` is then as commands_view() makes it, or `has_table`: it has it of
	 * its own). What they wrote goes to `shell_log` (stage/commands.h), which is then set.
	 */
	const struct span_list *shells;
	const struct commands *commands;
	bool has_table;
	struct buf *shell_log;
	const char *log_folder; /* container.log, load-NAME.log, test-NAME.log, junit; NULL: none
				   kept */
	const struct progress *progress;
};

/*
 * One run: start, ready, loads, tests, stop. A container that does not become ready, a load or a
 * test that fails, is not an error: the results say so (profile->complete, suite->cases).
 * ret_suite may be NULL when no tests are run; ret may be NULL, and the suite has the profile then.
 * ERR_UNSUPPORTED (what this machine lacks), ERR_MISMATCH (architecture), ERR_IO, ERR_CANCELLED.
 */
int profile_run(const struct profile_options *options, struct profile **ret,
		struct suite **ret_suite, struct err *err);

struct sandbox_session;

/*
 * Starts it once, up to the first instruction of the service, which does not run. The service's
 * mounts are not written to. Returns while it goes on; the caller ends the session
 * (port/sandbox.h). Errors as of profile_run().
 */
int profile_observe(const struct profile_options *options, const struct start_trial *trial,
		    struct sandbox_session **ret, struct err *err);

/*
 * Waits for what came of it. `ret_used`: what was used of the image until then (owned by the
 * caller), NULL when the trial does not ask for that; the state lives in `arena`. A start that
 * fails is no error: the state says so.
 */
int profile_observed(struct sandbox_session *session, struct arena *arena, struct start_state **ret,
		     struct profile **ret_used, struct err *err);

/* The name that a container of the image gets: Docker's, of its identity. */
struct span profile_hostname(const struct image *image, struct arena *arena);

/* The union of several runs on the same image; independent of their order. ERR_MISMATCH. */
int profile_unite(const struct profile *const *profiles, size_t count, struct profile **ret,
		  struct err *err);
