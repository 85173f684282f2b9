/* SPDX-License-Identifier: Apache-2.0 */
/* One start, up to the first instruction of the service: what it comes to, and what it took. */
#include "stage/profile/session.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/probe.h"
#include "codec/profile_json.h"
#include "codec/start_json.h"
#include "port/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROBE_FOLDER "/.mohs-probe"

enum { FIXED_MOUNTS = 3, PROC_LINE_MAX = 65536 };

struct observing {
	const struct start_trial *trial;
	struct session session;
	struct start_state *state;
	struct service_mount *mounts;
	size_t mount_count;
	struct changes_tree *trees;
	size_t tree_count;
	const char *folder; /* what is /.mohs-probe inside */
	struct image_config config;
	struct service unmounted;
};

/* ---- what is mounted ---- */

static int
add_mount(struct observing *observing, struct span source, struct span target, bool writable,
	  struct err *err)
{
	if (!source.p || !target.p)
		return err_memory(err);
	observing->mounts[observing->mount_count++] =
		(struct service_mount){source, target, writable};
	return 0;
}

/* A writable folder of the host is seen through an overlay. */
static int
mount_copy(struct observing *observing, const struct service_mount *mount, size_t index,
	   struct err *err)
{
	struct arena *arena = observing->session.arena;
	const char *folder =
		arena_printf(arena, "%s/mount-%zu", observing->session.sandbox->folder, index).p;
	struct span source = arena_printf(arena, "%s/rootfs", folder ? folder : "");

	if (!folder || !source.p)
		return err_memory(err);
	int r = directory_make(folder, 0755, err);
	if (r == 0)
		r = rootfs_mount(folder, mount->source.p, true, err);
	for (size_t i = 0; r == 0 && i < observing->trial->plant_count; i++) {
		const struct start_plant *plant = &observing->trial->plants[i];

		if (span_equal(plant->path, mount->target))
			r = chown(source.p, plant->uid, plant->gid) < 0
				    ? err_sys(err, ERR_IO, errno, "cannot give %s away", source.p)
				    : 0;
		else if (span_is_below(plant->path, mount->target))
			r = rootfs_put(source.p,
				       span_slice(plant->path, mount->target.n, plant->path.n),
				       plant->content, plant->uid, plant->gid, err);
	}
	if (r < 0)
		return r;
	observing->trees[observing->tree_count++] =
		(struct changes_tree){mount->target, folder, mount->source.p};
	return add_mount(observing, source, mount->target, true, err);
}

static int
mount_service(struct observing *observing, struct err *err)
{
	const struct service *service = observing->session.service;
	int r = 0;

	for (size_t i = 0; r == 0 && i < service->mount_count; i++) {
		const struct service_mount *mount = &service->mounts[i];
		struct stat st;
		bool folder = stat(mount->source.p, &st) == 0 && S_ISDIR(st.st_mode);

		if (!mount->writable || !folder)
			r = add_mount(observing, mount->source, mount->target, false, err);
		else
			r = mount_copy(observing, mount, i, err);
	}
	return r;
}

/* The program itself first: what it is covered by comes after. */
static int
mount_probe(struct observing *observing, struct err *err)
{
	struct arena *arena = observing->session.arena;
	struct span program = observing->trial->program;
	const char *sandbox = observing->session.sandbox->folder;
	struct span probe = arena_printf(arena, "%s/mohs-probe", sandbox);
	struct span inner = arena_printf(arena, "%s/probe", sandbox);
	struct span original = arena_printf(arena, "%s/probe/original", sandbox);

	if (!probe.p || !inner.p || !original.p)
		return err_memory(err);
	observing->folder = inner.p;
	int r = file_put(probe.p, launcher_probe(), 0755, err);
	if (r == 0)
		r = directory_make(inner.p, 0777, err);
	if (r == 0 && chmod(inner.p, 0777) < 0)
		r = err_sys(err, ERR_IO, errno, "cannot open up %s", inner.p);
	if (r == 0)
		r = file_put(original.p, SPAN(""), 0755, err);
	if (r == 0)
		r = add_mount(observing, inner, SPAN(PROBE_FOLDER), true, err);
	if (r < 0 || observing->trial->bare)
		return r < 0 ? r
			     : add_mount(observing, probe, SPAN(PROBE_FOLDER "/original"), false,
					 err);
	r = add_mount(observing,
		      arena_printf(arena, "%s/container/rootfs%.*s", sandbox, SPAN_ARG(program)),
		      SPAN(PROBE_FOLDER "/original"), false, err);
	return r < 0 ? r : add_mount(observing, probe, program, false, err);
}

static int
prepare_mounts(struct observing *observing, struct err *err)
{
	struct arena *arena = observing->session.arena;
	size_t count = observing->session.service->mount_count;

	observing->mounts = arena_array(arena, count + FIXED_MOUNTS, sizeof(*observing->mounts));
	observing->trees = arena_array(arena, count + 1, sizeof(*observing->trees));
	if (!observing->mounts || !observing->trees)
		return err_memory(err);
	int r = mount_service(observing, err);
	if (r == 0 && (observing->trial->program.n || observing->trial->bare))
		r = mount_probe(observing, err);
	return r;
}

