/* SPDX-License-Identifier: Apache-2.0 */
/* A dpkg database cut down to what stays (deb822(5), dpkg-query(1)). */
#include "stage/plan/record.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/dpkg_files.h"
#include "codec/dpkg_status.h"
#include "codec/glob.h"

/* A file that another package's took the place of. */
struct dpkg_diverted {
	struct span to;
	struct span package; /* whose file stays at the old place */
};

struct dpkg_folder {
	struct planner *planner;
	struct span path;	/* as the inventory has it: "/var/lib/dpkg" */
	uint32_t entry;		/* of the folder, links followed; IMAGE_NONE: not there */
	uint32_t info;		/* of its folder info, or IMAGE_NONE */
	struct map *components; /* "NAME\nARCHITECTURE" -> 1 when it stays on record, else 0 */
	struct map *diversions; /* diverted path -> index in diverted */
	VEC(struct dpkg_diverted) diverted;
};

static struct span
component_key(struct arena *arena, struct span name, struct span architecture)
{
	return arena_printf(arena, "%.*s\n%.*s", SPAN_ARG(name), (int)architecture.n,
			    architecture.p ? architecture.p : "");
}

static int
index_components(struct dpkg_folder *folder, struct span status, struct err *err)
{
	const struct planner *planner = folder->planner;
	int r = 0;

	for (size_t i = 0; r == 0 && i < planner->inventory->component_count; i++) {
		const struct component *component = &planner->inventory->components[i];
		bool stays = planner->plan->components[i].fate == FATE_KEPT;
		struct span key =
			component_key(planner->arena, component->name, component->architecture);
		uint64_t before = 0;

		if (!span_equal(component->database, status))
			continue;
		if (!key.p)
			return err_memory(err);
		(void)map_get(folder->components, key, &before);
		r = map_put(folder->components, key, stays || before, err);
	}
	return r;
}

static uint32_t
find_in(const struct dpkg_folder *folder, struct span name)
{
	struct span path = planner_join(folder->planner, folder->path, name);

	return path.p ? image_resolve(folder->planner->image, path, true, NULL, NULL) : IMAGE_NONE;
}

static int
index_diversions(struct dpkg_folder *folder, struct err *err)
{
	struct dpkg_diversion diversion;
	struct span rest;
	size_t faults = 0;
	int r = record_load(folder->planner, find_in(folder, SPAN("diversions")), &rest, err);

	while (r == 0 && rest.p && dpkg_diversion_next(&rest, &diversion, &faults)) {
		struct dpkg_diverted diverted = {diversion.to, diversion.package};

		r = map_put(folder->diversions, diversion.from, folder->diverted.count, err);
		if (r == 0)
			r = vec_push(&folder->diverted, &diverted, PACKAGES_MAX, err);
	}
	return r;
}

static void
close_folder(struct dpkg_folder *folder)
{
	map_free(folder->components);
	map_free(folder->diversions);
	vec_free(&folder->diverted);
}

static int
open_folder(struct planner *planner, struct span status, struct dpkg_folder *ret, struct err *err)
{
	size_t slash = span_find_last(status, '/');
	struct dpkg_folder folder = {.planner = planner, .path = span_slice(status, 0, slash)};

	folder.entry = image_resolve(planner->image, folder.path, true, NULL, NULL);
	folder.info = find_in(&folder, SPAN("info"));
	folder.components = map_new(planner->inventory->component_count);
	folder.diversions = map_new(0);

	int r = folder.components && folder.diversions ? index_components(&folder, status, err)
						       : err_memory(err);
	if (r == 0)
		r = index_diversions(&folder, err);
	if (r < 0)
		close_folder(&folder);
	else
		*ret = folder;
	return r;
}

/* Whether what a package lists at `path` is kept; `package` may be empty. */
static bool
keeps_path(const struct dpkg_folder *folder, struct span package, struct span path)
{
	const struct planner *planner = folder->planner;
	uint64_t at;

	if (package.n && map_get(folder->diversions, path, &at) &&
	    !span_equal(folder->diverted.items[at].package, package))
		path = folder->diverted.items[at].to;
	return planner_keeps(planner, image_resolve(planner->image, path, false, NULL, NULL));
}

