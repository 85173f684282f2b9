/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/profile/session.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/vec.h"
#include "codec/json.h"
#include "port/launcher.h"
#include "port/unpack.h"

#include <stdio.h>

/* The bytes of a file of the image; empty when it has none. */
static int
load_text(const struct instance_options *options, struct span path, struct arena *arena,
	  struct span *ret, struct err *err)
{
	uint32_t entry = image_resolve(options->image, path, true, NULL, NULL);

	*ret = SPAN("");
	if (entry == IMAGE_NONE || options->image->entries[entry].type != IMAGE_FILE)
		return 0;
	return contents_load(options->contents, options->image, entry, PASSWD_MAX, arena, ret, err);
}

static int
find_user(const struct instance_options *options, struct arena *arena, struct passwd_user *ret,
	  struct err *err)
{
	struct span passwd;
	struct span group;
	const struct image_config *config =
		options->config ? options->config : &options->image->config;
	int r = load_text(options, SPAN("/etc/passwd"), arena, &passwd, err);

	if (r == 0)
		r = load_text(options, SPAN("/etc/group"), arena, &group, err);
	if (r == 0)
		r = passwd_resolve(config->user, passwd, group, arena, ret, err);
	return r;
}

/* The first twelve digits of it. */
struct span
profile_hostname(const struct image *image, struct arena *arena)
{
	char text[DIGEST_TEXT];

	return arena_printf(arena, "%.12s", digest_format(&image->manifest_digest, text) + 7);
}

/* What is below the overlay: the view, or for a run without one, the image unpacked. */
static int
lay_out(const struct instance_options *options, const char *lower, struct instance *instance,
	struct err *err)
{
	const struct lens_options view = {.image = options->image,
					  .contents = options->contents,
					  .original = options->original,
					  .watch_code = options->watch_code};
	int r = directory_make(lower, 0755, err);

	if (r < 0)
		return r;
	return options->unpacked ? unpack_image(options->image, options->contents, lower, err)
				 : lens_start(&view, lower, &instance->lens, err);
}

static int
mount_rootfs(const struct session *session, const struct instance_options *options,
	     struct instance *instance, struct err *err)
{
	char lower[SESSION_PATH];
	char rootfs[SESSION_PATH];
	struct span cwd = options->image->config.working_directory;

	(void)snprintf(lower, sizeof(lower), "%s/lower", instance->folder);
	(void)snprintf(rootfs, sizeof(rootfs), "%s/rootfs", instance->folder);
	int r = lay_out(options, lower, instance, err);

	if (r == 0)
		r = rootfs_mount(instance->folder, NULL, session->runtime.type->cgroups, err);
	if (r == 0 && instance->lens)
		r = lens_overlay(instance->lens, rootfs, err);
	if (r == 0 && cwd.n > 0)
		r = rootfs_make_directory(rootfs, cwd, err);
	for (size_t i = 0; r == 0 && i < options->plant_count; i++) {
		const struct start_plant *plant = &options->plants[i];

		if (!session_covers(session, plant->path))
			r = rootfs_put(rootfs, plant->path, plant->content, plant->uid, plant->gid,
				       err);
	}
	return r;
}

/*
 * The plan without what it checks: what only the check would read is not what the service uses, and
 * here everything is as it was observed.
 */
static int
without_guards(const struct start *start, struct arena *arena, struct span *ret, struct err *err)
{
	CLEANUP(json_cleanup) json_t *plan = NULL;
	int r = json_parse(start->plan, &plan, err);

	if (r < 0)
		return r;
	(void)json_object_del(plan, "guards");
	return json_text(plan, false, arena, ret, err);
}

/* The launcher and its plan, where the hardened image will have them. */
static int
write_launcher(const struct start *start, const struct instance *instance, struct arena *arena,
	       struct err *err)
{
	struct span plan = SPAN("");
	char path[SESSION_PATH];

	(void)snprintf(path, sizeof(path), "%s/mohs/start", instance->folder);
	int r = file_put(path, launcher_start(), 0755, err);
	(void)snprintf(path, sizeof(path), "%s/mohs/start.json", instance->folder);
	if (r == 0)
		r = without_guards(start, arena, &plan, err);
	return r < 0 ? r : file_put(path, plan, 0644, err);
}

