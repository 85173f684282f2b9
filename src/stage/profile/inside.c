/* SPDX-License-Identifier: Apache-2.0 */
/* The session in its order: sidecars, container, ready, loads, tests, stop, records. */
#include "stage/profile/session.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/vec.h"
#include "codec/profile_json.h"
#include "codec/suite_json.h"

#include <stdio.h>
#include <sys/stat.h>

/* Troubles of the container or its image: results, not errors of the session. */
static bool
is_result(int r)
{
	static const enum err_kind kinds[] = {ERR_NOT_FOUND, ERR_CHILD, ERR_INVALID, ERR_TIMEOUT,
					      ERR_LIMIT};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (r == -(int)kinds[i])
			return true;
	}
	return false;
}

/* ---- sidecars ---- */

static int
start_sidecar(struct session *session, size_t index, struct span_list names, struct err *err)
{
	const struct service_sidecar *sidecar = &session->service->sidecars[index];
	const struct profile_sidecar *source = &session->options->sidecars[index];
	struct instance *instance = &session->sidecars[index];
	const char *id = arena_printf(session->arena, "sidecar-%.*s", SPAN_ARG(sidecar->name)).p;
	const struct instance_options options = {
		.image = source->image,
		.contents = source->contents,
		.environment = sidecar->environment,
		.command = sidecar->command,
		.names = names,
	};
	const struct ready_options ready = {.http = sidecar->ready_http,
					    .tcp = sidecar->ready_tcp,
					    .timeout_ms = sidecar->ready_timeout_ms};

	if (!id)
		return err_memory(err);
	progress_step(session->sandbox->progress, 0, 0, "starting %.*s", SPAN_ARG(sidecar->name));
	int r = instance_create(session, id, &options, instance, err);
	if (r == 0)
		r = container_start(instance->container, err);
	if (r == 0)
		r = ready_wait(session, instance, &ready, err);
	return r < 0 ? err_wrap(err, "service \"%.*s\"", SPAN_ARG(sidecar->name)) : 0;
}

/* As a list of names for /etc/hosts. */
static struct span_list
sidecar_names(const struct session *session)
{
	size_t count = session->service->sidecar_count;
	struct span_list names = {arena_array(session->arena, count + 1, sizeof(struct span)), 0};

	for (size_t i = 0; names.items && i < count; i++)
		names.items[names.count++] = session->service->sidecars[i].name;
	return names;
}

int
session_start_sidecars(struct session *session, struct span_list *ret_names, struct err *err)
{
	size_t count = session->service->sidecar_count;
	struct span_list names = sidecar_names(session);
	int r = 0;

	session->sidecars = arena_array(session->arena, count + 1, sizeof(*session->sidecars));
	if (!session->sidecars || !names.items)
		return err_memory(err);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = start_sidecar(session, i, names, err);
	session_say(session, SESSION_PREPARING);
	*ret_names = names;
	return r;
}

/* ---- the container ---- */

static int
create_app(struct session *session, struct span_list names, struct err *err)
{
	const struct profile_options *options = session->options;
	const struct service *service = session->service;
	struct demands *demands = &session->profile->demands;
	struct passwd_user user = {0};
	struct runtime_limits limits;
	const struct instance_options app = {
		.image = options->image,
		.contents = options->contents,
		.original = options->original,
		.start = options->start,
		.environment = service->environment,
		.command = service->command,
		.mounts = service->mounts,
		.mount_count = service->mount_count,
		.names = names,
		.limits = &limits,
		.user = &user,
		.shells = options->shells,
		.commands = options->commands,
		.has_table = options->has_table,
		.unpacked = !options->record,
		.watch_code = service->unused_libraries == LIBRARIES_STUB && !options->original,
	};

	int r = demands_prepare(session, &limits, err);
	if (r == 0)
		r = instance_create(session, "container", &app, &session->app, err);
	if (r == 0 && session->options->demands) {
		demands->user_known = true;
		demands->uid = limits.other_user ? limits.uid : user.uid;
		demands->gid = limits.other_user ? limits.gid : user.gid;
	}
	return r;
}