/* "libc6:amd64.list" to "libc6". */
static struct span
package_of(struct span file)
{
	struct span name = span_slice(file, 0, span_find_last(file, '.'));

	return span_slice(name, 0, span_find(name, ':'));
}

/* Each keeps a line or not; `line` is without its newline. */
typedef bool (*line_filter)(const struct dpkg_folder *folder, struct span package,
			    struct span line);

static bool
filter_list(const struct dpkg_folder *folder, struct span package, struct span line)
{
	return keeps_path(folder, package, line);
}

static bool
filter_md5sums(const struct dpkg_folder *folder, struct span package, struct span line)
{
	char path[IMAGE_PATH_MAX + 2] = "/";
	struct dpkg_file file;
	size_t faults = 0;

	if (!dpkg_md5sums_next(&line, &file, &faults) || file.path.n > IMAGE_PATH_MAX)
		return false;
	memcpy(path + 1, file.path.p, file.path.n);
	return keeps_path(folder, package, (struct span){path, file.path.n + 1});
}

/* "/etc/x.conf", also "remove-on-upgrade /etc/x.conf". */
static bool
filter_conffiles(const struct dpkg_folder *folder, struct span package, struct span line)
{
	size_t slash = span_find(line, '/');

	return keeps_path(folder, package, span_slice(line, slash, line.n));
}

/* "USER GROUP MODE PATH" */
static bool
filter_statoverride(const struct dpkg_folder *folder, struct span package, struct span line)
{
	(void)package;
	for (int i = 0; i < 3; i++)
		(void)span_cut(&line, ' ');
	return line.p && keeps_path(folder, (struct span){"", 0}, line);
}

static int
write_lines(struct dpkg_folder *folder, struct span file, struct span old, line_filter filter,
	    struct buf *out, struct err *err)
{
	struct span package = package_of(file);
	int r = 0;

	while (r == 0 && old.n) {
		struct span line = span_cut(&old, '\n');

		if (line.n == 0 || !filter(folder, package, line))
			continue;
		r = buf_append(out, line, err);
		if (r == 0)
			r = buf_byte(out, '\n', err);
	}
	return r;
}

static int
write_list(struct dpkg_folder *folder, struct span file, struct span old, struct buf *out,
	   struct err *err)
{
	return write_lines(folder, file, old, filter_list, out, err);
}

static int
write_md5sums(struct dpkg_folder *folder, struct span file, struct span old, struct buf *out,
	      struct err *err)
{
	return write_lines(folder, file, old, filter_md5sums, out, err);
}

static int
write_conffiles(struct dpkg_folder *folder, struct span file, struct span old, struct buf *out,
		struct err *err)
{
	return write_lines(folder, file, old, filter_conffiles, out, err);
}

static int
write_statoverride(struct dpkg_folder *folder, struct span file, struct span old, struct buf *out,
		   struct err *err)
{
	return write_lines(folder, file, old, filter_statoverride, out, err);
}

static int
write_diversions(struct dpkg_folder *folder, struct span file, struct span old, struct buf *out,
		 struct err *err)
{
	static const struct span nobody = {"", 0};
	struct dpkg_diversion diversion;
	size_t faults = 0;
	int r = 0;

	(void)file;
	while (r == 0 && old.p && dpkg_diversion_next(&old, &diversion, &faults)) {
		if (keeps_path(folder, nobody, diversion.from) ||
		    keeps_path(folder, nobody, diversion.to))
			r = buf_printf(out, err, "%.*s\n%.*s\n%.*s\n", SPAN_ARG(diversion.from),
				       SPAN_ARG(diversion.to),
				       diversion.package.n ? (int)diversion.package.n : 1,
				       diversion.package.n ? diversion.package.p : ":");
	}
	return r;
}

/* A stanza the inventory does not know stays, unless it says that no code is installed. */
static bool
stays(const struct dpkg_folder *folder, const struct dpkg_package *package)
{
	struct span key =
		component_key(folder->planner->arena, package->package, package->architecture);
	uint64_t value;

	if (key.p && map_get(folder->components, key, &value))
		return value != 0;
	return package->state != DPKG_NOT_INSTALLED && package->state != DPKG_CONFIG_FILES &&
	       package->state != DPKG_STATE_ABSENT;
}

