/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inventory against dpkg-query as the judge, on a root file system made of this machine's own
 * package records. Where files really are is asked of the kernel, not of our own resolver.
 */
#include "test.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"
#include "base/vec.h"
#include "fixture.h"
#include "stage/inventory.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SAMPLED_PACKAGES = 120, SAMPLED_FILES = 400, OUTPUT_MAX = 16 * 1024 * 1024 };

static const char admin[] = "/var/lib/dpkg";

struct judge {
	struct arena *arena;
	struct span folder; /* a copy of the records, changed, for dpkg-query --admindir */
	struct span diversions;
	struct fixture fixture;
	struct inventory *inventory;
	VEC(struct fixture_entry) table;
	struct map *in_table;
};

/* Other states than "installed", for the first packages of the status file. */
static const char *const states[] = {
	"install ok installed",	     "deinstall ok config-files", "install ok half-configured",
	"install ok unpacked",	     "install ok installed",	  "deinstall ok installed",
	"install ok half-installed",
};

static struct span
change_states(struct judge *judge, struct span status)
{
	static const struct span usual = SPAN_INIT("Status: install ok installed\n");
	struct buf out = BUF_INIT(PACKAGE_DATABASE_MAX);
	size_t changed = 0;

	while (status.n) {
		const char *at = memmem(status.p, status.n, usual.p, usual.n);

		if (!at || changed >= sizeof(states) / sizeof(states[0]))
			break;
		size_t before = (size_t)(at - status.p);
		assert_good(buf_append(&out, span_slice(status, 0, before), err));
		assert_good(buf_printf(&out, err, "Status: %s\n", states[changed++]));
		status = span_slice(status, before + usual.n, status.n);
	}
	assert_good(buf_append(&out, status, err));
	struct span copy = arena_copy(judge->arena, buf_span(&out));
	buf_cleanup(&out);
	return copy;
}

static void
add_entry(struct judge *judge, struct fixture_entry entry)
{
	uint64_t known;

	if (map_get(judge->in_table, span_from(entry.path), &known))
		return;
	assert_good(map_put(judge->in_table, span_from(entry.path), 1, err));
	assert_good(vec_push(&judge->table, &entry, 1000000, err));
}

/* Puts a record both into the folder for dpkg-query and into the image. */
static void
add_record(struct judge *judge, const char *name, struct span content)
{
	const char *copy = arena_printf(judge->arena, "%s/%s", judge->folder.p, name).p;

	assert_good(file_replace(copy, content, 0644, err));
	add_entry(judge,
		  (struct fixture_entry){.path = arena_printf(judge->arena, "%s/%s", admin, name).p,
					 .content = content.p,
					 .size = content.n});
}

/* Where a listed path really is on this machine: folders resolved, the last name as it stands. */
static struct span
real_place(struct judge *judge, struct span listed)
{
	size_t slash = span_find_last(listed, '/');
	char folder[PATH_MAX];

	if (listed.n < 2 || span_equal(listed, SPAN("/.")))
		return SPAN("/");
	const char *parent = arena_copy(judge->arena, span_slice(listed, 0, slash ? slash : 1)).p;
	if (!realpath(parent, folder))
		return (struct span){NULL, 0};
	return arena_printf(judge->arena, "%s/%.*s", folder[1] ? folder : "",
			    SPAN_ARG(span_slice(listed, slash + 1, listed.n)));
}

static void
add_path(struct judge *judge, struct span path)
{
	struct fixture_entry entry = {.path = path.p};
	char target[PATH_MAX];
	struct stat info;

	if (!path.p || lstat(path.p, &info) < 0 || path.n == 1)
		return;
	if (S_ISDIR(info.st_mode)) {
		entry.type = IMAGE_DIRECTORY;
	} else if (S_ISLNK(info.st_mode)) {
		ssize_t n = readlink(path.p, target, sizeof(target));
		if (n <= 0)
			return;
		entry.type = IMAGE_SYMLINK;
		entry.link = arena_copy(judge->arena, (struct span){target, (size_t)n}).p;
	} else if (!S_ISREG(info.st_mode)) {
		return;
	}
	add_entry(judge, entry);
}

