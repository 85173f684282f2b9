/* SPDX-License-Identifier: Apache-2.0 */
/* mohs db: build and look at the advisory database. */
#include "cmd/db.h"

#include "base/cleanup.h"
#include "cmd/action.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "stage/update.h"

static int export(const void *context, struct err *err)
{
	const struct db_request *request = context;

	return update_export(request->database, request->argument, request->release, err);
}

/* As update from a mirror that is a folder: never the network. */
static int
import(const void *context, struct err *err)
{
	const struct db_request *request = context;

	if (span_contains(span_from(request->argument), SPAN("://")))
		return err_set(err, ERR_USAGE,
			       "import takes a folder; --mirror of update takes an address");
	return db_update(request, err);
}

enum { TAKES_MIRROR = 1, TAKES_RELEASE = 2, TAKES_JSON = 4 };

static const struct action actions[] = {
	{"update", TAKES_MIRROR | TAKES_JSON, NULL, false, db_update},
	{"status", TAKES_JSON, NULL, false, db_status},
	{"export", TAKES_RELEASE, "the folder", false, export},
	{"import", TAKES_JSON, "the folder", false, import},
	{0},
};

static int
run_action(struct db_request *request, const struct option_list *words)
{
	const struct action_option given[] = {
		{request->mirror || request->nvd || request->plain_http, TAKES_MIRROR,
		 "--mirror, --nvd and --plain-http are for update"},
		{request->release, TAKES_RELEASE, "--release is for export"},
		{request->json, TAKES_JSON, "export has nothing to say as JSON"},
	};
	const struct action_table table = {"db", actions, given, sizeof(given) / sizeof(given[0]),
					   "db update, db status, db export or db import"};
	struct span path = span_from(request->database);
	struct err err = ERR_INIT;

	if (!path.p && advisories_default_path(request->arena, &path, &err) < 0)
		return terminal_error("db", &err);
	request->database = path.p;
	request->argument = words->count > 1 ? words->items[1] : NULL;
	return action_run(&table, words, request);
}

static int
run(int argc, char **argv)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct db_request request = {.arena = arena};
	const struct option_spec specs[] = {
		{"json", 0, OPTION_FLAG, &request.json},
		{"plain-http", 0, OPTION_FLAG, &request.plain_http},
		{"db", 0, OPTION_TEXT, &request.database},
		{"mirror", 0, OPTION_TEXT, &request.mirror},
		{"nvd", 0, OPTION_TEXT, &request.nvd},
		{"release", 0, OPTION_TEXT, &request.release},
		{0},
	};
	struct option_list words = {0};
	enum options_result parsed = options_parse(argc, argv, specs, 1, 2, &words);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	return arena ? run_action(&request, &words) : err_exit_code(ERR_MEMORY);
}

const struct verb verb_db = {
	.name = "db",
	.summary = "build and look at the advisory database",
	.run = run,
};
