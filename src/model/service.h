/* SPDX-License-Identifier: Apache-2.0 */
/* mohs.yaml and policy.yaml as records. Defaults are filled in; const once built. */
#pragma once

#include "model/plan.h"

struct service_command {
	struct span name;
	struct span_list run; /* argv; ${MOHS_...} is expanded when it is started */
	uint64_t timeout_ms;  /* 0: none */
	uint32_t repeat;      /* at least 1 */
};

struct service_sidecar {
	struct span name;
	struct span image;
	struct span_list environment; /* "NAME=value" */
	struct span_list command;     /* empty: the image's own */
	struct span ready_http;
	struct span ready_tcp;
	uint64_t ready_timeout_ms;
};

struct service_ready {
	struct span http; /* URL; any status below 500 is ready */
	struct span tcp;  /* "127.0.0.1:5432" */
	struct span_list command;
	bool ended; /* a job: ready once it has ended with status 0 */
	uint64_t timeout_ms;
	bool set; /* false: first exposed TCP port, else running for two seconds */
};

struct service_mount {
	struct span source; /* host path, absolute after reading the file */
	struct span target; /* in the container */
	bool writable;
};

enum service_commands {
	SERVICE_COMMANDS_KEEP, /* a shell that programs run commands through stays */
	SERVICE_COMMANDS_AUTO, /* a table of the commands takes its place */
};

enum service_entrypoint {
	ENTRYPOINT_KEEP, /* as the image has it */
	ENTRYPOINT_AUTO, /* one that is a shell script is compiled to what it was seen to start */
};

/* What becomes of libraries that are loaded and of which no code runs. docs/stubs.md */
enum service_libraries {
	LIBRARIES_KEEP,
	LIBRARIES_STUB, /* the profile watches which code runs, and stubs take their place */
};

/* When the profile is extended by what the hardened image asks for in vain. docs/extend.md */
enum service_extend {
	EXTEND_ON_FAILURE, /* a test failed, or the container did not start */
	EXTEND_ALWAYS,
	EXTEND_NEVER,
};

struct service {
	struct arena *arena;
	struct span path; /* of the file; empty when there is none */
	struct span name;
	struct span team;
	struct span image;
	struct span output; /* "oci:DIR[:TAG]", "docker-archive:FILE", a registry reference */
	struct span platform;
	struct span_list environment; /* added to the image's */
	struct span_list command;     /* replaces the image's CMD; empty: the image's */
	struct service_mount *mounts;
	size_t mount_count;
	struct service_sidecar *sidecars;
	size_t sidecar_count;
	struct service_ready ready;
	struct service_command *loads;
	size_t load_count;
	struct service_command *tests;
	size_t test_count;
	enum plan_granularity granularity;
	struct span_list keep; /* globs */
	struct span_list drop;
	enum service_entrypoint entrypoint;
	enum service_commands commands;
	enum layer_compression compression;
	enum service_libraries unused_libraries;
	enum service_extend extend;
	uint32_t max_rounds; /* of extending; default 5, 0: never */
	bool learn;	     /* one run that serves what is missing, to find all of it at once */
	struct span policy;  /* path, absolute after reading the file; may be empty */
	struct span signing_key; /* path, absolute after reading the file, or a PKCS #11 URI */
	bool limits;		 /* propose run-time limits and try them; default true */
	uint64_t stop_grace_ms;	 /* default 10 s */
};

void service_free(struct service *service);
void service_cleanup(struct service **service);

enum check {
	CHECK_BASELINE,
	CHECK_PROFILE,
	CHECK_REDUCTION,
	CHECK_TESTS,
	CHECK_SHELL,
	CHECK_SIGNATURE,
	CHECK_SBOM,
	CHECKS,
};

const char *check_name(enum check check);  /* "reduction": the key in policy.yaml */
const char *check_title(enum check check); /* "CVE reduction" */

enum count_kind { COUNT_FINDINGS, COUNT_DISTINCT };

struct waiver {
	enum check check;
	struct span service; /* glob */
	struct span reason;
	struct span approved_by;
	int64_t expires; /* the first second it no longer holds */
};

struct policy {
	struct arena *arena;
	struct span path;     /* empty: built-in defaults */
	struct digest digest; /* of the file's bytes; zeroes for the defaults */
	bool required[CHECKS];
	uint64_t database_age_max_ms;
	bool profile_complete;
	uint64_t profile_duration_min_ms;
	uint64_t profile_age_max_ms;
	bool profile_risk_limited;
	double profile_risk_max; /* of the next run needing a removed path, when limited */
	double reduction_min;	 /* 0.70 */
	enum count_kind reduction_count;
	uint32_t tests_min;
	uint64_t signature_age_max_ms; /* of the attestation of the hardening; 0: any */
	struct span_list sbom_formats;
	struct waiver *waivers;
	size_t waiver_count;
};

void policy_free(struct policy *policy);
void policy_cleanup(struct policy **policy);
