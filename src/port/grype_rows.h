/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of Grype's database, version 6, as rows (anchore/grype, schema/grype/db/sql). It is a
 * SQLite file of somebody else: it is read from memory, may hold tables and indexes only, and what
 * its schema says is not trusted.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

struct grype_rows;

/*
 * `bytes` outlive it and are changed (a mark in the header). ERR_INVALID: not such a database, or
 * damaged; ERR_UNSUPPORTED: of another version; ERR_MEMORY.
 */
int grype_rows_open(char *bytes, size_t size, struct grype_rows **ret, struct err *err);
void grype_rows_free(struct grype_rows *rows);
void grype_rows_cleanup(struct grype_rows **rows);

/* When it was built, as it says: "2026-06-29 04:12:33+00:00". Lives until the next call. */
int grype_rows_built(struct grype_rows *rows, struct span *ret, struct err *err);

/* One record of a vulnerability from one provider. Spans live until the next row. */
struct grype_vulnerability {
	int64_t id;
	struct span name;
	struct span provider;
	struct span blob; /* JSON */
	bool withdrawn;	  /* or rejected */
};

/* In order of ids. What `each` returns other than 0 ends the reading; so below. */
int grype_rows_vulnerabilities(struct grype_rows *rows,
			       int (*each)(void *context,
					   const struct grype_vulnerability *vulnerability,
					   struct err *err),
			       void *context, struct err *err);

struct grype_package {
	int64_t id;
	struct span ecosystem;
	struct span name;
};

/* In order of ecosystem and name; spans live until it returns, and other rows may be asked for. */
int grype_rows_packages(struct grype_rows *rows,
			int (*each)(void *context, const struct grype_package *package,
				    struct err *err),
			void *context, struct err *err);

/* What is said of a package on a system, or, without one, anywhere. */
struct grype_handle {
	bool unaffected;
	int64_t system; /* 0: none */
	struct span system_id;
	struct span major; /* these may be empty */
	struct span minor;
	struct span label;
	struct span channel;
	int64_t vulnerability;
	struct span vulnerability_name;
	struct span blob; /* JSON; may be empty */
};

/* Those of one package, by system. */
int grype_rows_handles(struct grype_rows *rows, int64_t package,
		       int (*each)(void *context, const struct grype_handle *handle,
				   struct err *err),
		       void *context, struct err *err);

/* CVEs that are exploited (probability < 0), then those with a probability. */
int grype_rows_marks(struct grype_rows *rows,
		     int (*each)(void *context, struct span cve, double probability,
				 struct err *err),
		     void *context, struct err *err);