int
session_wait_ready(struct session *session, struct err *err)
{
	const struct service_ready *wanted = &session->service->ready;
	const struct ready_options ready = {.http = wanted->http,
					    .tcp = wanted->tcp,
					    .command = wanted->command,
					    .ended = wanted->ended,
					    .timeout_ms = wanted->timeout_ms};

	return ready_wait(session, &session->app, &ready, err);
}

/* First instruction to ready. */
static int
start_app(struct session *session, struct err *err)
{
	/* the runtime's own accesses so far are not the container's */
	int r = session->app.lens ? lens_reset(session->app.lens, err) : 0;
	processes_watch(session, container_pid(session->app.container));
	demands_watch(session);
	session->start_ms = clock_ms();
	session->phase_ms = session->start_ms;
	session_say(session, SESSION_STARTING);
	if (r == 0)
		r = container_start(session->app.container, err);
	if (r == 0)
		r = session_wait_ready(session, err);
	/* an engine runs it as well, through the shell when it is a line for one */
	if (r == 0 && (session->options->shells || session->options->commands))
		(void)ready_health(&session->app);
	return r;
}

/* The first exposed TCP port, unless readiness found one that answers. */
static void
choose_port(struct session *session)
{
	const struct image_config *config = &session->options->image->config;

	for (size_t i = 0; session->port == 0 && i < config->port_count; i++) {
		if (!config->ports[i].udp)
			session->port = config->ports[i].number;
	}
}

/* 1 when it is ready, 0 when it is not (the results say why), < 0 error. */
static int
startup(struct session *session, struct err *err)
{
	struct span_list names;
	int r = session_phase_begin(session, PHASE_STARTUP, SPAN("startup"), SPAN(""), err);

	if (r == 0)
		r = session_start_sidecars(session, &names, err);
	if (r == 0)
		r = create_app(session, names, err);
	if (r == 0)
		r = start_app(session, err);
	if (r < 0 && !is_result(r))
		return r;
	session_phase_end(session, session->app.ended ? session->app.status : 0, r == 0);
	choose_port(session);
	session->suite->started = r == 0;
	if (r == 0)
		return 1;
	session->suite->start_error = arena_copy(session->arena, span_from(err->text));
	(void)session_gap(session, true, SPAN("startup"), "%s", err->text);
	return session->suite->start_error.p ? 0 : err_memory(err);
}

static int
work(struct session *session, struct err *err)
{
	int r = 0;

	if (session->options->loads && session->service->load_count > 0)
		r = loads_run(session, err);
	else if (session->options->loads && !session->service->ready.ended)
		r = prober_run(session, err);
	if (r == 0 && session->options->tests)
		r = tests_run(session, err);
	if (r == 0)
		demands_ports(session);
	return r;
}

/* A trial that has failed: how it would end tells nothing, and under its limits may take long. */
static bool
is_decided(const struct session *session)
{
	const struct profile_options *options = session->options;

	return options->limits && !options->refuse &&
	       (!session->suite->started || tests_failed(session, 0));
}

static int
shut_down(struct session *session, struct err *err)
{
	struct instance *app = &session->app;
	uint64_t grace = session->service->stop_grace_ms;
	bool killed = false;
	int status = 0;

	if (!app->container || instance_ended(app) || is_decided(session))
		return 0;
	int r = session_phase_begin(session, PHASE_SHUTDOWN, SPAN("shutdown"), SPAN(""), err);
	if (r < 0)
		return r;
	int number = runtime_signal(session->options->image->config.stop_signal);
	r = container_stop(app->container, number, grace ? grace : SESSION_GRACE_MS, &status,
			   &killed, err);
	if (r < 0)
		return r;
	app->ended = true;
	app->status = status;
	session_phase_end(session, status, true);
	if (killed)
		(void)session_gap(session, false, SPAN("shutdown"),
				  "it did not end on the stop signal and was killed, as it will be "
				  "elsewhere: what it would do on its way out was not seen");
	return 0;
}

