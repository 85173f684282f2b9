/* SPDX-License-Identifier: Apache-2.0 */
/* Data that is there already: in volumes, or where the script found nothing. */
#include "stage/entrypoint/compiler.h"

#include "base/limits.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

enum { FOLDERS = 8, STRANGER = 12345, PLANTS = 4, CLEARED = 16 };

typedef VEC(struct span) folders;

static bool
has(const folders *list, struct span path)
{
	for (size_t i = 0; i < list->count; i++) {
		if (span_equal(list->items[i], path))
			return true;
	}
	return false;
}

static int
add_folder(folders *list, struct span path, struct err *err)
{
	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	if (path.n < 2 || has(list, path) || list->count == FOLDERS)
		return 0;
	return vec_push(list, &path, FOLDERS, err);
}

/* Where data of a service may be: volumes, its working directory, what the start gives away. */
static int
find_folders(const struct compiler *compiler, folders *list, struct err *err)
{
	const struct image_config *config = &compiler->input->image->config;
	const struct service *service = compiler->input->service;
	const struct start_state *base = compiler->base;
	int r = 0;

	for (size_t i = 0; r == 0 && i < service->mount_count; i++) {
		struct stat st;

		if (service->mounts[i].writable && stat(service->mounts[i].source.p, &st) == 0 &&
		    S_ISDIR(st.st_mode))
			r = add_folder(list, service->mounts[i].target, err);
	}
	for (size_t i = 0; r == 0 && i < config->volumes.count; i++)
		r = add_folder(list, config->volumes.items[i], err);
	if (r == 0)
		r = add_folder(list, config->working_directory, err);
	for (size_t i = 0; r == 0 && i < base->change_count; i++) {
		const struct start_change *change = &base->changes[i];

		if ((change->kind == CHANGE_DIRECTORY || change->kind == CHANGE_ATTRIBUTES) &&
		    change->uid != compiler->zero->uid)
			r = add_folder(list, change->path, err);
	}
	return r;
}

/* FOLDER/.mohs-file, FOLDER/.mohs-folder, FOLDER/.mohs-folder/file, FOLDER itself, of a stranger.
 */
static int
plant(struct compiler *compiler, struct span folder, struct start_plant *plants, struct err *err)
{
	static const char *const names[PLANTS] = {"/.mohs-file", "/.mohs-folder",
						  "/.mohs-folder/file", ""};

	for (size_t i = 0; i < PLANTS; i++) {
		plants[i] = (struct start_plant){
			.path = arena_printf(compiler->arena, "%.*s%s", SPAN_ARG(folder), names[i]),
			.content = i % 2 ? (struct span){NULL, 0} : SPAN("mohs\n"),
			.uid = STRANGER,
			.gid = STRANGER,
		};
		if (!plants[i].path.p)
			return err_memory(err);
	}
	return 0;
}

static const struct start_change *
find_change(const struct start_state *state, struct span path)
{
	for (size_t i = 0; state && i < state->change_count; i++) {
		if (span_equal(state->changes[i].path, path))
			return &state->changes[i];
	}
	return NULL;
}

/* Facts about the plants, and of folders that are there because of them. */
static struct span_list
ignored_keys(struct compiler *compiler, const struct start_plant *plants, size_t count)
{
	struct arena *arena = compiler->arena;
	struct span_list list = {arena_array(arena, count * 2 + 1, sizeof(struct span)), 0};

	for (size_t i = 0; list.items && i < count; i++) {
		list.items[list.count++] =
			arena_printf(arena, "change%.*s", SPAN_ARG(plants[i].path));
		list.items[list.count++] =
			arena_printf(arena, "content%.*s", SPAN_ARG(plants[i].path));
	}
	return list;
}

/* 1 when the start is as ever with these there. */
static int
same_with(struct compiler *compiler, struct start_plant *plants, size_t count,
	  struct start_state **ret, struct err *err)
{
	struct start_trial trial = {.plants = plants, .plant_count = count};
	struct span_list ignored = ignored_keys(compiler, plants, count);
	struct facts facts = {0};
	int r = compiler_try(compiler, &trial, ret, NULL, err);

