/* SPDX-License-Identifier: Apache-2.0 */
/* What is found by where it lies: plug-ins, name services, character sets, locales. */
#include "stage/risks/hunter.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/elf_names.h"
#include "codec/nsswitch.h"

#include <stdlib.h>

/* ---- plug-ins ---- */

enum { GROUP_NONE, GROUP_LIBRARY, GROUP_JAR, GROUPS };

static unsigned
group_of(struct span name)
{
	if (span_ends_with(name, SPAN(".jar")))
		return GROUP_JAR;
	return elf_is_library_name(name) ? GROUP_LIBRARY : GROUP_NONE;
}

/* "x86_64-linux-gnu" */
static bool
is_triplet(struct span name)
{
	size_t dash = span_find(name, '-');

	return dash < name.n && span_contains(span_slice(name, dash, name.n), SPAN("-linux-"));
}

/* Where the dynamic loader looks by itself: /lib, /usr/lib64, /usr/local/lib/TRIPLET... */
static bool
is_loader_folder(struct span path)
{
	static const struct span names[] = {SPAN_INIT("lib"), SPAN_INIT("lib32"),
					    SPAN_INIT("lib64"), SPAN_INIT("libx32")};
	static const struct span tops[] = {SPAN_INIT("/usr/local/"), SPAN_INIT("/usr/"),
					   SPAN_INIT("/")};

	if (span_contains(path, SPAN("/glibc-hwcaps/")))
		return true;
	for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++) {
		if (!span_starts_with(path, tops[i]))
			continue;
		struct span rest = span_slice(path, tops[i].n, path.n);
		struct span name = span_cut(&rest, '/');
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
			if (span_equal(name, names[k]))
				return !rest.p || is_triplet(rest);
		}
	}
	return false;
}

/* Marks removed files in folders of which one of the same group was read. */
static int
look_for_plugins(struct hunter *hunter, struct err *err)
{
	const struct image *image = hunter->image;
	CLEANUP(free_cleanup)
	uint32_t *used = calloc(image->entry_count + 1, GROUPS * sizeof(*used)); /* entry + 1 */

	if (!used)
		return err_memory(err);
	for (size_t i = 0; i < hunter->profile->path_count; i++) {
		const struct profile_path *path = &hunter->profile->paths[i];
		uint32_t entry = path->use & USE_READ ? image_find(image, path->path) : IMAGE_NONE;
		unsigned group = entry == IMAGE_NONE ? GROUP_NONE
						     : group_of(image_name(&image->entries[entry]));
		uint32_t folder = entry == IMAGE_NONE ? 0 : image->entries[entry].parent;

		if (group == GROUP_NONE || is_loader_folder(image->entries[folder].path) ||
		    index_is_below_python(hunter, entry))
			continue;
		if (used[folder * GROUPS + group] == 0)
			used[folder * GROUPS + group] = entry + 1;
	}
	for (uint32_t i = 0; i < image->entry_count; i++) {
		unsigned group = image->entries[i].type == IMAGE_FILE
					 ? group_of(image_name(&image->entries[i]))
					 : GROUP_NONE;
		uint32_t via = used[image->entries[i].parent * GROUPS + group];

		if (group != GROUP_NONE && via)
			hunter_mark(hunter, i, RISK_SIBLING, via - 1);
	}
	return 0;
}

/* ---- name services ---- */

static const struct {
	struct span database;
	enum facility facility;
} databases[] = {
	{SPAN_INIT("passwd"), FACILITY_PASSWD},
	{SPAN_INIT("group"), FACILITY_GROUP},
	{SPAN_INIT("initgroups"), FACILITY_GROUP},
	{SPAN_INIT("shadow"), FACILITY_SHADOW},
	{SPAN_INIT("hosts"), FACILITY_HOSTS},
	{SPAN_INIT("services"), FACILITY_SERVICES},
	{SPAN_INIT("protocols"), FACILITY_PROTOCOLS},
	{SPAN_INIT("networks"), FACILITY_NETWORKS},
	{SPAN_INIT("rpc"), FACILITY_RPC},
	{SPAN_INIT("ethers"), FACILITY_ETHERS},
	{SPAN_INIT("netgroup"), FACILITY_NETGROUP},
	{SPAN_INIT("aliases"), FACILITY_ALIASES},
};

/* The configuration that is being read. */
struct name_services {
	struct hunter *hunter;
	uint32_t configuration;
};

static int
see_service(void *context, struct span database, struct span service, struct err *err)
{
	const struct name_services *services = context;
	struct hunter *hunter = services->hunter;

	for (size_t i = 0; i < sizeof(databases) / sizeof(databases[0]); i++) {
		if (!span_equal(databases[i].database, database) ||
		    hunter->asks[databases[i].facility] == IMAGE_NONE)
			continue;
		struct span name =
			arena_printf(hunter->arena, "libnss_%.*s.so.2", SPAN_ARG(service));
		if (!name.p)
			return err_memory(err);
		index_mark(hunter, &hunter->libraries, name, RISK_NSS, services->configuration);
	}
	return 0;
}

static int
look_for_name_services(struct hunter *hunter, struct err *err)
{
	uint32_t entry = image_resolve(hunter->image, SPAN("/etc/nsswitch.conf"), true, NULL, NULL);
	struct name_services services = {hunter, entry};
	struct err problem = ERR_INIT;
	struct span text;

	if (entry == IMAGE_NONE || !plan_has(hunter->plan, entry))
		return 0;
	int r = contents_load(hunter->contents, hunter->image, entry, LD_CONF_MAX, hunter->arena,
			      &text, &problem);
	if (r == 0)
		return nsswitch_read(text, see_service, &services, err);
	struct gap gap = {hunter->image->entries[entry].path,
			  arena_copy(hunter->arena, span_from(problem.text))};
	return gap.text.p ? vec_push(&hunter->gaps, &gap, RISKS_GAPS_MAX + 1, err)
			  : err_memory(err);
}

/* ---- folders as a whole ---- */

static const struct {
	struct span path; /* absolute, or the name of a folder anywhere */
	enum facility facility;
	enum risk_kind kind;
} data[] = {
	{SPAN_INIT("gconv"), FACILITY_CHARSETS, RISK_GCONV},
	{SPAN_INIT("/usr/lib/locale"), FACILITY_LOCALES, RISK_LOCALE},
	{SPAN_INIT("/usr/share/locale"), FACILITY_TEXTS, RISK_TEXTS},
};

static void
look_for_data(struct hunter *hunter)
{
	const struct image *image = hunter->image;

	for (uint32_t i = 0; i < image->entry_count; i++) {
		const struct image_entry *entry = &image->entries[i];

		if (entry->type != IMAGE_DIRECTORY)
			continue;
		for (size_t k = 0; k < sizeof(data) / sizeof(data[0]); k++) {
			if (hunter->asks[data[k].facility] != IMAGE_NONE &&
			    (span_equal(entry->path, data[k].path) ||
			     span_equal(image_name(entry), data[k].path)))
				hunter_mark(hunter, i, data[k].kind,
					    hunter->asks[data[k].facility]);
		}
	}
}

int
folders_look(struct hunter *hunter, struct err *err)
{
	int r = look_for_plugins(hunter, err);

	if (r == 0)
		r = look_for_name_services(hunter, err);
	if (r == 0)
		look_for_data(hunter);
	return r;
}