static void
add_list(struct judge *judge, const char *name)
{
	const char *from = arena_printf(judge->arena, "%s/%s", admin, name).p;
	struct span content;

	assert_good(file_load(from, PACKAGE_DATABASE_MAX, judge->arena, &content, err));
	add_record(judge, name, content);
	for (struct span rest = content; rest.p && rest.n;)
		add_path(judge, real_place(judge, span_cut(&rest, '\n')));
}

/* Lists of every so many packages, with the links at the root they lead through. */
static void
add_lists(struct judge *judge)
{
	static const char *const links[] = {"/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32"};
	struct buf names = BUF_INIT(OUTPUT_MAX);
	struct proc_options options = {
		.argv = (const char *[]){"sh", "-c", "cd /var/lib/dpkg && ls info/*.list", NULL},
		.input = -1};
	size_t total = 0;
	size_t number = 0;

	assert_good(proc_run(&options, 60000, &names, err));
	for (size_t i = 0; i < names.n; i++)
		total += names.p[i] == '\n';
	size_t step = total / SAMPLED_PACKAGES + 1;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		add_path(judge, span_from(links[i]));
	for (struct span rest = buf_span(&names); rest.p && rest.n; number++) {
		struct span name = span_cut(&rest, '\n');
		if (number % step == 0 || number < 8)
			add_list(judge, arena_copy(judge->arena, name).p);
	}
	buf_cleanup(&names);
}

static int
make_judge(void **state)
{
	struct judge *judge = calloc(1, sizeof(*judge));
	struct span content;

	if (access("/usr/bin/dpkg-query", X_OK) < 0 || access("/var/lib/dpkg/status", R_OK) < 0) {
		free(judge);
		*state = NULL;
		return 0;
	}
	judge->arena = arena_new(0);
	judge->in_table = map_new(0);
	assert_good(directory_temporary(judge->arena, &judge->folder, err));
	const char *info = arena_printf(judge->arena, "%s/info", judge->folder.p).p;
	assert_good(directory_make(info, 0755, err));
	assert_good(file_load("/var/lib/dpkg/status", PACKAGE_DATABASE_MAX, judge->arena, &content,
			      err));
	add_record(judge, "status", change_states(judge, content));
	assert_good(file_load("/var/lib/dpkg/diversions", PACKAGE_DATABASE_MAX, judge->arena,
			      &content, err));
	add_record(judge, "diversions", content);
	judge->diversions = content;
	add_record(judge, "info/format", SPAN("1\n"));
	add_lists(judge);
	assert_good(fixture_make(judge->table.items, judge->table.count, &judge->fixture, err));
	assert_good(inventory_read(judge->fixture.image, judge->fixture.contents, &judge->inventory,
				   err));
	*state = judge;
	return 0;
}

static int
free_judge(void **state)
{
	struct judge *judge = *state;

	if (!judge)
		return 0;
	assert_good(tree_remove(judge->folder.p, err));
	inventory_free(judge->inventory);
	fixture_free(&judge->fixture);
	vec_free(&judge->table);
	map_free(judge->in_table);
	arena_free(judge->arena);
	free(judge);
	return 0;
}

static struct judge *
judge_or_skip(void **state)
{
	if (*state)
		return *state;
	print_message("dpkg-query is not there: not compared with it\n");
	skip();
	return NULL;
}

static void
ask(struct judge *judge, const char *const *arguments, struct buf *output)
{
	const char *argv[SAMPLED_FILES + 8] = {"dpkg-query", "--admindir", judge->folder.p};
	size_t count = 3;

	for (; *arguments; arguments++)
		argv[count++] = *arguments;
	struct proc_options options = {.argv = argv, .input = -1};
	assert_good(proc_run(&options, 60000, output, err));
}

static int
compare_lines(const void *left, const void *right)
{
	return span_compare(*(const struct span *)left, *(const struct span *)right);
}

/* The lines of a text in byte order. */
static size_t
sort_lines(struct judge *judge, struct span text, struct span **ret)
{
	struct span *lines = arena_array(judge->arena, text.n / 2 + 2, sizeof(struct span));
	size_t count = 0;

	for (struct span rest = text; rest.p && rest.n;)
		lines[count++] = span_cut(&rest, '\n');
	qsort(lines, count, sizeof(*lines), compare_lines);
	*ret = lines;
	return count;
}