/* ---- records ---- */

struct written {
	struct session *session;
	VEC(struct span) paths;
};

bool
session_covers(const struct session *session, struct span path)
{
	const struct runtime_limits *limits = session->options->limits;
	size_t count;
	const char *const *covered = runtime_covered(&count);

	for (size_t i = 0; i < count; i++) {
		if (span_is_below(path, span_from(covered[i])))
			return true;
	}
	for (size_t i = 0; i < session->service->mount_count; i++) {
		if (span_is_below(path, session->service->mounts[i].target))
			return true;
	}
	for (size_t i = 0; limits && i < limits->empty.count; i++) {
		if (span_is_below(path, limits->empty.items[i]))
			return true;
	}
	return false;
}

static int
note_written(void *context, const struct rootfs_change *change, struct err *err)
{
	struct written *written = context;
	const struct session *session = written->session;

	if (session_covers(session, change->path))
		return 0;
	if (change->directory && image_find(session->options->image, change->path) != IMAGE_NONE)
		return demands_note_directory(written->session, change, err);
	struct span copy = arena_copy(written->session->arena, change->path);
	if (!copy.p)
		return err_memory(err);
	return vec_push(&written->paths, &copy, PROFILE_WRITTEN_MAX, err);
}

static int
collect_written(struct session *session, struct err *err)
{
	struct written written = {.session = session};
	struct span_list *list = &session->profile->written;

	if (!session->app.container)
		return 0;
	int r = rootfs_written(session->app.folder, note_written, &written, err);
	if (r < 0)
		r = session_gap(session, false, SPAN("written"),
				"not all paths that were written are listed: %s", err->text);
	list->items = vec_keep(&written.paths, session->arena);
	if (!list->items) {
		r = err_memory(err);
	} else {
		list->count = written.paths.count;
		qsort(list->items, list->count, sizeof(struct span), span_compare_items);
	}
	vec_free(&written.paths);
	return r;
}

/* What the view cannot see, by its nature. */
static void
note_mounts(struct session *session)
{
	const struct service *service = session->service;

	for (size_t i = 0; i < service->mount_count; i++)
		(void)session_gap(session, false, service->mounts[i].target,
				  "bind mount of %.*s: outside the view, what is used of it is not "
				  "recorded",
				  SPAN_ARG(service->mounts[i].source));
	if (session->app.container)
		(void)session_gap(
			session, false, SPAN("/etc/hosts"),
			"this, /etc/hostname and /etc/resolv.conf are mounted over by the "
			"runtime: outside the view");
	if (session->app.container && container_log_cut(session->app.container))
		(void)session_gap(session, false, SPAN("container.log"), "cut at %lu MiB of output",
				  CONTAINER_LOG_MAX / MIB);
}

/* What only the launcher looked for, to see that it is not there, is not missed by anybody. */
static void
drop_checked(struct profile *profile)
{
	size_t kept = 0;

	for (size_t i = 0; i < profile->missing_count; i++) {
		if (!span_equal(profile->missing[i].program, SPAN(START_LAUNCHER_PATH)))
			profile->missing[kept++] = profile->missing[i];
	}
	profile->missing_count = kept;
}

static int
collect(struct session *session, struct err *err)
{
	struct profile *profile = session->profile;
	int r = 0;

	session_say(session, SESSION_COLLECTING);
	profile->duration_ms = session->start_ms ? clock_ms() - session->start_ms : 0;
	profile->phases = session->phases.items;
	profile->phase_count = session->phases.count;
	profile->complete = !session->failed;
	profile->narrow = session->prober && session->service->test_count == 0;
	note_mounts(session);
	if (session->app.lens)
		r = lens_collect(session->app.lens, profile, err);
	if (r == 0)
		drop_checked(profile);
	if (r == 0)
		r = processes_from_paths(session, err);
	if (r == 0)
		r = collect_written(session, err);
	if (r == 0)
		r = demands_collect(session, err);
	profile->processes = session->processes.items;
	profile->process_count = session->processes.count;
	return r;
}