/* The next run of lines up to a blank one; false at the end. */
static bool
next_stanza(struct span *rest, struct span *ret)
{
	while (rest->n && (rest->p[0] == '\n' || rest->p[0] == '\r'))
		*rest = span_slice(*rest, 1, rest->n);
	if (rest->n == 0)
		return false;

	size_t end = 0;
	while (end < rest->n) {
		struct span line = span_slice(*rest, end, rest->n);
		size_t n = span_find(line, '\n');

		if (n == 0 || (n == 1 && line.p[0] == '\r'))
			break;
		end += n < line.n ? n + 1 : n;
	}
	*ret = span_slice(*rest, 0, end);
	*rest = span_slice(*rest, end, rest->n);
	return true;
}

/* Stanzas byte for byte and in order; one that cannot be read stays, so that nothing is hidden. */
static int
write_status(struct dpkg_folder *folder, struct span file, struct span old, struct buf *out,
	     struct err *err)
{
	struct dpkg_status status;
	struct span stanza;
	size_t at = 0;
	int r = dpkg_status_read(old, folder->planner->arena, &status, err);

	(void)file;
	while (r == 0 && next_stanza(&old, &stanza)) {
		bool known = at < status.package_count &&
			     status.packages[at].record.p >= stanza.p &&
			     status.packages[at].record.p < stanza.p + stanza.n;

		if (known && !stays(folder, &status.packages[at++]))
			continue;
		r = buf_append(out, stanza, err);
		if (r == 0 && stanza.p[stanza.n - 1] != '\n')
			r = buf_byte(out, '\n', err);
		if (r == 0)
			r = buf_byte(out, '\n', err);
	}
	return r;
}

static const struct dpkg_writer {
	struct span name; /* glob on the file's name */
	bool in_info;
	bool when_any; /* kept by itself only when something is left in it */
	int (*write)(struct dpkg_folder *folder, struct span file, struct span old, struct buf *out,
		     struct err *err);
} writers[] = {
	{SPAN_INIT("status"), false, false, write_status},
	{SPAN_INIT("status-old"), false, false, write_status},
	{SPAN_INIT("available"), false, false, write_status},
	{SPAN_INIT("available-old"), false, false, write_status},
	{SPAN_INIT("diversions"), false, true, write_diversions},
	{SPAN_INIT("diversions-old"), false, false, write_diversions},
	{SPAN_INIT("statoverride"), false, true, write_statoverride},
	{SPAN_INIT("statoverride-old"), false, false, write_statoverride},
	{SPAN_INIT("*.list"), true, false, write_list},
	{SPAN_INIT("*.md5sums"), true, false, write_md5sums},
	{SPAN_INIT("*.conffiles"), true, true, write_conffiles},
};

static const struct dpkg_writer *
writer_of(const struct dpkg_folder *folder, uint32_t entry)
{
	const struct image_entry *e = &folder->planner->image->entries[entry];

	for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
		uint32_t place = writers[i].in_info ? folder->info : folder->entry;

		if (e->type == IMAGE_FILE && entry != 0 && e->parent == place &&
		    glob_match(writers[i].name, image_name(e)))
			return &writers[i];
	}
	return NULL;
}

/* The new content; .p NULL when this is no file that is rewritten, or (with a gap) unreadable. */
static int
rewrite_entry(struct dpkg_folder *folder, uint32_t entry, struct span *ret, struct err *err)
{
	const struct dpkg_writer *writer = writer_of(folder, entry);
	CLEANUP(buf_cleanup) struct buf out = BUF_INIT(PACKAGE_DATABASE_MAX + 2);
	struct span old;

	*ret = (struct span){NULL, 0};
	if (!writer)
		return 0;

	int r = record_load(folder->planner, entry, &old, err);
	if (r < 0 || !old.p)
		return r;
	r = writer->write(folder, image_name(&folder->planner->image->entries[entry]), old, &out,
			  err);
	if (r < 0)
		return err_wrap(err, "%.*s", SPAN_ARG(folder->planner->image->entries[entry].path));
	*ret = arena_copy(folder->planner->arena, buf_span(&out));
	return ret->p ? 0 : err_memory(err);
}