static const char *
state_name(const struct component *component)
{
	static const char *const names[] = {
		[COMPONENT_INSTALLED] = "code",
		[COMPONENT_HALF] = "half",
		[COMPONENT_CONFIG_FILES] = "config-files",
	};

	return names[component->state];
}

/* dpkg's word in ours: "installed" -> code, "config-files", all else half. */
static struct span
translate_state(struct judge *judge, struct span line)
{
	size_t blank = span_find_last(line, ' ');
	struct span word = span_slice(line, blank + 1, line.n);
	const char *ours = span_equal(word, SPAN("installed"))	    ? "code"
			   : span_equal(word, SPAN("config-files")) ? "config-files"
								    : "half";

	return arena_printf(judge->arena, "%.*s %s", SPAN_ARG(span_slice(line, 0, blank)), ours);
}

static void
packages_are_those_of_dpkg(void **state)
{
	struct judge *judge = judge_or_skip(state);
	struct buf theirs = BUF_INIT(OUTPUT_MAX);
	struct buf ours = BUF_INIT(OUTPUT_MAX);
	struct span *their_lines;
	struct span *our_lines;
	size_t states_seen[3] = {0};

	ask(judge,
	    (const char *[]){"-W", "-f",
			     "${Package} ${Version} ${Architecture} ${source:Package} "
			     "${source:Version} ${db:Status-Status}\n",
			     NULL},
	    &theirs);
	for (size_t i = 0; i < judge->inventory->component_count; i++) {
		const struct component *component = &judge->inventory->components[i];

		states_seen[component->state]++;
		assert_good(buf_printf(&ours, err, "%.*s %.*s %.*s %.*s %.*s %s\n",
				       SPAN_ARG(component->name), SPAN_ARG(component->version),
				       SPAN_ARG(component->architecture),
				       SPAN_ARG(component->source),
				       SPAN_ARG(component->source_version), state_name(component)));
	}
	size_t our_count = sort_lines(judge, buf_span(&ours), &our_lines);
	size_t their_count = sort_lines(judge, buf_span(&theirs), &their_lines);
	assert_int_equal(our_count, their_count);
	for (size_t i = 0; i < our_count; i++)
		their_lines[i] = translate_state(judge, their_lines[i]);
	qsort(their_lines, their_count, sizeof(*their_lines), compare_lines);
	for (size_t i = 0; i < our_count; i++) {
		if (!span_equal(our_lines[i], their_lines[i]))
			fail_msg("\"%.*s\" is not dpkg's \"%.*s\"", SPAN_ARG(our_lines[i]),
				 SPAN_ARG(their_lines[i]));
	}
	assert_true(our_count > 20);
	assert_true(states_seen[COMPONENT_HALF] >= 3);
	assert_int_equal(states_seen[COMPONENT_CONFIG_FILES] >= 1, true);
	buf_cleanup(&theirs);
	buf_cleanup(&ours);
}

/* The next one whose list was copied. */
static const struct component *
first_listed(const struct judge *judge, size_t from)
{
	for (size_t i = from; i < judge->inventory->component_count; i++) {
		const struct component *component = &judge->inventory->components[i];

		if (component->file_count && span_equal(component->files[0].listed, SPAN("/.")))
			return component;
	}
	return NULL;
}

/* dpkg-query -L names each listed path in order (and tells of diversions in extra lines). */
static void
files_are_those_of_dpkg(void **state)
{
	struct judge *judge = judge_or_skip(state);
	const struct inventory *inventory = judge->inventory;
	size_t compared = 0;

	for (size_t i = 0; i < inventory->component_count && compared < 25; i++) {
		const struct component *component = first_listed(judge, i);
		struct buf output = BUF_INIT(OUTPUT_MAX);

		if (!component)
			break;
		i = (size_t)(component - inventory->components);
		const char *name =
			arena_printf(judge->arena, "%.*s:%.*s", SPAN_ARG(component->name),
				     SPAN_ARG(component->architecture))
				.p;
		ask(judge, (const char *[]){"-L", name, NULL}, &output);
		struct span rest = buf_span(&output);
		for (size_t k = 0; k < component->file_count; k++) {
			struct span line = span_cut(&rest, '\n');

			while (line.n && line.p[0] != '/')
				line = span_cut(&rest, '\n');
			if (!span_equal(line, component->files[k].listed))
				fail_msg("%s: \"%.*s\" is not dpkg's \"%.*s\"", name,
					 SPAN_ARG(component->files[k].listed), SPAN_ARG(line));
		}
		compared++;
		buf_cleanup(&output);
	}
	assert_true(compared >= 5);
}