	if (r < 0 || !*ret || !(*ret)->reached)
		return r;
	r = facts_make(*ret, compiler->arena, &facts, err);
	if (r < 0)
		return r;
	return facts_same(&compiler->base_facts, NULL, 0, &facts, &ignored, compiler->arena, NULL);
}

/* What became of the plants: an owner for everything below, or nothing. */
static int
note_owner(struct compiler *compiler, struct span folder, const struct start_plant *plants,
	   const struct start_state *state, struct err *err)
{
	struct start_plant owned = {.path = folder, .uid = UINT32_MAX, .gid = UINT32_MAX};
	const struct start_change *first = find_change(state, plants[0].path);
	const struct start_change *self = find_change(state, folder);

	for (size_t i = 0; i + 1 < PLANTS; i++) {
		const struct start_change *change = find_change(state, plants[i].path);

		if (!change || change->uid != first->uid || change->gid != first->gid)
			return compiler_left(compiler, folder, err,
					     "what the start does to the files that are there "
					     "already is no change of owner for all of them");
	}
	int r = vec_push(&compiler->settled, &folder, FOLDERS, err);
	if (r < 0)
		return r;
	if (first->uid != STRANGER)
		owned.uid = first->uid;
	if (first->gid != STRANGER)
		owned.gid = first->gid;
	if (owned.uid == UINT32_MAX && owned.gid == UINT32_MAX)
		return 0;
	if (self && self->uid == first->uid && self->gid == first->gid)
		owned.content = SPAN("itself");
	return vec_push(&compiler->owned, &owned, FOLDERS, err);
}

static int
note_sensitive(struct compiler *compiler, struct span folder, struct err *err)
{
	return compiler_remark(compiler, folder, err,
			       "the start comes out differently when there is something in it: "
			       "it must hold what it held when it was observed");
}

static int
vary_folder(struct compiler *compiler, struct span folder, struct err *err)
{
	struct start_plant plants[PLANTS];
	struct start_state *state = NULL;
	int r = plant(compiler, folder, plants, err);

	if (r == 0)
		r = same_with(compiler, plants, PLANTS, &state, err);
	if (r > 0)
		return note_owner(compiler, folder, plants, state, err);
	return r < 0 ? r : note_sensitive(compiler, folder, err);
}

/* All at once, and one by one where that makes a difference. */
static int
vary_folders(struct compiler *compiler, const folders *list, struct err *err)
{
	struct start_plant plants[FOLDERS * PLANTS];
	struct start_state *state = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->count; i++)
		r = plant(compiler, list->items[i], plants + i * PLANTS, err);
	if (r == 0)
		r = same_with(compiler, plants, list->count * PLANTS, &state, err);
	if (r < 0)
		return r;
	for (size_t i = 0; r >= 0 && i < list->count; i++) {
		int one = r > 0 ? note_owner(compiler, list->items[i], plants + i * PLANTS, state,
					     err)
				: vary_folder(compiler, list->items[i], err);
		if (one < 0)
			return one;
	}
	return 0;
}

/* ---- without the data it was observed with ---- */

static bool
host_has(const struct service_mount *mount, struct span path)
{
	char full[PATH_MAX];
	struct stat st;

	(void)snprintf(full, sizeof(full), "%.*s%.*s", SPAN_ARG(mount->source),
		       (int)(path.n - mount->target.n), path.p + mount->target.n);
	return lstat(full, &st) == 0;
}

/* By a program that a script decides with, not by one that makes what it does not find. */
static bool
looks(const struct compiler *compiler, const struct profile_missing *missing)
{
	static const struct span names[] = {SPAN_INIT("["),    SPAN_INIT("test"), SPAN_INIT("ls"),
					    SPAN_INIT("stat"), SPAN_INIT("cat"),  SPAN_INIT("grep"),
					    SPAN_INIT("find")};
	const struct image *image = compiler->input->image;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (span_equal(span_base_name(missing->program), names[i]))
			return true;
	}
	return detect_is_shell(image, image_find(image, missing->program));
}

