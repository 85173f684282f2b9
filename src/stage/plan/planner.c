/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/plan/planner.h"

#include "base/cleanup.h"
#include "base/limits.h"

#include <stdio.h>

void
planner_free(struct planner *planner)
{
	if (!planner)
		return;
	free(planner->marks);
	free(planner->use);
	free(planner->kinds);
	free(planner->licences_read);
	loader_free(planner->loader);
	vec_free(&planner->queue);
	vec_free(&planner->gaps);
	vec_free(&planner->rewrites);
	vec_free(&planner->libraries);
	map_free(planner->gap_keys);
	map_free(planner->copies);
	plan_free(planner->plan);
	free(planner);
}

void
planner_cleanup(struct planner **planner)
{
	planner_free(*planner);
	*planner = NULL;
}

static int
make_plan(struct planner *planner, struct err *err)
{
	struct arena *arena = arena_new(0);
	struct plan *plan = arena ? arena_alloc(arena, sizeof(*plan)) : NULL;

	if (!plan) {
		arena_free(arena);
		return err_memory(err);
	}
	planner->plan = plan;
	planner->arena = plan->arena = arena;
	plan->granularity = planner->service->granularity;
	if (planner->profile->start && planner->profile->start->form != START_KEPT) {
		struct start *start = NULL;
		int r = start_copy(planner->profile->start, arena, &start, err);
		if (r < 0)
			return r;
		plan->start = start;
	}
	if (planner->profile->commands && planner->profile->commands->form == COMMANDS_TABLE) {
		struct commands *commands = NULL;
		int r = commands_copy(planner->profile->commands, arena, &commands, err);
		if (r < 0)
			return r;
		plan->commands = commands;
	}
	plan->entry_count = planner->image->entry_count;
	plan->component_count = planner->inventory->component_count;
	plan->entries = arena_array(arena, plan->entry_count, sizeof(*plan->entries));
	plan->components = arena_array(arena, plan->component_count, sizeof(*plan->components));
	if (!plan->entries || !plan->components)
		return err_memory(err);
	for (size_t i = 0; i < plan->entry_count; i++)
		plan->entries[i].via = IMAGE_NONE;
	return 0;
}

struct planner *
planner_new(const struct image *image, const struct contents *contents,
	    const struct inventory *inventory, const struct profile *profile,
	    const struct service *service, struct err *err)
{
	CLEANUP(planner_cleanup) struct planner *planner = calloc(1, sizeof(*planner));

	if (!planner) {
		(void)err_memory(err);
		return NULL;
	}
	planner->image = image;
	planner->contents = contents;
	planner->inventory = inventory;
	planner->profile = profile;
	planner->service = service;
	planner->marks = calloc(image->entry_count + 1, 1);
	planner->use = calloc(image->entry_count + 1, 1);
	planner->kinds = calloc(image->entry_count + 1, 1);
	planner->licences_read = calloc(image->entry_count + 1, sizeof(bool));
	planner->gap_keys = map_new(0);
	planner->copies = map_new(0);
	if (!planner->marks || !planner->use || !planner->kinds || !planner->licences_read ||
	    !planner->gap_keys || !planner->copies) {
		(void)err_memory(err);
		return NULL;
	}
	if (make_plan(planner, err) < 0 || loader_new(planner, &planner->loader, err) < 0)
		return NULL;
	return TAKE(planner);
}

int
planner_gap(struct planner *planner, struct span subject, struct err *err, const char *format, ...)
{
	char text[512];
	uint64_t known;
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);

	struct gap gap = {arena_copy(planner->arena, subject),
			  arena_copy(planner->arena, span_from(text))};
	struct span key = arena_printf(planner->arena, "%.*s: %s", SPAN_ARG(subject), text);
	if (!gap.subject.p || !gap.text.p || !key.p)
		return err_memory(err);
	if (map_get(planner->gap_keys, key, &known))
		return 0;

	int r = map_put(planner->gap_keys, key, 1, err);
	return r < 0 ? r : vec_push(&planner->gaps, &gap, PLAN_GAPS_MAX, err);
}

bool
planner_keeps(const struct planner *planner, uint32_t entry)
{
	return entry != IMAGE_NONE && plan_has(planner->plan, entry);
}

bool
planner_is_folder(const struct planner *planner, uint32_t entry)
{
	const struct image_entry *entries = planner->image->entries;

	if (entries[entry].type == IMAGE_SYMLINK)
		entry = image_resolve(planner->image, entries[entry].path, true, NULL, NULL);
	return entry != IMAGE_NONE && entries[entry].type == IMAGE_DIRECTORY;
}

