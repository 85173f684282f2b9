/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/profile/session.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/profile_json.h"
#include "codec/start_json.h"
#include "codec/suite_json.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/utsname.h>

/* What uname says, and which GOARCH such a machine runs. */
static const struct {
	const char *machine;
	const char *architecture;
} machines[] = {
	{"x86_64", "amd64"},  {"x86_64", "386"},      {"i686", "386"},
	{"aarch64", "arm64"}, {"aarch64", "arm"},     {"armv7l", "arm"},
	{"armv6l", "arm"},    {"ppc64le", "ppc64le"}, {"riscv64", "riscv64"},
	{"s390x", "s390x"},   {"mips64", "mips64le"}, {"loongarch64", "loong64"},
};

static int
check_architecture(const struct image *image, struct err *err)
{
	struct span wanted = image->config.architecture;
	struct utsname host;

	if (wanted.n == 0 || uname(&host) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		if (span_equal(span_from(host.machine), span_from(machines[i].machine)) &&
		    span_equal(wanted, span_from(machines[i].architecture)))
			return 0;
	}
	return err_set(err, ERR_MISMATCH,
		       "the image is for %.*s, this machine is %s: profile it on a machine of its "
		       "kind, or name a platform this one runs",
		       SPAN_ARG(wanted), host.machine);
}

/* The inside has another working directory in places: absolute, and there. */
static int
prepare_logs(const struct profile_options *options, char path[PATH_MAX], struct err *err)
{
	int r = directory_make(options->log_folder, 0755, err);

	if (r == 0 && !realpath(options->log_folder, path))
		r = err_set(err, ERR_IO, "cannot use the log folder %s", options->log_folder);
	return r;
}

/* PROFILE NUL SUITE NUL LOG. A profile may be long: it is read once. */
static int
read_answer(struct span answer, struct buf *log, struct profile **ret, struct suite **ret_suite,
	    struct err *err)
{
	CLEANUP(profile_cleanup) struct profile *profile = NULL;
	CLEANUP(suite_cleanup) struct suite *suite = NULL;
	struct span rest = answer;
	struct span text = span_cut(&rest, SESSION_SEPARATOR);

	struct span tests = rest.p ? span_cut(&rest, SESSION_SEPARATOR) : SPAN("");
	if (!rest.p)
		return err_set(err, ERR_CHILD, "the session gave half an answer");
	int r = ret ? profile_json_read(text, &profile, err) : 0;
	if (r == 0 && ret_suite)
		r = suite_json_read(tests, &suite, err);
	if (r == 0 && log) {
		log->n = 0;
		r = buf_append(log, rest, err);
	}
	if (r == 0 && ret_suite && !ret)
		r = profile_json_read(text, &suite->run, err);
	if (r < 0)
		return r;
	if (ret)
		*ret = TAKE(profile);
	if (ret_suite)
		*ret_suite = TAKE(suite);
	return 0;
}

static int
check_architectures(const struct profile_options *options, struct err *err)
{
	int r = check_architecture(options->image, err);

	for (size_t i = 0; r == 0 && i < options->service->sidecar_count; i++)
		r = check_architecture(options->sidecars[i].image, err);
	return r;
}

int
profile_observe(const struct profile_options *options, const struct start_trial *trial,
		struct sandbox_session **ret, struct err *err)
{
	struct profile_options quiet = *options;
	struct observe_options inside = {&quiet, trial};
	int r = check_architectures(options, err);

	quiet.log_folder = NULL;
	const struct sandbox_options sandbox = {
		.run = observe_main,
		.context = &inside,
		.result_max = SESSION_ANSWER_MAX,
		.progress = options->progress,
	};
	return r < 0 ? r : sandbox_start(&sandbox, ret, err);
}

int
profile_observed(struct sandbox_session *session, struct arena *arena, struct start_state **ret,
		 struct profile **ret_used, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf answer = BUF_INIT(SESSION_ANSWER_MAX);
	CLEANUP(profile_cleanup) struct profile *used = NULL;
	int r = sandbox_answer(session, &answer, err);

	if (r < 0)
		return r;
	struct span rest = buf_span(&answer);
	struct span text = span_cut(&rest, SESSION_SEPARATOR);
	if (!rest.p)
		return err_set(err, ERR_CHILD, "the session gave half an answer");
	if (text.n)
		r = profile_json_read(text, &used, err);
	if (r == 0)
		r = start_state_read(rest, arena, ret, err);
	if (r == 0)
		*ret_used = TAKE(used);
	return r;
}

int
profile_run(const struct profile_options *options, struct profile **ret, struct suite **ret_suite,
	    struct err *err)
{
	CLEANUP(buf_cleanup) struct buf answer = BUF_INIT(SESSION_ANSWER_MAX);
	struct profile_options inside = *options;
	char logs[PATH_MAX];
	int r = check_architectures(options, err);

	if (r == 0 && options->log_folder) {
		r = prepare_logs(options, logs, err);
		inside.log_folder = logs;
	}
	if (r < 0)
		return r;
	const struct sandbox_options sandbox = {
		.run = session_main,
		.context = &inside,
		.result_max = SESSION_ANSWER_MAX,
		.low_ports_privileged = options->low_ports_privileged,
		.progress = options->progress,
	};
	r = sandbox_run(&sandbox, &answer, err);
	return r < 0 ? r : read_answer(buf_span(&answer), options->shell_log, ret, ret_suite, err);
}