/* Whether a line of dpkg-query -S says that `name` owns `path`: "a, b:amd64: PATH". */
static bool
says_owned(struct span output, struct span name, struct span path)
{
	for (struct span rest = output; rest.p && rest.n;) {
		struct span line = span_cut(&rest, '\n');

		if (!span_ends_with(line, path) || line.n < path.n + 2 ||
		    line.p[line.n - path.n - 1] != ' ')
			continue;
		struct span packages = span_slice(line, 0, line.n - path.n - 2);
		while (packages.p) {
			struct span one = span_trim(span_cut(&packages, ','));
			if (span_equal(span_slice(one, 0, span_find(one, ':')), name))
				return true;
		}
	}
	return false;
}

static void
owners_are_those_of_dpkg(void **state)
{
	struct judge *judge = judge_or_skip(state);
	const struct inventory *inventory = judge->inventory;
	const char *arguments[SAMPLED_FILES + 2] = {"-S"};
	struct span owners[SAMPLED_FILES];
	struct buf output = BUF_INIT(OUTPUT_MAX);
	size_t count = 0;
	size_t seen = 0;

	for (size_t i = 0; i < inventory->component_count; i++) {
		const struct component *component = &inventory->components[i];

		for (size_t k = 0; k < component->file_count && count < SAMPLED_FILES; k++) {
			uint32_t entry = component->files[k].entry;

			if (entry == IMAGE_NONE || seen++ % 17 != 0 ||
			    judge->fixture.image->entries[entry].type == IMAGE_DIRECTORY ||
			    span_find(component->files[k].listed, '[') <
				    component->files[k].listed.n)
				continue;
			owners[count] = inventory->components[inventory->owners[entry]].name;
			arguments[++count] = arena_copy(judge->arena, component->files[k].listed).p;
		}
	}
	assert_true(count > 50);
	ask(judge, arguments, &output);
	for (size_t i = 0; i < count; i++) {
		if (!says_owned(buf_span(&output), owners[i], span_from(arguments[i + 1])))
			fail_msg("dpkg does not say that %.*s owns %s", SPAN_ARG(owners[i]),
				 arguments[i + 1]);
	}
	buf_cleanup(&output);
}

/* Paths through linked folders (usrmerge) end where the kernel says; all others are not there. */
static void
listed_paths_lead_where_the_kernel_goes(void **state)
{
	struct judge *judge = judge_or_skip(state);
	const struct inventory *inventory = judge->inventory;
	size_t compared = 0;
	size_t moved = 0;

	for (size_t i = 0; i < inventory->component_count; i++) {
		const struct component *component = &inventory->components[i];

		for (size_t k = 0; k < component->file_count; k++) {
			const struct component_file *file = &component->files[k];
			struct span place = real_place(judge, file->listed);

			if (file->entry == IMAGE_NONE || !place.p)
				continue;
			struct span path = judge->fixture.image->entries[file->entry].path;
			if (!span_equal(path, place) &&
			    !span_contains(judge->diversions, file->listed))
				fail_msg("%.*s is at %.*s, not at %.*s", SPAN_ARG(file->listed),
					 SPAN_ARG(place), SPAN_ARG(path));
			compared++;
			moved += !span_equal(path, file->listed);
		}
	}
	assert_true(compared > 500);
	assert_true(moved > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packages_are_those_of_dpkg),
		cmocka_unit_test(files_are_those_of_dpkg),
		cmocka_unit_test(owners_are_those_of_dpkg),
		cmocka_unit_test(listed_paths_lead_where_the_kernel_goes),
	};

	return cmocka_run_group_tests(tests, make_judge, free_judge);
}
