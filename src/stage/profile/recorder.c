/* SPDX-License-Identifier: Apache-2.0 */
/* Shells of the container: a recorder that stands before them, or a table of commands. */
#include "stage/profile/session.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "port/launcher.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER "/.mohs-shell"

/* Anybody in the container may write there. */
static int
make_open(const char *path, mode_t mode, struct err *err)
{
	int r = mode & S_IXUSR ? directory_make(path, mode, err)
			       : file_put(path, SPAN(""), mode, err);

	if (r == 0 && chmod(path, mode) < 0)
		r = err_sys(err, ERR_IO, errno, "cannot open up %s", path);
	return r;
}

static int
add_mount(struct mount_list *list, struct span source, struct span target, bool writable,
	  struct err *err)
{
	if (!source.p || !target.p)
		return err_memory(err);
	list->items[list->count++] = (struct service_mount){source, target, writable};
	return 0;
}

/* "/usr/bin/dash" -> "usr%bin%dash" */
static struct span
flat_name(struct span path, struct arena *arena)
{
	struct span copy = arena_copy(arena, span_slice(path, 1, path.n));

	for (size_t i = 0; copy.p && i < copy.n; i++) {
		if (copy.p[i] == '/')
			((char *)(uintptr_t)copy.p)[i] = '%';
	}
	return copy;
}

static int
stand_before(const struct instance *instance, struct span shell, struct mount_list *mounts,
	     struct arena *arena, struct err *err)
{
	struct span flat = flat_name(shell, arena);
	struct span place =
		arena_printf(arena, "%s/shell/original/%.*s", instance->folder, SPAN_ARG(flat));
	struct span source =
		arena_printf(arena, "%s/rootfs%.*s", instance->folder, SPAN_ARG(shell));
	struct span target = arena_printf(arena, FOLDER "/original/%.*s", SPAN_ARG(flat));

	if (!flat.p || !place.p)
		return err_memory(err);
	int r = file_put(place.p, SPAN(""), 0755, err);
	return r < 0 ? r : add_mount(mounts, source, target, false, err);
}

/* The shells themselves first: what they are covered by comes after. */
static int
mount_recorder(const struct instance *instance, const struct span_list *shells,
	       struct mount_list *mounts, struct arena *arena, struct err *err)
{
	struct span folder = arena_printf(arena, "%s/shell", instance->folder);
	struct span originals = arena_printf(arena, "%s/shell/original", instance->folder);
	struct span runs = arena_printf(arena, "%s/shell/runs", instance->folder);
	struct span recorder = arena_printf(arena, "%s/mohs-recorder", instance->folder);

	if (!folder.p || !originals.p || !runs.p || !recorder.p)
		return err_memory(err);
	int r = make_open(folder.p, 0777, err);
	if (r == 0)
		r = directory_make(originals.p, 0755, err);
	if (r == 0)
		r = make_open(runs.p, 0666, err);
	if (r == 0)
		r = file_put(recorder.p, launcher_recorder(), 0755, err);
	if (r == 0)
		r = add_mount(mounts, folder, SPAN(FOLDER), true, err);
	for (size_t i = 0; r == 0 && i < shells->count; i++)
		r = stand_before(instance, shells->items[i], mounts, arena, err);
	for (size_t i = 0; r == 0 && i < shells->count; i++)
		r = add_mount(mounts, recorder, shells->items[i], false, err);
	return r;
}

static int
write_table(const struct instance *instance, const struct commands *commands, struct arena *arena,
	    struct err *err)
{
	struct span program = arena_printf(arena, "%s/mohs/commands", instance->folder);
	struct span table = arena_printf(arena, "%s/mohs/commands.json", instance->folder);

	if (!program.p || !table.p)
		return err_memory(err);
	int r = file_put(program.p, launcher_commands(), 0755, err);
	return r < 0 ? r : file_put(table.p, commands->table, 0644, err);
}

size_t
recorder_mounts(const struct instance_options *options)
{
	return options->shells ? 1 + 2 * options->shells->count : 1;
}

int
recorder_prepare(const struct instance_options *options, const struct instance *instance,
		 struct mount_list *mounts, struct arena *arena, struct err *err)
{
	struct span refused = arena_printf(arena, "%s/refused", instance->folder);
	int r = 0;

	if (options->shells)
		return mount_recorder(instance, options->shells, mounts, arena, err);
	if (!options->commands || options->commands->form != COMMANDS_TABLE)
		return 0;
	if (!refused.p)
		return err_memory(err);
	if (!options->has_table) {
		struct span inner = arena_printf(arena, "%s/mohs/refused", instance->folder);

		r = write_table(instance, options->commands, arena, err);
		if (r == 0)
			r = inner.p ? file_put(inner.p, SPAN(""), 0644, err) : err_memory(err);
	}
	if (r == 0)
		r = make_open(refused.p, 0666, err);
	return r < 0 ? r : add_mount(mounts, refused, SPAN("/.mohs/refused"), true, err);
}

/* ---- what they wrote ---- */

static int
append_input(const char *folder, const char *name, struct buf *result, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span path =
		arena ? arena_printf(arena, "%s/%s", folder, name) : (struct span){NULL, 0};
	struct span bytes;

	if (!path.p)
		return err_memory(err);
	int r = file_load(path.p, SHELL_INPUT_MAX, arena, &bytes, err);
	if (r == 0)
		r = buf_printf(result, err, "input %zu\n%s\n", bytes.n + strlen(name) + 1, name);
	if (r == 0)
		r = buf_append(result, bytes, err);
	return r < 0 ? r : buf_byte(result, '\n', err);
}

static int
append_inputs(const char *folder, struct buf *result, struct err *err)
{
	DIR *directory = opendir(folder);
	struct dirent *item;
	int r = 0;

	if (!directory)
		return err_sys(err, ERR_IO, errno, "cannot list %s", folder);
	while (r == 0 && (item = readdir(directory))) {
		if (strncmp(item->d_name, "input-", 6) == 0)
			r = append_input(folder, item->d_name, result, err);
	}
	(void)closedir(directory);
	return r;
}

static int
append_file(const char *path, struct buf *result, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span bytes;
	int r = arena ? file_load(path, SHELL_LOG_MAX, arena, &bytes, err) : err_memory(err);

	return r < 0 ? r : buf_append(result, bytes, err);
}

int
recorder_collect(const struct session *session, struct buf *result, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf log = BUF_INIT(SHELL_LOG_MAX);
	const struct profile_options *options = session->options;
	char path[SESSION_PATH];
	int r = 0;

	if (!session->app.folder)
		return 0;
	if (options->shells) {
		(void)snprintf(path, sizeof(path), "%s/shell", session->app.folder);
		r = append_inputs(path, &log, err);
		(void)snprintf(path, sizeof(path), "%s/shell/runs", session->app.folder);
	} else if (options->commands && options->commands->form == COMMANDS_TABLE) {
		(void)snprintf(path, sizeof(path), "%s/refused", session->app.folder);
	} else {
		return 0;
	}
	if (r == 0)
		r = append_file(path, &log, err);
	if (r == -ERR_LIMIT) {
		*err = (struct err)ERR_INIT;
		return buf_append(result, SPAN("run 8\nlost 0\n\n\n"), err);
	}
	return r < 0 ? r : buf_append(result, buf_span(&log), err);
}