/* ---- what it is started with ---- */

static struct span
name_of(struct span item)
{
	return span_slice(item, 0, span_find(item, '='));
}

static bool
is_changed(const struct span_list *changes, struct span item)
{
	for (size_t i = 0; i < changes->count; i++) {
		if (span_equal(name_of(changes->items[i]), name_of(item)))
			return true;
	}
	return false;
}

/* The image's and the service's variables, with those of this observation. */
static int
make_environment(struct observing *observing, struct err *err)
{
	const struct span_list *changes = &observing->trial->environment;
	const struct span_list *lists[] = {&observing->session.options->image->config.environment,
					   &observing->session.service->environment, changes};
	struct span_list all = {arena_array(observing->session.arena,
					    lists[0]->count + lists[1]->count + lists[2]->count + 1,
					    sizeof(struct span)),
				0};

	if (!all.items)
		return err_memory(err);
	for (size_t i = 0; i < 3; i++) {
		for (size_t k = 0; k < lists[i]->count; k++) {
			struct span item = lists[i]->items[k];
			bool stays =
				i == 2 ? span_find(item, '=') < item.n : !is_changed(changes, item);

			if (stays)
				all.items[all.count++] = item;
		}
	}
	observing->config.environment = all;
	return 0;
}

static int
make_config(struct observing *observing, struct err *err)
{
	static struct span bare[] = {SPAN_INIT(PROBE_FOLDER "/original")};
	const struct start_trial *trial = observing->trial;

	observing->config = observing->session.options->image->config;
	if (trial->user.p)
		observing->config.user = trial->user;
	if (trial->bare) {
		observing->config.entrypoint = (struct span_list){bare, 1};
		observing->config.command.count = 0;
	} else if (trial->other_arguments) {
		observing->config.command = trial->arguments;
	} else if (observing->session.service->command.count) {
		observing->config.command = observing->session.service->command;
	}
	return make_environment(observing, err);
}

/* ---- what comes of it ---- */

/* "/proc/PID/NAME" of the container's first process. */
static struct span
read_proc(const struct observing *observing, const char *name, char *to, size_t size)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s",
		       (int)container_pid(observing->session.app.container), name);
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, to, size) : -1;
	return (struct span){to, n > 0 ? (size_t)n : 0};
}

static int
note_running(struct observing *observing, struct err *err)
{
	struct start_state *state = observing->state;
	struct arena *arena = observing->session.arena;
	char path[64];
	char program[PATH_MAX];
	char line[PROC_LINE_MAX];

	(void)snprintf(path, sizeof(path), "/proc/%d/exe",
		       (int)container_pid(observing->session.app.container));
	ssize_t n = readlink(path, program, sizeof(program));
	if (n <= 0 || (size_t)n == sizeof(program))
		return err_sys(err, ERR_CHILD, errno, "cannot read %s", path);
	struct span text = read_proc(observing, "cmdline", line, sizeof(line));
	state->arguments.items = arena_array(arena, text.n + 1, sizeof(struct span));
	state->program = arena_copy(arena, (struct span){program, (size_t)n});
	if (!state->arguments.items || !state->program.p)
		return err_memory(err);
	while (text.n) {
		struct span copy = arena_copy(arena, span_cut(&text, '\0'));

		if (!copy.p)
			return err_memory(err);
		state->arguments.items[state->arguments.count++] = copy;
	}
	state->reached = true;
	return 0;
}

static int
note_probed(struct observing *observing, struct err *err)
{
	struct start_state *state = observing->state;
	struct span records;
	struct span path = arena_printf(observing->session.arena, "%s/state", observing->folder);

	if (!path.p)
		return err_memory(err);
	int r = file_load(path.p, START_RECORDS_MAX, observing->session.arena, &records, err);
	if (r == -ERR_NOT_FOUND)
		return 0; /* it never came to it */
	return r < 0 ? r : probe_read(records, observing->session.arena, state, err);
}

static int
wait_for_probe(struct observing *observing, struct err *err)
{
	struct session *session = &observing->session;
	uint64_t ready = session->service->ready.timeout_ms;
	uint64_t timeout = ready ? ready : SESSION_READY_MS;
	uint64_t patience = observing->trial->patience_ms;
	uint64_t end = clock_ms() + (patience && patience < timeout ? patience : timeout);

	while (!instance_ended(&session->app) && clock_ms() < end && !proc_cancel)
		(void)session_wait(session, -1, end);
	if (proc_cancel)
		return err_set(err, ERR_CANCELLED, "interrupted");
	observing->state->status = session->app.ended ? session->app.status : -1;
	return note_probed(observing, err);
}