/* Reasons that say no more than that the name must be there. */
static bool
is_by_name(const struct planner *planner, uint32_t entry, enum plan_reason reason)
{
	const struct image_entry *e = &planner->image->entries[entry];

	if ((reason != REASON_USED && reason != REASON_EXTENDED) || e->links > 1)
		return false;
	return e->type == IMAGE_SYMLINK ? !(planner->use[entry] & USE_READLINK)
					: !(planner->use[entry] & USE_READ);
}

static int
refuse_dropped(struct planner *planner, uint32_t entry, enum plan_reason reason, uint32_t via,
	       struct err *err)
{
	const struct image_entry *entries = planner->image->entries;

	planner->plan->entries[entry].reason = REASON_DROPPED;
	if (entries[entry].type == IMAGE_DIRECTORY && reason != REASON_USED)
		return 0;
	if (reason == REASON_EXTENDED)
		return planner_gap(planner, entries[entry].path, err,
				   "harden.drop removes it although the hardened image asked for "
				   "it");
	if (reason == REASON_USED)
		return planner_gap(planner, entries[entry].path, err,
				   "harden.drop removes it although it was used while profiling");
	if (reason == REASON_NEEDED || reason == REASON_INTERPRETER || reason == REASON_CONFIG ||
	    reason == REASON_TARGET || reason == REASON_LINK)
		return planner_gap(planner, entries[entry].path, err,
				   "harden.drop removes it although %.*s asks for it: %s",
				   via == IMAGE_NONE ? 16 : (int)entries[via].path.n,
				   via == IMAGE_NONE ? "the image config" : entries[via].path.p,
				   plan_reason_text(reason));
	return 0;
}

/* Release files and package records stay whatever harden.drop says: counts stand on them. */
static int
take_back(struct planner *planner, uint32_t entry, struct err *err)
{
	const struct image_entry *entries = planner->image->entries;

	for (uint32_t i = entry; i != 0 && (planner->marks[i] & MARK_DROPPED);
	     i = entries[i].parent)
		planner->marks[i] &= (uint8_t)~MARK_DROPPED;
	return planner_gap(planner, entries[entry].path, err,
			   "stays although harden.drop names it: what remains is read from it");
}

/* Reasons that lead to a library by its being loaded, or only lead past it, say nothing more. */
static void
note_asker(struct planner *planner, uint32_t entry, enum plan_reason reason)
{
	static const bool loading[REASONS] = {
		[REASON_USED] = true,	[REASON_EXTENDED] = true, [REASON_NEEDED] = true,
		[REASON_TARGET] = true, [REASON_LINK] = true,	  [REASON_PARENT] = true,
	};

	if (loading[reason])
		return;
	planner->marks[entry] |= MARK_WHOLE;
	if (planner->image->entries[entry].type == IMAGE_SYMLINK)
		entry = image_resolve(planner->image, planner->image->entries[entry].path, true,
				      NULL, NULL);
	if (entry != IMAGE_NONE)
		planner->marks[entry] |= MARK_WHOLE;
}

int
planner_keep(struct planner *planner, uint32_t entry, enum plan_reason reason, uint32_t via,
	     struct err *err)
{
	if (entry == IMAGE_NONE)
		return 0;

	struct plan_entry *plan = &planner->plan->entries[entry];
	uint8_t *mark = &planner->marks[entry];
	if ((*mark & MARK_DROPPED) && reason == REASON_METADATA) {
		int r = take_back(planner, entry, err);
		if (r < 0)
			return r;
	}
	if (*mark & MARK_DROPPED)
		return refuse_dropped(planner, entry, reason, via, err);

	if ((*mark & MARK_LISTED) && reason == REASON_USED)
		return 0;

	note_asker(planner, entry, reason);
	bool wake = !(*mark & MARK_ACTIVE) && !is_by_name(planner, entry, reason);
	if (plan->keep && !wake)
		return 0;
	if (!plan->keep)
		*plan = (struct plan_entry){.keep = true, .reason = reason, .via = via};
	if (wake)
		*mark |= MARK_ACTIVE;
	if (*mark & MARK_QUEUED)
		return 0;
	*mark |= MARK_QUEUED;
	return vec_push(&planner->queue, &entry, IMAGE_ENTRIES_MAX, err);
}

/* Entries seen while a path is resolved. */
struct way {
	const struct image *image;
	uint32_t links[SYMLINK_HOPS_MAX + 1];
	size_t count;
};

