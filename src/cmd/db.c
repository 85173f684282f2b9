/* SPDX-License-Identifier: Apache-2.0 */
/* mohs db: build, carry and look at the advisory database. */
#include "cmd/db.h"

#include "base/cleanup.h"
#include "cmd/action.h"
#include "cmd/printable.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "stage/update.h"

#include <errno.h>
#include <sys/stat.h>

/* The feeds in a folder, or the database in a file. */
static int
export_to(const void *context, struct err *err)
{
	const struct db_request *request = context;

	if (!request->argument == !request->file)
		return err_set(
			err, ERR_USAGE,
			"export writes the feeds to a folder, or the database to --file FILE");
	if (request->file && request->release)
		return err_set(err, ERR_USAGE, "a file has the whole database: no --release");
	if (request->file)
		return db_export_file(request, err);
	if (request->keys.count > 0)
		return err_set(err, ERR_USAGE, "feeds are not signed; --key is for --file");
	if (request->json)
		return err_set(err, ERR_USAGE, "export to a folder has nothing to say as JSON");
	int r = update_export(request->database, request->argument, request->release, err);
	if (r == 0)
		printable_line(stdout, "wrote %s, for mohs db import and --mirror",
			       request->argument);
	return r;
}

/*
 * A folder as update from a mirror that is one; a file as export --file wrote it. Never the
 * network.
 */
static int
import_from(const void *context, struct err *err)
{
	const struct db_request *request = context;
	struct stat st;

	if (span_contains(span_from(request->argument), SPAN("://")))
		return err_set(err, ERR_USAGE,
			       "import takes a file or a folder; --mirror of update takes an "
			       "address");
	if (stat(request->argument, &st) < 0)
		return err_sys(err, ERR_NOT_FOUND, errno, "cannot open %.100s", request->argument);
	if (!S_ISDIR(st.st_mode))
		return db_import_file(request, err);
	if (request->keys.count > 0 || request->unsigned_too || request->allow_older)
		return err_set(
			err, ERR_USAGE,
			"%.100s is no file: --key, --insecure-unsigned and --allow-older are "
			"for what export --file wrote",
			request->argument);
	return db_update(request, err);
}

enum {
	TAKES_MIRROR = 1,
	TAKES_RELEASE = 2,
	TAKES_FILE = 4,
	TAKES_KEY = 8,
	TAKES_TRUST = 16,
	TAKES_HTTP = 32,
	TAKES_CHOICE = 64,
};

static const struct action actions[] = {
	{"update", TAKES_MIRROR | TAKES_CHOICE | TAKES_HTTP, NULL, false, db_update},
	{"status", 0, NULL, false, db_status},
	{"export", TAKES_RELEASE | TAKES_FILE | TAKES_KEY, "the folder", true, export_to},
	{"import", TAKES_KEY | TAKES_TRUST | TAKES_CHOICE, "the file or folder", false,
	 import_from},
	{"push", TAKES_KEY | TAKES_HTTP, "the reference", false, db_push},
	{"pull", TAKES_KEY | TAKES_TRUST | TAKES_HTTP, "the reference", false, db_pull},
	{0},
};

static int
run_action(struct db_request *request, const struct option_list *words)
{
	const struct action_option given[] = {
		{request->mirror || request->nvd || request->source, TAKES_MIRROR,
		 "--mirror, --nvd and --source are for update"},
		{request->only || request->skip, TAKES_CHOICE,
		 "--only and --skip are for update and import"},
		{request->release, TAKES_RELEASE, "--release is for export"},
		{request->file, TAKES_FILE, "--file is for export"},
		{request->keys.count > 0 || request->password_fd, TAKES_KEY,
		 "--key and --password-fd are for export, import, push and pull"},
		{request->unsigned_too || request->allow_older, TAKES_TRUST,
		 "--insecure-unsigned and --allow-older are for import and pull"},
		{request->plain_http, TAKES_HTTP, "--plain-http is for update, push and pull"},
	};
	const struct action_table table = {"db", actions, given, sizeof(given) / sizeof(given[0]),
					   "db update, status, export, import, push or pull"};
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
		{"source", 0, OPTION_TEXT, &request.source},
		{"only", 0, OPTION_TEXT, &request.only},
		{"skip", 0, OPTION_TEXT, &request.skip},
		{"release", 0, OPTION_TEXT, &request.release},
		{"file", 0, OPTION_TEXT, &request.file},
		{"key", 0, OPTION_LIST, &request.keys},
		{"password-fd", 0, OPTION_TEXT, &request.password_fd},
		{"insecure-unsigned", 0, OPTION_FLAG, &request.unsigned_too},
		{"allow-older", 0, OPTION_FLAG, &request.allow_older},
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
	.summary = "build, carry and look at the advisory database",
	.run = run,
};
