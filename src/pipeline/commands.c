/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/commands.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/shell_log.h"
#include "port/launcher.h"
#include "stage/commands.h"
#include "stage/profile.h"
#include "stage/shells.h"

#include <string.h>

enum { ROUNDS_MAX = 3 /* runs with a table */, SUITE_REFUSED_MAX = 100 };

struct trying {
	const struct pipeline *pipeline;
	const struct trial *trial;
	const struct profile_options *options;
	struct arena *arena;
	struct span host;
	struct buf log;		 /* of all runs so far */
	struct profile *profile; /* with the shells */
	struct suite *suite;
	struct commands *commands;
};

/* The shells stay: so says the profile that was taken with them. */
static int
keep_shells(struct trying *trying, const char *subject, const char *why, struct err *err)
{
	struct arena *arena = trying->profile->arena;
	struct commands *kept = NULL;
	int r = commands_copy(trying->commands, arena, &kept, err);

	if (r < 0)
		return r;
	if (why) {
		struct gap *left = arena_array(arena, kept->left.count + 1, sizeof(*left));

		if (!left)
			return err_memory(err);
		memcpy(left, kept->left.items, kept->left.count * sizeof(*left));
		left[kept->left.count] = (struct gap){arena_copy(arena, span_from(subject)),
						      arena_copy(arena, span_from(why))};
		if (!left[kept->left.count].subject.p || !left[kept->left.count].text.p)
			return err_memory(err);
		kept->left.items = left;
		kept->left.count++;
		kept->form = COMMANDS_KEPT;
		kept->table = SPAN("");
	}
	trying->profile->commands = kept;
	return 0;
}

/* A run with the table; *ret_refused: it did not have all that was run. */
static int
run_with_table(struct trying *trying, bool *ret_refused, struct profile **ret,
	       struct suite **ret_suite, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf refused = BUF_INIT(SHELL_LOG_MAX);
	struct profile_options options = *trying->options;
	struct image view;
	int r = commands_view(trying->commands, trying->options->image, trying->arena, &view, err);

	if (r < 0)
		return r;
	options.image = &view;
	options.commands = trying->commands;
	options.shell_log = &refused;
	progress_step(options.progress, 0, 0, "profiling with a table of %zu commands",
		      trying->commands->seen_count);
	r = trial_once(trying->pipeline, trying->trial, &options, ret, ret_suite, err);
	*ret_refused = refused.n > 0;
	return r < 0 ? r : buf_append(&trying->log, buf_span(&refused), err);
}

static int
compile(struct trying *trying, struct err *err)
{
	commands_cleanup(&trying->commands);
	return commands_compile(trying->options->image, buf_span(&trying->log), trying->host,
				&trying->commands, err);
}

/* 1: *ret is the profile with a table; 0: the shells stay. */
static int
go_rounds(struct trying *trying, struct profile **ret, struct suite **ret_suite, struct err *err)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		CLEANUP(profile_cleanup) struct profile *profile = NULL;
		CLEANUP(suite_cleanup) struct suite *suite = NULL;
		bool refused = false;
		int r = compile(trying, err);

		if (r == 0 && trying->commands->form != COMMANDS_TABLE)
			return keep_shells(trying, NULL, NULL, err);
		if (r == 0)
			r = run_with_table(trying, &refused, &profile, &suite, err);
		if (r < 0 || !profile)
			return r;
		if (!refused && profile->complete) {
			*ret = TAKE(profile);
			*ret_suite = TAKE(suite);
			return 1;
		}
		if (!refused)
			return keep_shells(trying, "the profile with a table of commands",
					   profile->gaps.count
						   ? profile->gaps.items[0].text.p
						   : "was not complete, and that with a shell was",
					   err);
	}
	return keep_shells(trying, "commands",
			   "new ones were run in each run: what comes cannot be known", err);
}

static int
record(struct trying *trying, struct err *err)
{
	CLEANUP(shells_cleanup) struct shells *shells = NULL;
	struct profile_options options = *trying->options;
	struct span_list list = {0};
	int r = shells_find(options.image, options.contents, &shells, err);