static int
note_present(struct compiler *compiler, const struct profile *used, struct err *err)
{
	const struct service *service = compiler->input->service;
	int r = 0;

	for (size_t m = 0; r == 0 && m < service->mount_count; m++) {
		const struct service_mount *mount = &service->mounts[m];

		for (size_t i = 0; r == 0 && mount->writable && i < used->missing_count; i++) {
			struct span path = used->missing[i].path;
			bool below = looks(compiler, &used->missing[i]) &&
				     span_starts_with(path, mount->target) &&
				     path.n > mount->target.n && path.p[mount->target.n] == '/';

			if (!below || !host_has(mount, path) ||
			    has((const folders *)(const void *)&compiler->present, path))
				continue;
			struct span copy = arena_copy(compiler->arena, path);
			r = copy.p ? vec_push(&compiler->present, &copy, START_GUARDS_MAX, err)
				   : err_memory(err);
		}
	}
	return r;
}

static bool
has_folder_mounts(const struct service *service)
{
	for (size_t i = 0; i < service->mount_count; i++) {
		if (service->mounts[i].writable)
			return true;
	}
	return false;
}

static int
vary_mounts(struct compiler *compiler, struct err *err)
{
	struct start_trial trial = {.no_mounts = true};
	struct start_state *state = NULL;
	struct profile *used = NULL;
	struct facts facts = {0};

	if (!has_folder_mounts(compiler->input->service))
		return 0;
	int r = compiler_try(compiler, &trial, &state, &used, err);
	if (r == -ERR_LIMIT) /* it sets up more than can be looked at: different for sure */
		return compiler_left(compiler, compiler->start->script, err,
				     "without the data of its mounts it sets up its own: %s",
				     err->text);
	bool same = false;
	if (r == 0 && state && state->reached) {
		r = facts_make(state, compiler->arena, &facts, err);
		same = r == 0 && facts_same(&compiler->base_facts, NULL, 0, &facts, NULL,
					    compiler->arena, NULL);
	}
	if (r == 0 && state && !same)
		r = note_present(compiler, used, err);
	if (r == 0 && state && !same && compiler->present.count == 0)
		r = compiler_left(compiler, SPAN("mounts"), err,
				  "the start is another one without the data of its mounts, and "
				  "what it looks for in them was not seen");
	profile_free(used);
	return r;
}

/* ---- what it removes ---- */

/* Names that `rm` was given and did not find. */
static int
vary_removed(struct compiler *compiler, struct err *err)
{
	const struct profile *used = compiler->used;
	struct start_plant plants[CLEARED];
	struct start_state *state = NULL;
	size_t count = 0;

	for (size_t i = 0; i < used->missing_count && count < CLEARED; i++) {
		const struct profile_missing *missing = &used->missing[i];

		if (span_equal(span_base_name(missing->program), SPAN("rm")) &&
		    !span_starts_with(missing->path, SPAN("/usr/")) &&
		    !span_starts_with(missing->path, SPAN("/etc/ld.so")) &&
		    !span_starts_with(missing->path, SPAN("/lib")))
			plants[count++] = (struct start_plant){
				.path = missing->path, .content = SPAN("mohs\n"), .uid = 0};
	}
	int r = count ? same_with(compiler, plants, count, &state, err) : 0;
	for (size_t i = 0; r > 0 && i < count; i++) {
		const struct start_change *change = find_change(state, plants[i].path);
		struct span copy = arena_copy(compiler->arena, plants[i].path);

		if (change && change->kind != CHANGE_REMOVED)
			continue;
		int one = copy.p ? vec_push(&compiler->cleared, &copy, CLEARED, err)
				 : err_memory(err);
		if (one < 0)
			return one;
	}
	return r < 0 ? r : 0;
}

int
vary_data(struct compiler *compiler, struct err *err)
{
	folders list = {0};
	int r = find_folders(compiler, &list, err);

	if (r == 0 && list.count)
		r = vary_folders(compiler, &list, err);
	vec_free(&list);
	if (r == 0)
		r = vary_mounts(compiler, err);
	return r < 0 ? r : vary_removed(compiler, err);
}
