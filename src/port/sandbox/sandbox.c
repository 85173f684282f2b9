/* SPDX-License-Identifier: Apache-2.0 */
#include "port/sandbox/private.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static int
run_inside(const struct sandbox_options *options, const struct keeper *keeper, struct buf *result,
	   struct err *err)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, ERR_IO, errno, "cannot start the session");
	pid_t pid = fork();
	if (pid == 0) {
		(void)close(ends[0]);
		inside_main(options, keeper, ends[1], parent);
	}
	CLEANUP(fd_cleanup) int answer = ends[0];
	(void)close(ends[1]);
	if (pid < 0)
		return err_sys(err, ERR_IO, errno, "cannot start the session");

	int r = link_receive(answer, options->progress, options->result_max, result, err);
	/* after an answer nothing inside is needed any more */
	(void)kill(pid, SIGKILL);
	(void)TEMP_FAILURE_RETRY(waitpid(pid, NULL, 0));
	return r;
}

int
sandbox_run(const struct sandbox_options *options, struct buf *result, struct err *err)
{
	struct keeper keeper = {.socket = -1};
	struct err left = ERR_INIT;

	int r = keeper_start(&keeper, err);
	if (r < 0)
		return r;
	r = run_inside(options, &keeper, result, err);
	if (keeper_finish(&keeper, &left) < 0 && r == 0) {
		*err = left;
		r = -(int)left.kind;
	}
	return r;
}