/* What the hardened image will have of mohs. */
static int
mount_own(const struct instance_options *options, const struct instance *instance,
	  struct mount_list *mounts, struct arena *arena, struct err *err)
{
	bool starts = options->start && options->start->form == START_LAUNCHER;
	bool carries = options->commands && options->commands->form == COMMANDS_TABLE &&
		       !options->has_table;
	struct span folder = arena_printf(arena, "%s/mohs", instance->folder);

	if (!starts && !carries)
		return 0;
	if (!folder.p)
		return err_memory(err);
	int r = directory_make(folder.p, 0755, err);
	if (r == 0 && starts)
		r = write_launcher(options->start, instance, arena, err);
	mounts->items[mounts->count++] = (struct service_mount){folder, SPAN("/.mohs"), false};
	return r;
}

/* The service's mounts, and those of mohs. */
static int
all_mounts(const struct instance_options *options, const struct instance *instance,
	   struct arena *arena, struct runtime_spec *spec, struct err *err)
{
	size_t count = options->mount_count;
	struct mount_list mounts = {
		arena_array(arena, count + recorder_mounts(options) + 2, sizeof(*mounts.items)),
		count};

	if (!mounts.items)
		return err_memory(err);
	if (count)
		memcpy(mounts.items, options->mounts, count * sizeof(*mounts.items));
	int r = mount_own(options, instance, &mounts, arena, err);
	if (r == 0)
		r = recorder_prepare(options, instance, &mounts, arena, err);
	spec->mounts = mounts.items;
	spec->mount_count = mounts.count;
	return r;
}

static int
make_config(const struct session *session, const struct instance_options *options,
	    const struct instance *instance, struct arena *arena, struct span *ret, struct err *err)
{
	struct passwd_user user;
	const struct image_config *given =
		options->config ? options->config : &options->image->config;
	struct image_config config = *given;
	struct runtime_spec spec = {
		.config = &config,
		.environment = options->environment,
		.command = options->command,
		.user = &user,
		.rootfs = arena_printf(arena, "%s/rootfs", instance->folder).p,
		.files = instance->folder,
		.hostname = options->hostname.p ? options->hostname
						: profile_hostname(options->image, arena),
		.cgroup = arena_printf(arena, "/%s/%s", session->sandbox->name, instance->id),
		.cgroups = session->runtime.type->cgroups,
		.limits = options->limits,
	};

	if (!spec.rootfs || !spec.hostname.p || !spec.cgroup.p)
		return err_memory(err);
	if (options->start && options->start->form != START_KEPT) {
		config.entrypoint = options->start->entrypoint;
		config.command = options->start->command;
		spec.command.count = 0; /* it is the start's */
	}
	int r = find_user(options, arena, &user, err);
	if (r == 0 && options->user)
		*options->user = user;
	if (r == 0)
		r = all_mounts(options, instance, arena, &spec, err);
	if (r == 0)
		r = runtime_files_write(instance->folder, spec.hostname, options->names, err);
	if (r == 0 && options->limits)
		r = runtime_empty_make(instance->folder, options->limits->empty.count, err);
	if (r == 0)
		r = runtime_spec_make(&spec, arena, ret, err);
	return r;
}

int
instance_create(struct session *session, const char *id, const struct instance_options *options,
		struct instance *ret, struct err *err)
{
	struct arena *arena = session->arena;
	struct span spec = SPAN("");

	*ret = (struct instance){
		.id = id,
		.folder = arena_printf(arena, "%s/%s", session->sandbox->folder, id).p,
		.image = options->image,
	};
	struct container_options container = {
		.runtime = &session->runtime,
		.id = id,
		.folder = ret->folder,
		.log = arena_printf(arena, "%s/%s.log", session->logs, id).p,
	};
	if (!ret->folder || !container.log)
		return err_memory(err);
	int r = directory_make(ret->folder, 0700, err);
	if (r == 0)
		r = mount_rootfs(session, options, ret, err);
	if (r == 0)
		r = make_config(session, options, ret, arena, &spec, err);
	container.spec = spec;
	if (r == 0)
		r = container_create(&container, &ret->container, err);
	return r;
}

bool
instance_ended(struct instance *instance)
{
	if (!instance->ended && instance->container)
		instance->ended = container_ended(instance->container, &instance->status);
	return instance->ended;
}

void
instance_free(struct instance *instance)
{
	container_cleanup(&instance->container);
	lens_cleanup(&instance->lens);
}