/* A file of the database by name, unless it says nothing of what stays. */
static int
keep_file(struct dpkg_folder *folder, struct span name, uint32_t via, struct err *err)
{
	struct planner *planner = folder->planner;
	uint32_t entry = find_in(folder, name);
	struct span content;

	if (entry == IMAGE_NONE)
		return 0;

	const struct dpkg_writer *writer = writer_of(folder, entry);
	if (writer && writer->when_any) {
		int r = rewrite_entry(folder, entry, &content, err);
		if (r < 0 || content.n == 0)
			return r;
	}

	struct span path = planner_join(planner, folder->path, name);
	return path.p ? planner_keep_way(planner, path, REASON_METADATA, via, NULL, err)
		      : err_memory(err);
}

/*
 * Maintainer scripts, triggers, shlibs, symbols and templates go: nothing that would use them is
 * left. Multi-Arch: same packages have their architecture in the name.
 */
static int
keep_info(struct dpkg_folder *folder, const struct component *component, uint32_t via,
	  struct err *err)
{
	static const char *const kinds[] = {"list", "md5sums", "conffiles"};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct span plain = arena_printf(folder->planner->arena, "info/%.*s.%s",
						 SPAN_ARG(component->name), kinds[i]);
		struct span full = arena_printf(folder->planner->arena, "info/%.*s:%.*s.%s",
						SPAN_ARG(component->name),
						SPAN_ARG(component->architecture), kinds[i]);

		if (!plain.p || !full.p)
			return err_memory(err);
		r = keep_file(folder, plain, via, err);
		if (r == 0)
			r = keep_file(folder, full, via, err);
	}
	return r;
}

static int
keep_folder(struct dpkg_folder *folder, struct err *err)
{
	static const struct span always[] = {
		SPAN_INIT("status"),	 SPAN_INIT("info"),	    SPAN_INIT("info/format"),
		SPAN_INIT("updates"),	 SPAN_INIT("triggers"),	    SPAN_INIT("arch"),
		SPAN_INIT("diversions"), SPAN_INIT("statoverride"),
	};
	const struct planner *planner = folder->planner;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(always) / sizeof(always[0]); i++)
		r = keep_file(folder, always[i], IMAGE_NONE, err);
	for (size_t i = 0; r == 0 && i < planner->inventory->component_count; i++) {
		const struct component *component = &planner->inventory->components[i];
		const struct plan_component *plan = &planner->plan->components[i];
		size_t slash = span_find_last(component->database, '/');

		if (plan->fate == FATE_KEPT &&
		    span_equal(span_slice(component->database, 0, slash), folder->path))
			r = keep_info(folder, component, plan->because, err);
	}
	return r;
}

int
dpkg_keep(struct planner *planner, struct span status, struct err *err)
{
	struct dpkg_folder folder;
	int r = open_folder(planner, status, &folder, err);

	if (r < 0)
		return r;
	r = keep_folder(&folder, err);
	close_folder(&folder);
	return r;
}

static int
rewrite_folder(struct dpkg_folder *folder, struct err *err)
{
	struct planner *planner = folder->planner;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < planner->image->entry_count; i++) {
		struct plan_rewrite rewrite = {i, {NULL, 0}};

		if (planner_keeps(planner, i))
			r = rewrite_entry(folder, i, &rewrite.content, err);
		if (r == 0 && rewrite.content.p)
			r = vec_push(&planner->rewrites, &rewrite, IMAGE_ENTRIES_MAX, err);
	}
	return r;
}

int
dpkg_rewrite(struct planner *planner, struct span status, struct err *err)
{
	struct dpkg_folder folder;
	int r = open_folder(planner, status, &folder, err);

	if (r < 0)
		return r;
	r = rewrite_folder(&folder, err);
	close_folder(&folder);
	return r;
}
