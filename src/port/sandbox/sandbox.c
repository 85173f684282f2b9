/* SPDX-License-Identifier: Apache-2.0 */
#include "port/sandbox/private.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct sandbox_session {
	struct keeper keeper;
	const struct progress *progress;
	size_t result_max;
	int answer;
	pid_t inside; /* -1: none */
};

static int
start_inside(const struct sandbox_options *options, struct sandbox_session *session,
	     struct err *err)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, ERR_IO, errno, "cannot start the session");
	session->answer = ends[0];
	session->inside = fork();
	if (session->inside == 0) {
		(void)close(ends[0]);
		inside_main(options, &session->keeper, ends[1], parent);
	}
	(void)close(ends[1]);
	return session->inside < 0 ? err_sys(err, ERR_IO, errno, "cannot start the session") : 0;
}

void
sandbox_stop(struct sandbox_session *session)
{
	if (session->inside > 0)
		(void)kill(session->inside, SIGKILL);
	keeper_dismiss(&session->keeper);
}

int
sandbox_start(const struct sandbox_options *options, struct sandbox_session **ret, struct err *err)
{
	struct sandbox_session *session = calloc(1, sizeof(*session));
	struct err ignored = ERR_INIT;

	if (!session)
		return err_memory(err);
	*session = (struct sandbox_session){
		.progress = options->progress,
		.result_max = options->result_max,
		.answer = -1,
		.inside = -1,
	};
	/* what is free would be copied, page by page, by every process that is forked from here */
	(void)malloc_trim(0);
	int r = keeper_start(&session->keeper, err);
	if (r < 0) {
		free(session);
		return r;
	}
	r = start_inside(options, session, err);
	if (r < 0) {
		(void)sandbox_end(session, &ignored);
		return r;
	}
	*ret = session;
	return 0;
}

int
sandbox_answer(struct sandbox_session *session, struct buf *result, struct err *err)
{
	int r = link_receive(session->answer, session->progress, session->result_max, result, err);

	/* after an answer nothing inside is needed any more */
	sandbox_stop(session);
	return r;
}

int
sandbox_end(struct sandbox_session *session, struct err *err)
{
	if (!session)
		return 0;
	sandbox_stop(session);
	if (session->inside > 0)
		(void)TEMP_FAILURE_RETRY(waitpid(session->inside, NULL, 0));
	fd_cleanup(&session->answer);
	int r = keeper_finish(&session->keeper, err);
	free(session);
	return r;
}

int
sandbox_run(const struct sandbox_options *options, struct buf *result, struct err *err)
{
	struct sandbox_session *session = NULL;
	struct err left = ERR_INIT;

	int r = sandbox_start(options, &session, err);
	if (r < 0)
		return r;
	r = sandbox_answer(session, result, err);
	if (sandbox_end(session, &left) < 0 && r == 0) {
		*err = left;
		r = -(int)left.kind;
	}
	return r;
}
