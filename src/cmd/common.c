/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/common.h"

#include "base/cleanup.h"
#include "base/proc.h"
#include "cmd/terminal.h"
#include "codec/evidence_json.h"
#include "pipeline/pipeline.h"

#include <signal.h>
#include <stdio.h>

struct common common;

const struct option_spec common_specs[] = {
	{"platform", 0, OPTION_TEXT, &common.platform},
	{"db", 0, OPTION_TEXT, &common.database},
	{"plain-http", 0, OPTION_FLAG, &common.plain_http},
	{"verbose", 'v', OPTION_FLAG, &common.verbose},
	{"json", 0, OPTION_FLAG, &common.json},
	{0},
};

const struct progress *
common_progress(void)
{
	return terminal_progress(common.verbose);
}

struct image_options
common_image_options(void)
{
	return (struct image_options){
		.source = {.platform = common.platform,
			   .plain_http = common.plain_http,
			   .progress = common_progress()},
	};
}

static int
print_text(struct span text, struct err *err)
{
	if (fwrite(text.p, 1, text.n, stdout) != text.n || fflush(stdout) != 0)
		return err_set(err, ERR_IO, "cannot write to standard output");
	return 0;
}

int
common_print_json(json_t *json, struct err *err)
{
	CLEANUP(json_cleanup) json_t *owned = json;
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span text;

	if (!owned || !arena)
		return err_memory(err);
	int r = json_text(owned, true, arena, &text, err);
	return r != 0 ? r : print_text(text, err);
}

int
common_print_evidence(const struct evidence *evidence, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct evidence complete = *evidence;
	struct span text;

	if (!arena)
		return err_memory(err);
	int r = pipeline_stamp(&complete, arena, err);
	if (r == 0)
		r = evidence_write(&complete, arena, &text, err);
	return r != 0 ? r : print_text(text, err);
}

static void
cancel(int signal_number)
{
	(void)signal_number;
	proc_cancel = 1;
}

void
common_catch_signals(void)
{
	struct sigaction action = {.sa_handler = cancel};

	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	/* who ignores it (nohup) wants the run to outlive the terminal */
	struct sigaction inherited = {.sa_handler = SIG_DFL};
	if (sigaction(SIGHUP, NULL, &inherited) < 0 || inherited.sa_handler != SIG_IGN)
		(void)sigaction(SIGHUP, &action, NULL);
}
