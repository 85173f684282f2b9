/* SPDX-License-Identifier: Apache-2.0 */
/* mohs db export --file, import of such a file, push, pull. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "cmd/common.h"
#include "cmd/db.h"
#include "cmd/keys.h"
#include "cmd/printable.h"
#include "cmd/show.h"
#include "cmd/terminal.h"
#include "pipeline/shipping.h"

#include <stdio.h>

static struct shipping_options
options_of(const struct db_request *request)
{
	return (struct shipping_options){
		.database = request->database,
		.trust = request->unsigned_too,
		.allow_older = request->allow_older,
		.now = clock_now(),
		.depot = {.plain_http = request->plain_http, .progress = terminal_progress(false)},
	};
}

static int
report(const struct db_request *request, const struct shipped *shipped, const char *done,
       struct err *err)
{
	char bytes[24];

	if (request->json)
		return common_print_json(
			json_pack("{s:o, s:o, s:o, s:o, s:b}", "database",
				  db_identity_json(&shipped->identity), "place",
				  json_span(shipped->place), "digest",
				  shipped->digest.n ? json_span(shipped->digest) : json_null(),
				  "key", shipped->key.n ? json_span(shipped->key) : json_null(),
				  "unchanged", shipped->unchanged),
			err);
	printable_line(stdout, "%s %.*s%s%.*s", done, SPAN_ARG(shipped->place),
		       shipped->digest.n ? "@" : "", SPAN_ARG(shipped->digest));
	(void)printf("%llu advisories, %.*s\n", (unsigned long long)shipped->identity.advisories,
		     SPAN_ARG(shipped->identity.digest));
	if (shipped->packed > 0)
		(void)printf("%s packed\n", show_bytes(shipped->packed, bytes));
	if (shipped->key.n > 0)
		printable_line(stdout, "signed with the key %.*s", SPAN_ARG(shipped->key));
	(void)fflush(stdout);
	if (shipped->key.n == 0)
		(void)fprintf(stderr,
			      "mohs db: nobody vouches for it: give a key with --key to sign it\n");
	return 0;
}

typedef int shipping_action(const struct shipping_options *options, const char *where,
			    struct shipped **ret, struct err *err);

static int
push_to(const struct shipping_options *options, const char *where, struct shipped **ret,
	struct err *err)
{
	return shipping_push(options, span_from(where), ret, err);
}

static int
pull_from(const struct shipping_options *options, const char *where, struct shipped **ret,
	  struct err *err)
{
	return shipping_pull(options, span_from(where), ret, err);
}

static int
send(const struct db_request *request, const char *where, shipping_action *action, struct err *err)
{
	CLEANUP(key_cleanup) struct key *key = NULL;
	CLEANUP(shipped_cleanup) struct shipped *shipped = NULL;
	struct shipping_options options = options_of(request);
	int r = 0;

	if (request->keys.count > 1)
		return err_set(err, ERR_USAGE, "one key signs");
	if (request->keys.count > 0)
		r = keys_signing(request->keys.items[0], request->password_fd, &key, err);
	options.key = key;
	common_catch_signals();
	if (r == 0)
		r = action(&options, where, &shipped, err);
	terminal_clear();
	return r != 0 ? r : report(request, shipped, "wrote", err);
}

static int
fetch(const struct db_request *request, shipping_action *action, struct err *err)
{
	CLEANUP(keys_free) struct keys keys = {0};
	CLEANUP(shipped_cleanup) struct shipped *shipped = NULL;
	struct shipping_options options = options_of(request);
	int r = 0;

	if (request->keys.count > 0)
		r = keys_verifying(&request->keys, request->password_fd, &keys, err);
	options.keys = (struct verify_keys){(const struct key *const *)keys.items, keys.count};
	common_catch_signals();
	if (r == 0)
		r = action(&options, request->argument, &shipped, err);
	terminal_clear();
	return r != 0 ? r
		      : report(request, shipped, shipped->unchanged ? "here already:" : "took",
			       err);
}

int
db_export_file(const void *context, struct err *err)
{
	const struct db_request *request = context;

	return send(request, request->file, shipping_export, err);
}

int
db_push(const void *context, struct err *err)
{
	const struct db_request *request = context;

	return send(request, request->argument, push_to, err);
}

int
db_import_file(const void *context, struct err *err)
{
	return fetch(context, shipping_import, err);
}

int
db_pull(const void *context, struct err *err)
{
	return fetch(context, pull_from, err);
}