	if (r == 0)
		r = commands_shells(options.image, shells, trying->arena, &list, err);
	if (r < 0)
		return r;
	options.shells = &list;
	options.shell_log = &trying->log;
	r = trial_once(trying->pipeline, trying->trial, &options, &trying->profile, &trying->suite,
		       err);
	return r;
}

static int
try_table(struct trying *trying, struct profile **ret, struct suite **ret_suite, struct err *err)
{
	int r = record(trying, err);

	if (r == 0 && !trying->profile->complete) {
		r = compile(trying, err);
		if (r == 0)
			r = keep_shells(trying, "commands", "the profile is not complete", err);
	} else if (r == 0) {
		r = go_rounds(trying, ret, ret_suite, err);
	}
	if (r != 0)
		return r < 0 ? r : 0;
	*ret = TAKE(trying->profile);
	*ret_suite = TAKE(trying->suite);
	return 0;
}

int
commands_profile(const struct pipeline *pipeline, const struct trial *trial,
		 const struct profile_options *options, struct profile **ret,
		 struct suite **ret_suite, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct trying trying = {
		.pipeline = pipeline,
		.trial = trial,
		.options = options,
		.arena = arena,
		.host = arena ? profile_hostname(options->image, arena) : (struct span){NULL, 0},
		.log = BUF_INIT(SHELL_LOG_MAX),
	};
	struct profile *profile = NULL;
	struct suite *suite = NULL;

	if (!trying.host.p)
		return err_memory(err);
	if (launcher_commands().n == 0)
		return err_set(
			err, ERR_UNSUPPORTED,
			"harden.commands: auto: not written for this machine's architecture");
	int r = try_table(&trying, &profile, &suite, err);
	buf_cleanup(&trying.log);
	profile_free(trying.profile);
	suite_free(trying.suite);
	commands_free(trying.commands);
	if (r < 0)
		return r;
	if (ret)
		*ret = profile;
	else
		profile_free(profile);
	*ret_suite = suite;
	return 0;
}

/* ---- the image with a table ---- */

static int
note_refused(const struct span_list *refused, const char *text, struct suite *suite,
	     struct err *err)
{
	size_t count = suite->gaps.count;
	struct gap *gaps = arena_array(suite->arena, count + refused->count + 1, sizeof(*gaps));

	if (!gaps)
		return err_memory(err);
	if (count)
		memcpy(gaps, suite->gaps.items, count * sizeof(*gaps));
	for (size_t i = 0; i < refused->count; i++) {
		size_t known = suite->gaps.count;

		while (known < count && !span_equal(gaps[known].subject, refused->items[i]))
			known++;
		if (known < count || count == SUITE_REFUSED_MAX)
			continue;
		gaps[count] = (struct gap){arena_copy(suite->arena, refused->items[i]),
					   arena_copy(suite->arena, span_from(text))};
		if (!gaps[count].subject.p || !gaps[count].text.p)
			return err_memory(err);
		count++;
	}
	suite->gaps = (struct gap_list){gaps, count};
	return 0;
}

int
commands_test(const struct pipeline *pipeline, const struct trial *trial,
	      const struct profile_options *options, struct profile **ret, struct suite **ret_suite,
	      struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(SHELL_LOG_MAX);
	CLEANUP(profile_cleanup) struct profile *profile = NULL;
	CLEANUP(suite_cleanup) struct suite *suite = NULL;
	struct profile_options wanted = *options;
	struct shell_log log = {0};

	if (!arena)
		return err_memory(err);
	wanted.commands = pipeline->profile->commands;
	wanted.has_table = true;
	wanted.shell_log = &text;
	int r = trial_once(pipeline, trial, &wanted, ret ? &profile : NULL, &suite, err);
	if (r == 0)
		r = shell_log_read(buf_span(&text), arena, &log, err);
	if (r == 0)
		r = note_refused(&log.refused, "a command that is not in the table: it was refused",
				 suite, err);
	if (r == 0)
		r = note_refused(&log.options,
				 "a shell was run so, which is not in the table: it was refused",
				 suite, err);
	if (r < 0)
		return r;
	if (ret)
		*ret = TAKE(profile);
	*ret_suite = TAKE(suite);
	return 0;
}