static int
wait_for_service(struct observing *observing, struct err *err)
{
	struct session *session = &observing->session;
	int r = session_wait_ready(session, err);

	if (r == -ERR_TIMEOUT || r == -ERR_CHILD) {
		observing->state->status = session->app.ended ? session->app.status : -1;
		return 0;
	}
	if (r == 0 && session->app.ended)
		return 0;
	return r < 0 ? r : note_running(observing, err);
}

static int
start_it(struct observing *observing, struct err *err)
{
	const struct start_trial *trial = observing->trial;
	struct session *session = &observing->session;
	struct instance_options app = {
		.image = session->options->image,
		.contents = session->options->contents,
		.config = &observing->config,
		.hostname = trial->hostname,
		.plants = trial->plants,
		.plant_count = trial->plant_count,
		.mounts = observing->mounts,
	};
	int r = session_start_sidecars(session, &app.names, err);

	if (r == 0)
		r = prepare_mounts(observing, err);
	app.mounts = observing->mounts;
	app.mount_count = observing->mount_count;
	if (r == 0)
		r = instance_create(session, "container", &app, &session->app, err);
	if (r == 0)
		r = lens_reset(session->app.lens, err);
	session->start_ms = clock_ms();
	session_say(session, SESSION_STARTING);
	if (r == 0)
		r = container_start(session->app.container, err);
	if (r < 0)
		return r;
	return trial->program.n || trial->bare ? wait_for_probe(observing, err)
					       : wait_for_service(observing, err);
}

static int
collect(struct observing *observing, struct err *err)
{
	struct session *session = &observing->session;
	struct profile *profile = session->profile;

	session_say(session, SESSION_COLLECTING);
	observing->state->words = arena_copy(session->arena, session_last_words(session));
	if (!observing->state->words.p)
		return err_memory(err);
	profile->phases = session->phases.items;
	profile->phase_count = session->phases.count;
	observing->trees[observing->tree_count++] =
		(struct changes_tree){SPAN(""), session->app.folder, NULL};
	int r = observing->trial->used ? lens_collect(session->app.lens, profile, err) : 0;
	if (r == 0)
		r = changes_find(session, observing->trees, observing->tree_count, observing->state,
				 err);
	return r;
}

static int
answer(struct observing *observing, struct buf *result, struct err *err)
{
	struct session *session = &observing->session;
	struct span text = SPAN("");
	int r = 0;

	if (observing->trial->used)
		r = profile_json_write(session->profile, session->arena, &text, err);
	if (r == 0)
		r = buf_append(result, text, err);
	if (r == 0)
		r = buf_byte(result, SESSION_SEPARATOR, err);
	if (r == 0)
		r = start_state_write(observing->state, session->arena, &text, err);
	return r < 0 ? r : buf_append(result, text, err);
}

/* A container that cannot be started so is an answer as well. */
static bool
is_answer(int r)
{
	return r == -ERR_NOT_FOUND || r == -ERR_CHILD || r == -ERR_INVALID;
}

static int
note_failure(struct observing *observing, const struct err *failure, struct err *err)
{
	struct start_state *state = observing->state;

	state->reached = false;
	state->status = -1;
	state->words = arena_copy(observing->session.arena, span_from(failure->text));
	return state->words.p ? 0 : err_memory(err);
}

static int
observe(struct observing *observing, struct buf *result, struct err *err)
{
	struct session *session = &observing->session;
	int r = session_prepare(session, err);

	if (r == 0)
		r = session_phase_begin(session, PHASE_STARTUP, SPAN("startup"), SPAN(""), err);
	if (r == 0)
		r = make_config(observing, err);
	if (r == 0)
		r = start_it(observing, err);
	if (is_answer(r))
		r = note_failure(observing, err, err);
	else if (r == 0)
		r = collect(observing, err);
	return r < 0 ? r : answer(observing, result, err);
}

int
observe_main(void *context, const struct sandbox *sandbox, struct buf *result, struct err *err)
{
	struct arena *arena = arena_new(0);
	const struct observe_options *options = context;
	struct observing observing = {
		.trial = options->trial,
		.session = {.options = options->profile,
			    .service = options->profile->service,
			    .sandbox = sandbox,
			    .arena = arena,
			    .profile = arena ? arena_alloc(arena, sizeof(struct profile)) : NULL,
			    .suite = arena ? arena_alloc(arena, sizeof(struct suite)) : NULL},
		.state = arena ? arena_alloc(arena, sizeof(struct start_state)) : NULL,
	};

	if (!observing.session.profile || !observing.session.suite || !observing.state)
		return err_memory(err);
	if (options->trial->no_mounts) {
		observing.unmounted = *observing.session.service;
		observing.unmounted.mount_count = 0;
		observing.session.service = &observing.unmounted;
	}
	observing.state->words = observing.state->program = observing.state->directory = SPAN("");
	int r = observe(&observing, result, err);
	session_free(&observing.session);
	return r;
}
