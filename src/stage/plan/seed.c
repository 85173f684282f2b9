/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps a path by itself: it was used, declared, named by the config, or is standard. */
#include "stage/plan/planner.h"

#include "codec/glob.h"

static int
keep_each(struct planner *planner, const struct span *paths, size_t count, enum plan_reason reason,
	  struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		int r = planner_keep_way(planner, paths[i], reason, IMAGE_NONE, NULL, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool
matches_any(const struct span_list *globs, struct span path)
{
	for (size_t i = 0; i < globs->count; i++) {
		if (glob_match(globs->items[i], path))
			return true;
	}
	return false;
}

static int
check_globs(const struct span_list *globs, const char *key, struct err *err)
{
	for (size_t i = 0; i < globs->count; i++) {
		if (glob_check(globs->items[i], err) < 0)
			return err_wrap(err, "%s", key);
	}
	return 0;
}

int
seed_drop(struct planner *planner, struct err *err)
{
	const struct span_list *globs = &planner->service->drop;
	int r = check_globs(globs, "harden.drop", err);

	/* A parent stands before its children. */
	for (size_t i = 1; r == 0 && globs->count && i < planner->image->entry_count; i++) {
		const struct image_entry *entry = &planner->image->entries[i];

		if ((planner->marks[entry->parent] & MARK_DROPPED) ||
		    matches_any(globs, entry->path)) {
			planner->marks[i] |= MARK_DROPPED;
			planner->plan->entries[i].reason = REASON_DROPPED;
		}
	}
	return r;
}

int
seed_declared(struct planner *planner, struct err *err)
{
	const struct span_list *globs = &planner->service->keep;
	int r = check_globs(globs, "harden.keep", err);

	for (size_t g = 0; r == 0 && g < globs->count; g++) {
		bool any = false;

		for (uint32_t i = 0; r == 0 && i < planner->image->entry_count; i++) {
			if (!glob_match(globs->items[g], planner->image->entries[i].path))
				continue;
			any = true;
			r = planner_keep(planner, i, REASON_DECLARED, IMAGE_NONE, err);
		}
		if (r < 0)
			return r;
		if (any)
			continue;

		/* A plain path that leads through a link: /bin/busybox on a merged /usr. */
		uint32_t entry = IMAGE_NONE;
		r = planner_keep_way(planner, globs->items[g], REASON_DECLARED, IMAGE_NONE, &entry,
				     err);
		if (r == 0 && entry != IMAGE_NONE)
			r = planner_keep_tree(planner, entry, REASON_DECLARED, IMAGE_NONE, err);
		else if (r == 0)
			r = planner_gap(planner, globs->items[g], err,
					"harden.keep names nothing in this image");
	}
	return r;
}

/* Before what was used: of the two reasons this one says more. */
int
seed_commands(struct planner *planner, struct err *err)
{
	const struct commands *commands = planner->plan->commands;
	int r = 0;

	for (size_t i = 0; commands && r == 0 && i < commands->shells.count; i++)
		r = planner_keep(planner, image_find(planner->image, commands->shells.items[i]),
				 REASON_COMMAND, IMAGE_NONE, err);
	for (size_t i = 0; commands && r == 0 && i < commands->seen_count; i++) {
		const struct span_list *programs = &commands->seen[i].programs;

		for (size_t k = 0; r == 0 && k < programs->count; k++)
			r = planner_keep_program(planner, programs->items[k], REASON_COMMAND,
						 IMAGE_NONE, NULL, err);
	}
	return r;
}

/* Several names may share an inode: what was read through one was read. */
static void
note_use(struct planner *planner)
{
	for (size_t i = 0; i < planner->profile->path_count; i++) {
		const struct profile_path *used = &planner->profile->paths[i];
		uint32_t entry = image_find(planner->image, used->path);

		if (entry == IMAGE_NONE)
			entry = image_resolve(planner->image, used->path, false, NULL, NULL);
		if (entry != IMAGE_NONE)
			planner->use[entry] |= used->use;
	}
}

struct walked {
	struct planner *planner;
	struct err *err;
	int result;
};

static void
keep_walked(void *context, uint32_t entry)
{
	struct walked *walked = context;

	if (walked->result == 0)
		walked->result =
			planner_keep(walked->planner, entry, REASON_USED, IMAGE_NONE, walked->err);
}

/* A name that is not in the image was made while it ran: the folder it was made in must be there.
 */
static int
keep_nearest(struct planner *planner, struct span path, bool *ret_near, struct err *err)
{
	uint32_t entry = IMAGE_NONE;

	*ret_near = true;
	while (entry == IMAGE_NONE && path.n > 1) {
		path = span_slice(path, 0, span_find_last(path, '/'));
		if (path.n)
			entry = image_resolve(planner->image, path, true, NULL, NULL);
		if (entry == IMAGE_NONE)
			*ret_near = false;
	}
	return path.n ? planner_keep_way(planner, path, REASON_USED, IMAGE_NONE, NULL, err) : 0;
}

static int
seed_written(struct planner *planner, struct err *err)
{
	const struct span_list *written = &planner->profile->written;
	bool near;

	for (size_t i = 0; i < written->count; i++) {
		int r = keep_nearest(planner, written->items[i], &near, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
seed_path(struct planner *planner, struct span path, size_t *strangers, struct err *err)
{
	struct walked walked = {planner, err, 0};
	uint32_t entry = image_find(planner->image, path);
	bool near = true;

	if (entry != IMAGE_NONE)
		return planner_keep(planner, entry, REASON_USED, IMAGE_NONE, err);
	if (image_resolve(planner->image, path, false, NULL, NULL) != IMAGE_NONE) {
		(void)image_resolve(planner->image, path, false, keep_walked, &walked);
		return walked.result;
	}

	int r = keep_nearest(planner, path, &near, err);
	*strangers += !near;
	return r;
}

int
seed_used(struct planner *planner, struct err *err)
{
	size_t strangers = 0;
	int r = planner_keep(planner, 0, REASON_STANDARD, IMAGE_NONE, err);

	note_use(planner);
	for (size_t i = 0; r == 0 && i < planner->profile->path_count; i++)
		r = seed_path(planner, planner->profile->paths[i].path, &strangers, err);
	if (r == 0)
		r = seed_written(planner, err);
	if (r == 0 && strangers)
		r = planner_gap(planner, SPAN("profile"), err,
				"%zu used paths lie in folders this image does not have",
				strangers);
	return r;
}

/* What was asked for in vain: unless it is known how it would be used, in any way. */
int
seed_extended(struct planner *planner, struct err *err)
{
	const struct profile *profile = planner->profile;
	int r = 0;

	for (size_t i = 0; r == 0 && i < profile->extended_count; i++) {
		const struct profile_extended *extended = &profile->extended[i];
		uint32_t entry = image_find(planner->image, extended->path);

		if (entry == IMAGE_NONE)
			entry = image_resolve(planner->image, extended->path, false, NULL, NULL);
		if (entry == IMAGE_NONE) {
			r = planner_gap(planner, extended->path, err,
					"the profile was extended by it, and this image has no "
					"such path");
			continue;
		}
		planner->use[entry] |=
			extended->use ? extended->use : USE_READ | USE_READLINK | USE_RUN;
		r = planner_keep(planner, entry, REASON_EXTENDED, IMAGE_NONE, err);
	}
	return r;
}

/* A command that is carried out without a shell. */
static bool
is_in_table(const struct planner *planner, struct span line)
{
	const struct commands *commands = planner->plan->commands;

	for (size_t i = 0; commands && i < commands->seen_count; i++) {
		if (!commands->seen[i].input && span_equal(commands->seen[i].line, line))
			return true;
	}
	return false;
}

/* config.md "Healthcheck" of docker: {"NONE"}, {"CMD", program...}, {"CMD-SHELL", line}. */
static int
keep_health(struct planner *planner, struct err *err)
{
	const struct image_health *health = &planner->image->config.health;

	if (!health->set || health->test.count < 2)
		return 0;
	if (span_equal(health->test.items[0], SPAN("CMD")))
		return planner_keep_program(planner, health->test.items[1], REASON_CONFIG,
					    IMAGE_NONE, NULL, err);
	if (span_equal(health->test.items[0], SPAN("CMD-SHELL")) &&
	    !is_in_table(planner, span_trim(health->test.items[1])))
		return planner_gap(planner, SPAN("health check"), err,
				   "it is a line for a shell: its shell and programs stay only "
				   "where they were used or harden.keep names them");
	return 0;
}

/* Entrypoint, then command: the first word of each that is a program. */
static int
keep_start(struct planner *planner, struct err *err)
{
	const struct image_config *config = &planner->image->config;
	const struct span_list *command =
		planner->service->command.count ? &planner->service->command : &config->command;
	int r = 0;

	if (planner->plan->start)
		return planner_keep_way(planner, planner->plan->start->program, REASON_CONFIG,
					IMAGE_NONE, NULL, err);
	if (config->entrypoint.count) {
		uint32_t entry = IMAGE_NONE;

		r = planner_keep_program(planner, config->entrypoint.items[0], REASON_CONFIG,
					 IMAGE_NONE, &entry, err);
		if (r == 0 && entry == IMAGE_NONE)
			r = planner_gap(planner, config->entrypoint.items[0], err,
					"the entrypoint is no program of this image");
	}
	if (r == 0 && command->count)
		r = planner_keep_program(planner, command->items[0], REASON_CONFIG, IMAGE_NONE,
					 NULL, err);
	return r;
}

int
seed_config(struct planner *planner, struct err *err)
{
	const struct image_config *config = &planner->image->config;
	int r = keep_start(planner, err);

	if (r == 0)
		r = keep_health(planner, err);
	if (r == 0 && config->working_directory.n)
		r = planner_keep_way(planner, config->working_directory, REASON_CONFIG, IMAGE_NONE,
				     NULL, err);
	return r < 0 ? r
		     : keep_each(planner, config->volumes.items, config->volumes.count,
				 REASON_CONFIG, err);
}

/* Mount points and what runtimes and the C library look for in every container. */
static const struct span standard_paths[] = {
	SPAN_INIT("/dev"),
	SPAN_INIT("/proc"),
	SPAN_INIT("/sys"),
	SPAN_INIT("/run"),
	SPAN_INIT("/tmp"),
	SPAN_INIT("/var/tmp"),
	SPAN_INIT("/root"),
	SPAN_INIT("/etc/passwd"),
	SPAN_INIT("/etc/group"),
	SPAN_INIT("/etc/hosts"),
	SPAN_INIT("/etc/hostname"),
	SPAN_INIT("/etc/resolv.conf"),
	SPAN_INIT("/etc/nsswitch.conf"),
	SPAN_INIT("/etc/host.conf"),
	SPAN_INIT("/var/run"),
	SPAN_INIT("/var/lock"),
	SPAN_INIT("/etc/mtab"),
};

/* os-release(5), and the files scanners read the release from. */
static const struct span release_paths[] = {
	SPAN_INIT("/etc/os-release"),	     SPAN_INIT("/usr/lib/os-release"),
	SPAN_INIT("/etc/debian_version"),    SPAN_INIT("/etc/alpine-release"),
	SPAN_INIT("/etc/redhat-release"),    SPAN_INIT("/etc/lsb-release"),
	SPAN_INIT("/etc/system-release"),    SPAN_INIT("/usr/lib/system-release"),
	SPAN_INIT("/etc/almalinux-release"), SPAN_INIT("/etc/azurelinux-release"),
	SPAN_INIT("/etc/centos-release"),    SPAN_INIT("/etc/fedora-release"),
	SPAN_INIT("/etc/mariner-release"),   SPAN_INIT("/etc/oracle-release"),
	SPAN_INIT("/etc/rocky-release"),     SPAN_INIT("/etc/SuSE-release"),
};

int
seed_standard(struct planner *planner, struct err *err)
{
	const struct image_entry *entries = planner->image->entries;
	int r = keep_each(planner, standard_paths,
			  sizeof(standard_paths) / sizeof(standard_paths[0]), REASON_STANDARD, err);

	if (r == 0)
		r = keep_each(planner, release_paths,
			      sizeof(release_paths) / sizeof(release_paths[0]), REASON_METADATA,
			      err);

	/* The links of a merged /usr: /bin, /sbin, /lib, /lib64. */
	for (uint32_t i = entries[0].first_child; r == 0 && i != IMAGE_NONE;
	     i = entries[i].next_sibling) {
		uint32_t target =
			entries[i].type == IMAGE_SYMLINK
				? image_resolve(planner->image, entries[i].path, true, NULL, NULL)
				: IMAGE_NONE;

		if (target != IMAGE_NONE && entries[target].type == IMAGE_DIRECTORY)
			r = planner_keep(planner, i, REASON_STANDARD, IMAGE_NONE, err);
	}
	return r;
}