static void
see(void *context, uint32_t entry)
{
	struct way *way = context;

	if (way->image->entries[entry].type == IMAGE_SYMLINK && way->count <= SYMLINK_HOPS_MAX)
		way->links[way->count++] = entry;
}

int
planner_keep_way(struct planner *planner, struct span path, enum plan_reason reason, uint32_t via,
		 uint32_t *ret_entry, struct err *err)
{
	struct way way = {.image = planner->image};
	uint32_t end = image_resolve(planner->image, path, true, see, &way);
	/* The way to a record is a record: no harden.drop cuts it. */
	enum plan_reason on_the_way = reason == REASON_METADATA ? REASON_METADATA : REASON_LINK;

	for (size_t i = 0; end != IMAGE_NONE && i < way.count; i++) {
		int r = planner_keep(planner, way.links[i], on_the_way, via, err);
		if (r < 0)
			return r;
	}

	int r = planner_keep(planner, end, reason, via, err);
	if (r == 0 && ret_entry)
		*ret_entry = end;
	return r;
}

int
planner_keep_tree(struct planner *planner, uint32_t top, enum plan_reason reason, uint32_t via,
		  struct err *err)
{
	const struct image_entry *entries = planner->image->entries;
	uint32_t at = top;

	while (at != IMAGE_NONE) {
		int r = planner_keep(planner, at, reason, via, err);
		if (r < 0)
			return r;
		if (entries[at].first_child != IMAGE_NONE) {
			at = entries[at].first_child;
			continue;
		}
		while (at != top && entries[at].next_sibling == IMAGE_NONE)
			at = entries[at].parent;
		at = at == top ? IMAGE_NONE : entries[at].next_sibling;
	}
	return 0;
}

int
planner_head(struct planner *planner, uint32_t entry, char *p, size_t n, size_t *ret_n,
	     struct err *err)
{
	return contents_read(planner->contents, planner->image, entry, 0, p, n, ret_n, err);
}

struct span
planner_join(struct planner *planner, struct span directory, struct span name)
{
	bool slash = directory.n && directory.p[directory.n - 1] == '/';

	return arena_printf(planner->arena, "%.*s%s%.*s", SPAN_ARG(directory), slash ? "" : "/",
			    SPAN_ARG(name));
}

struct span
planner_directory(const struct planner *planner)
{
	struct span directory = planner->image->config.working_directory;

	return directory.n ? directory : SPAN("/");
}

static bool
is_program(const struct image *image, uint32_t entry)
{
	return entry != IMAGE_NONE && image->entries[entry].type == IMAGE_FILE &&
	       (image_inode(image, entry)->mode & 0111) != 0;
}

/* The path NAME would be started by, in `path` (IMAGE_PATH_MAX + 1 bytes). */
static uint32_t
look_up_program(const struct planner *planner, struct span name, char *path, size_t *ret_n)
{
	struct span rest = image_environment(&planner->image->config, SPAN("PATH"));
	bool direct = span_find(name, '/') != name.n;

	if (direct)
		rest = name.p[0] == '/' ? SPAN("/") : planner_directory(planner);
	else if (!rest.p)
		rest = SPAN("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	while (name.n && rest.p) {
		struct span directory = direct ? rest : span_cut(&rest, ':');

		if (direct)
			rest.p = NULL;
		if (directory.n == 0)
			directory = planner_directory(planner);
		if (directory.n + 1 + name.n > IMAGE_PATH_MAX)
			continue;
		memcpy(path, directory.p, directory.n);
		path[directory.n] = '/';
		memcpy(path + directory.n + 1, name.p, name.n);
		*ret_n = directory.n + 1 + name.n;

		uint32_t entry = image_resolve(planner->image, (struct span){path, *ret_n}, true,
					       NULL, NULL);
		if (is_program(planner->image, entry))
			return entry;
	}
	return IMAGE_NONE;
}

uint32_t
planner_find_program(const struct planner *planner, struct span name)
{
	char path[IMAGE_PATH_MAX + 1];
	size_t n = 0;

	return look_up_program(planner, name, path, &n);
}

int
planner_keep_program(struct planner *planner, struct span name, enum plan_reason reason,
		     uint32_t via, uint32_t *ret_entry, struct err *err)
{
	char path[IMAGE_PATH_MAX + 1];
	size_t n = 0;
	uint32_t entry = look_up_program(planner, name, path, &n);

	if (ret_entry)
		*ret_entry = entry;
	if (entry == IMAGE_NONE)
		return 0;
	return planner_keep_way(planner, (struct span){path, n}, reason, via, NULL, err);
}
