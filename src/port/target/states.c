/* SPDX-License-Identifier: Apache-2.0 */
/* Engines that leave a file for each container: FOLDER/IDENTIFIER/state.json. */
#include "port/target/engines.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_START = 4 }; /* of an identifier */

/* Where containers of one kind are. */
struct place {
	const char *folder;
	const char *file; /* in the folder of each container */
	enum container_format format;
};

/* A name that is one component and no way out. */
static bool
is_plain(struct span name)
{
	return name.n > 0 && name.p[0] != '.' && span_find(name, '/') == name.n;
}

static int
note_match(struct search *search, const char *folder, const char *name, const char **ret_path,
	   struct err *err)
{
	bool exact = span_equal(span_from(name), search->wanted);

	if (!exact &&
	    (search->wanted.n < LEAST_START || !span_starts_with(span_from(name), search->wanted)))
		return 0;
	if (*ret_path && !exact && !span_equal(search->name, span_from(name)))
		return err_set(err, ERR_USAGE, "\"%.*s\" begins more than one container",
			       search->wanted.n > 80 ? 80 : (int)search->wanted.n,
			       search->wanted.p);
	search->name = arena_copy(search->arena, span_from(name));
	*ret_path = arena_printf(search->arena, "%s/%s", folder, name).p;
	return !search->name.p || !*ret_path ? err_memory(err) : exact;
}

/* The folder of the container; NULL: none. */
static int
find_folder(struct search *search, const char *folder, const char **ret_path, struct err *err)
{
	DIR *directory = opendir(folder);
	int r = 0;

	if (!directory)
		return 0;
	for (const struct dirent *item; r == 0 && (item = readdir(directory)) != NULL;)
		r = item->d_name[0] == '.'
			    ? 0
			    : note_match(search, folder, item->d_name, ret_path, err);
	(void)closedir(directory);
	return r < 0 ? r : 0;
}

static int
look_in(struct search *search, const struct place *place, struct err *err)
{
	const char *folder = NULL;
	struct span text;
	int r = is_plain(search->wanted) ? find_folder(search, place->folder, &folder, err) : 0;

	if (r == 0 && !folder)
		r = err_set(err, ERR_NOT_FOUND, "not in %s", place->folder);
	if (r < 0)
		return r;
	struct span path = arena_printf(search->arena, "%s/%s", folder, place->file);
	if (!path.p)
		return err_memory(err);
	r = file_load(path.p, CONTAINER_STATE_MAX, search->arena, &text, err);
	if (r == 0)
		r = container_state_read(place->format, text, search->arena, &search->state, err);
	return r < 0 ? err_wrap(err, "%s", path.p) : 0;
}

static int
look_in_all(struct search *search, const struct place *places, size_t count, struct err *err)
{
	int r = err_set(err, ERR_NOT_FOUND, "no such container");

	for (size_t i = 0; r == -ERR_NOT_FOUND && i < count; i++) {
		if (places[i].folder)
			r = look_in(search, &places[i], err);
	}
	return r;
}

/* The caller's own, without root. */
static const char *
below_runtime_folder(const struct search *search, const char *name)
{
	const char *folder = getenv("XDG_RUNTIME_DIR");

	return folder && folder[0] ? arena_printf(search->arena, "%s/%s", folder, name).p : NULL;
}

int
engine_runc(struct search *search, struct err *err)
{
	const struct place places[] = {
		{search->options->state, "state.json", CONTAINER_RUNC},
		{"/run/runc", "state.json", CONTAINER_RUNC},
		{below_runtime_folder(search, "runc"), "state.json", CONTAINER_RUNC},
	};

	return look_in_all(search, places, sizeof(places) / sizeof(places[0]), err);
}

int
engine_crun(struct search *search, struct err *err)
{
	const struct place places[] = {
		{"/run/crun", "status", CONTAINER_CRUN},
		{below_runtime_folder(search, "crun"), "status", CONTAINER_CRUN},
	};

	return look_in_all(search, places, sizeof(places) / sizeof(places[0]), err);
}

/* One folder a namespace of containerd: "k8s.io", "default", "moby". */
int
engine_containerd(struct search *search, struct err *err)
{
	static const char top[] = "/run/containerd/runc";
	DIR *directory = opendir(top);
	int r = err_set(err, ERR_NOT_FOUND, "no such container");

	if (!directory)
		return r;
	for (const struct dirent *item; r == -ERR_NOT_FOUND && (item = readdir(directory));) {
		struct place place = {arena_printf(search->arena, "%s/%s", top, item->d_name).p,
				      "state.json", CONTAINER_RUNC};

		if (item->d_name[0] != '.')
			r = place.folder ? look_in(search, &place, err) : err_memory(err);
	}
	(void)closedir(directory);
	return r;
}
