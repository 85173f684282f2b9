/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what the dynamic loaders of glibc and musl are configured by. */
#include "stage/plan/loader.h"

#include "base/limits.h"
#include "codec/glob.h"

/* The content of a file of the image; empty, with a gap, when it is there but not readable. */
static int
load(struct planner *planner, uint32_t entry, size_t max, struct span *ret, struct err *err)
{
	struct err problem = ERR_INIT;

	*ret = (struct span){"", 0};
	if (entry == IMAGE_NONE || planner->image->entries[entry].type != IMAGE_FILE)
		return 0;
	if (contents_load(planner->contents, planner->image, entry, max, planner->arena, ret,
			  &problem) < 0)
		return planner_gap(planner, planner->image->entries[entry].path, err,
				   "could not be read: %s", problem.text);
	return 0;
}

static int
load_path(struct planner *planner, struct span path, size_t max, struct span *ret, struct err *err)
{
	return load(planner, image_resolve(planner->image, path, true, NULL, NULL), max, ret, err);
}

static int
read_cache(struct planner *planner, struct loader *loader, struct err *err)
{
	struct err problem = ERR_INIT;
	struct span file;
	int r = load_path(planner, SPAN("/etc/ld.so.cache"), LD_CACHE_MAX, &file, err);

	if (r < 0 || file.n == 0)
		return r;
	if (ld_cache_read(file, planner->arena, &loader->cache, &loader->cache_count, &problem) < 0)
		return planner_gap(planner, SPAN("/etc/ld.so.cache"), err, "not used: %s",
				   problem.text);
	loader->cache_next =
		arena_array(planner->arena, loader->cache_count, sizeof(*loader->cache_next));
	if (!loader->cache_next)
		return err_memory(err);
	for (size_t i = loader->cache_count; r == 0 && i-- > 0;) {
		uint64_t next = loader->cache_count;

		(void)map_get(loader->cache_names, loader->cache[i].name, &next);
		loader->cache_next[i] = (uint32_t)next;
		r = map_put(loader->cache_names, loader->cache[i].name, i, err);
	}
	return r;
}

/* A configuration file still to be read: includes are a list, never a recursion. */
struct conf {
	uint32_t entry;
	unsigned depth;
};

struct conf_list {
	VEC(struct conf) files;
	size_t at;
};

static struct span
folder_of(struct span path)
{
	size_t slash = span_find_last(path, '/');

	return slash == 0 || slash == path.n ? SPAN("/") : span_slice(path, 0, slash);
}

/* The files one pattern of an include line names; wildcards stand in the last component only. */
static int
include(struct planner *planner, struct conf_list *list, const struct conf *from,
	struct span pattern, struct err *err)
{
	const struct image_entry *entries = planner->image->entries;
	struct span full = pattern;

	if (from->depth >= LD_CONF_DEPTH_MAX || list->files.count >= LD_DIRECTORIES_MAX)
		return planner_gap(planner, entries[from->entry].path, err,
				   "includes too many files or too deep; the rest is not read");
	if (pattern.p[0] != '/')
		full = planner_join(planner, folder_of(entries[from->entry].path), pattern);
	if (!full.p)
		return err_memory(err);

	struct span name = span_slice(full, span_find_last(full, '/') + 1, full.n);
	uint32_t folder = image_resolve(planner->image, folder_of(full), true, NULL, NULL);
	if (folder == IMAGE_NONE)
		return 0;
	for (uint32_t i = entries[folder].first_child; i != IMAGE_NONE;
	     i = entries[i].next_sibling) {
		struct conf conf = {i, from->depth + 1};
		int r = 0;

		if (glob_match(name, image_name(&entries[i])))
			r = vec_push(&list->files, &conf, LD_DIRECTORIES_MAX, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
read_conf(struct planner *planner, struct loader *loader, struct conf_list *list, struct err *err)
{
	struct conf conf = list->files.items[list->at];
	enum ld_conf_kind kind;
	struct span text;
	struct span rest;
	uint32_t entry = image_resolve(planner->image, planner->image->entries[conf.entry].path,
				       true, NULL, NULL);
	int r = load(planner, entry, LD_CONF_MAX, &rest, err);

	while (r == 0 && rest.n && ld_conf_next(&rest, &kind, &text)) {
		if (kind == LD_CONF_DIRECTORY && text.p[0] == '/')
			r = vec_push(&loader->directories, &text, LD_DIRECTORIES_MAX, err);
		while (r == 0 && kind == LD_CONF_INCLUDE && text.n) {
			size_t at = 0;

			while (at < text.n && text.p[at] != ' ' && text.p[at] != '\t')
				at++;
			if (at)
				r = include(planner, list, &conf, span_slice(text, 0, at), err);
			text = span_slice(text, at < text.n ? at + 1 : at, text.n);
		}
	}
	return r;
}

static int
read_confs(struct planner *planner, struct loader *loader, struct err *err)
{
	struct conf_list list = {0};
	struct conf first = {image_find(planner->image, SPAN("/etc/ld.so.conf")), 0};
	int r = first.entry == IMAGE_NONE ? 0
					  : vec_push(&list.files, &first, LD_DIRECTORIES_MAX, err);

	for (; r == 0 && list.at < list.files.count; list.at++)
		r = read_conf(planner, loader, &list, err);
	vec_free(&list.files);
	return r;
}

/* /etc/ld-musl-ARCH.path: folders, one a line or with colons between (musl ldso/dynlink.c). */
static int
read_musl(struct planner *planner, struct loader *loader, struct err *err)
{
	const struct image_entry *entries = planner->image->entries;
	uint32_t etc = image_resolve(planner->image, SPAN("/etc"), true, NULL, NULL);
	int r = 0;

	for (uint32_t i = etc == IMAGE_NONE ? IMAGE_NONE : entries[etc].first_child;
	     r == 0 && i != IMAGE_NONE; i = entries[i].next_sibling) {
		struct span rest;

		if (!glob_match(SPAN("ld-musl-*.path"), image_name(&entries[i])) ||
		    loader->musl_count == sizeof(loader->musl_files) / sizeof(uint32_t))
			continue;
		loader->musl_files[loader->musl_count++] = i;
		r = load(planner, i, LD_CONF_MAX, &rest, err);
		while (r == 0 && rest.n) {
			struct span line = span_cut(&rest, '\n');

			while (r == 0 && line.n) {
				struct span folder = span_trim(span_cut(&line, ':'));

				if (folder.n && folder.p[0] == '/')
					r = vec_push(&loader->directories, &folder,
						     LD_DIRECTORIES_MAX, err);
			}
		}
	}
	return r;
}

int
loader_read_configuration(struct planner *planner, struct loader *loader, struct err *err)
{
	int r = read_cache(planner, loader, err);

	if (r == 0)
		r = read_confs(planner, loader, err);
	if (r == 0)
		r = read_musl(planner, loader, err);
	return r < 0 ? r
		     : load_path(planner, SPAN("/etc/ld.so.preload"), LD_CONF_MAX, &loader->preload,
				 err);
}
