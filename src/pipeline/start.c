/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/start.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "port/sandbox.h"
#include "stage/entrypoint.h"

/* Starts that were made before they are asked for: fewer when each brings other containers. */
enum { AHEAD = 4, AHEAD_WITH_SIDECARS = 1 };

struct starts {
	const struct profile_options *options;
	struct {
		struct sandbox_session *session; /* NULL: free */
		struct buf key;
	} ahead[AHEAD];
	struct sandbox_session *ending; /* the last one: its clean-up goes on beside the next */
};

/* ---- which start it is ---- */

static int
add_text(struct buf *key, struct span text, struct err *err)
{
	int r = buf_printf(key, err, text.p ? "%zu:" : "-", text.n);

	return r < 0 ? r : buf_append(key, text, err);
}

static int
add_list(struct buf *key, struct span_list list, struct err *err)
{
	int r = buf_printf(key, err, "[%zu]", list.count);

	for (size_t i = 0; r == 0 && i < list.count; i++)
		r = add_text(key, list.items[i], err);
	return r;
}

/* Two trials with the same text are the same. */
static int
make_key(const struct start_trial *trial, struct buf *key, struct err *err)
{
	int r = buf_printf(key, err, "%d%d%d%d", trial->bare, trial->other_arguments,
			   trial->no_mounts, trial->used);

	if (r == 0)
		r = add_text(key, trial->program, err);
	if (r == 0)
		r = add_list(key, trial->arguments, err);
	if (r == 0)
		r = add_list(key, trial->environment, err);
	if (r == 0)
		r = add_text(key, trial->user, err);
	if (r == 0)
		r = add_text(key, trial->hostname, err);
	for (size_t i = 0; r == 0 && i < trial->plant_count; i++) {
		const struct start_plant *plant = &trial->plants[i];

		r = buf_printf(key, err, "{%u %u}", plant->uid, plant->gid);
		if (r == 0)
			r = add_text(key, plant->path, err);
		if (r == 0)
			r = add_text(key, plant->content, err);
	}
	return r;
}

/* ---- ahead ---- */

/* The one that was made for this trial; NULL when none was. */
static struct sandbox_session *
take(struct starts *starts, const struct start_trial *trial)
{
	CLEANUP(buf_cleanup) struct buf key = BUF_INIT(START_RECORDS_MAX);
	struct err ignored = ERR_INIT;

	if (make_key(trial, &key, &ignored) < 0)
		return NULL;
	for (size_t i = 0; i < AHEAD; i++) {
		if (!starts->ahead[i].session ||
		    !span_equal(buf_span(&starts->ahead[i].key), buf_span(&key)))
			continue;
		buf_cleanup(&starts->ahead[i].key);
		return TAKE(starts->ahead[i].session);
	}
	return NULL;
}

static int
retire(struct starts *starts, struct sandbox_session *session, struct err *err)
{
	int r = sandbox_end(starts->ending, err);

	sandbox_stop(session);
	starts->ending = session;
	return r;
}

/* What cannot be made ahead is made, or fails, when it is asked for. */
static void
expect(void *context, const struct start_trial *trial)
{
	struct starts *starts = context;
	size_t room = starts->options->service->sidecar_count ? AHEAD_WITH_SIDECARS : AHEAD;
	struct err ignored = ERR_INIT;
	size_t i = 0;

	while (i < room && starts->ahead[i].session)
		i++;
	if (i == room)
		return;
	starts->ahead[i].key = (struct buf)BUF_INIT(START_RECORDS_MAX);
	if (make_key(trial, &starts->ahead[i].key, &ignored) < 0 ||
	    profile_observe(starts->options, trial, &starts->ahead[i].session, &ignored) < 0)
		buf_cleanup(&starts->ahead[i].key);
}

static void
forget(void *context, const struct start_trial *trial)
{
	struct starts *starts = context;
	struct sandbox_session *session = take(starts, trial);
	struct err ignored = ERR_INIT;

	if (session)
		(void)retire(starts, session, &ignored);
}

static int
observe(void *context, const struct start_trial *trial, struct arena *arena,
	struct start_state **ret, struct profile **ret_used, struct err *err)
{
	struct starts *starts = context;
	CLEANUP(profile_cleanup) struct profile *used = NULL;
	struct sandbox_session *session = take(starts, trial);
	struct start_state *state = NULL;
	int r = session ? 0 : profile_observe(starts->options, trial, &session, err);

	if (r < 0)
		return r;
	r = profile_observed(session, arena, &state, &used, err);
	if (r < 0) {
		struct err ignored = ERR_INIT;

		(void)retire(starts, session, &ignored);
		return r;
	}
	r = retire(starts, session, err);
	if (r < 0)
		return r;
	*ret = state;
	*ret_used = TAKE(used);
	return 0;
}

/* All at once, then one after the other. */
static int
end_all(struct starts *starts, struct err *err)
{
	int result = sandbox_end(starts->ending, err);
	struct err ignored = ERR_INIT;

	for (size_t i = 0; i < AHEAD; i++) {
		if (starts->ahead[i].session)
			sandbox_stop(starts->ahead[i].session);
	}
	for (size_t i = 0; i < AHEAD; i++) {
		int r = sandbox_end(starts->ahead[i].session, result < 0 ? &ignored : err);

		buf_cleanup(&starts->ahead[i].key);
		if (r < 0 && result == 0)
			result = r;
	}
	return result;
}

int
start_compile(const struct profile_options *options, struct start **ret, struct err *err)
{
	CLEANUP(start_cleanup) struct start *start = NULL;
	struct starts starts = {.options = options};
	struct err left = ERR_INIT;
	const struct entrypoint_input input = {
		.image = options->image,
		.contents = options->contents,
		.service = options->service,
		.observe = observe,
		.expect = expect,
		.forget = forget,
		.context = &starts,
		.progress = options->progress,
	};

	*ret = NULL;
	if (options->service->entrypoint != ENTRYPOINT_AUTO)
		return 0;
	int r = entrypoint_compile(&input, &start, err);
	if (end_all(&starts, &left) < 0 && r == 0) {
		*err = left;
		r = -(int)left.kind;
	}
	if (r < 0)
		return err_wrap(err, "entrypoint");
	*ret = TAKE(start);
	return 0;
}