/* The session's own remarks and those the view added. */
static int
join_gaps(struct session *session, struct err *err)
{
	struct profile *profile = session->profile;
	int r = 0;

	for (size_t i = 0; r == 0 && i < profile->gaps.count; i++)
		r = vec_push(&session->gaps, &profile->gaps.items[i], PROFILE_GAPS_MAX, err);
	profile->gaps = (struct gap_list){session->gaps.items, session->gaps.count};
	session->suite->cases = session->cases.items;
	session->suite->count = session->cases.count;
	return r;
}

static int
answer(struct session *session, struct buf *result, struct err *err)
{
	struct span text;
	int r = profile_json_write(session->profile, session->arena, &text, err);

	if (r == 0)
		r = buf_append(result, text, err);
	if (r == 0)
		r = buf_byte(result, SESSION_SEPARATOR, err);
	if (r == 0)
		r = suite_json_write(session->suite, session->arena, &text, err);
	if (r == 0)
		r = buf_append(result, text, err);
	if (r == 0)
		r = buf_byte(result, SESSION_SEPARATOR, err);
	return r < 0 ? r : recorder_collect(session, result, err);
}

/* ---- all of it ---- */

int
session_prepare(struct session *session, struct err *err)
{
	const struct image *image = session->options->image;

	*session->profile = (struct profile){
		.arena = session->arena,
		.image = image->manifest_digest,
		.reference = image->reference,
		.architecture = image->config.architecture,
		.recorder = session->options->record ? SPAN("lens") : SPAN("none"),
		.tool = SPAN("mohs " MOHS_VERSION),
		.started = clock_now(),
		.runs = 1,
		.start = session->options->start,
		.commands = session->options->commands,
	};
	session->suite->start_error = SPAN("");
	session->seen_processes = map_new(0);
	if (!session->seen_processes)
		return err_memory(err);
	session->logs = session->options->log_folder ? session->options->log_folder
						     : session->sandbox->folder;
	/* containers whose user is not root pass through here; its name is not to be guessed */
	if (chmod(session->sandbox->folder, 0711) < 0)
		return err_set(err, ERR_IO, "cannot open up %s", session->sandbox->folder);
	return runtime_find(session->arena, &session->runtime, err);
}

static int
run(struct session *session, struct buf *result, struct err *err)
{
	int r = session_prepare(session, err);

	if (r == 0)
		r = startup(session, err);
	if (r > 0)
		r = work(session, err);
	if (r == 0)
		r = shut_down(session, err);
	if (r == 0)
		r = collect(session, err);
	if (r == 0)
		r = join_gaps(session, err);
	return r < 0 ? r : answer(session, result, err);
}

void
session_free(struct session *session)
{
	instance_free(&session->app);
	for (size_t i = 0; session->sidecars && i < session->service->sidecar_count; i++)
		instance_free(&session->sidecars[i]);
	syscalls_free(session->syscalls);
}

int
session_main(void *context, const struct sandbox *sandbox, struct buf *result, struct err *err)
{
	const struct profile_options *options = context;
	struct arena *arena = arena_new(0);
	struct session session = {
		.options = options,
		.service = options->service,
		.sandbox = sandbox,
		.arena = arena,
		.profile = arena ? arena_alloc(arena, sizeof(struct profile)) : NULL,
		.suite = arena ? arena_alloc(arena, sizeof(struct suite)) : NULL,
	};

	if (!session.profile || !session.suite)
		return err_memory(err);
	int r = run(&session, result, err);
	session_free(&session);
	return r;
}
