/* SPDX-License-Identifier: Apache-2.0 */
/* The actions of `mohs db`, and what they show alike. */
#pragma once

#include "cmd/options.h"
#include "cmd/table.h"
#include "codec/json.h"
#include "port/advisories.h"

struct db_request {
	struct arena *arena;
	const char *database; /* never NULL */
	const char *argument; /* of actions that take one; else NULL */
	const char *mirror;
	const char *source;
	const char *nvd;
	const char *only;
	const char *skip;
	const char *release;
	const char *file;
	struct option_list keys;
	const char *password_fd;
	bool unsigned_too; /* --insecure-unsigned */
	bool allow_older;
	bool plain_http;
	bool json;
};

/* As struct action has it; `context` is a struct db_request. */
int db_update(const void *context, struct err *err);
int db_status(const void *context, struct err *err);
int db_export_file(const void *context, struct err *err);
int db_import_file(const void *context, struct err *err);
int db_push(const void *context, struct err *err);
int db_pull(const void *context, struct err *err);

/* RFC 3339, or null when there is no date. */
json_t *db_date_json(int64_t seconds);
json_t *db_feed_json(const struct advisory_feed *feed);
json_t *db_identity_json(const struct advisory_identity *identity);

/* FEED, DATE, RECORDS, STATE. NULL without memory. */
struct table *db_feed_table(struct arena *arena);

/* One row: name, date, records, a word (may be empty) and the problem. False without memory. */
bool db_feed_row(struct table *table, struct arena *arena, const struct advisory_feed *feed,
		 struct span outcome);

/* Feeds that have nothing to tell in a row of their own: "absent: rocky, suse". */
struct db_names {
	struct arena *arena;
	const char *word;
	struct span text;
};

/* False without memory. */
bool db_add_name(struct db_names *names, struct span name);
void db_print_names(const struct db_names *names);

void db_print_identity(const struct db_request *request, const struct advisory_identity *identity);
