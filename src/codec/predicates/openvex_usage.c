/* SPDX-License-Identifier: Apache-2.0 */
/* Whether code that stays was seen at work: rather one "affected" too many than one too few. */
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/predicates/openvex.h"

struct vex_usage {
	const struct image *image;
	const struct inventory *inventory;
	const struct plan *plan;
	bool *touched;	 /* per inode: looked up, read, listed, by any name */
	bool *spoken;	 /* per inode: stays for a reason that speaks for its being used */
	uint64_t *sizes; /* of touched files that no package owns, ascending: may be copies */
	size_t size_count;
};

/*
 * Reasons that only follow from others. The rest says that somebody, or the image, wants the file
 * whatever the profile saw.
 */
static const bool follows[REASONS] = {
	[REASON_USED] = true,	 [REASON_NEEDED] = true,  [REASON_INTERPRETER] = true,
	[REASON_LINK] = true,	 [REASON_TARGET] = true,  [REASON_PARENT] = true,
	[REASON_PACKAGE] = true, [REASON_LICENCE] = true, [REASON_METADATA] = true,
	[REASON_COMMAND] = true,
};

/* Loaded by name once the need arises, so that a load that did not need them shows nothing. */
static const struct span on_demand[] = {
	SPAN_INIT("/libgcc_s.so"),   SPAN_INIT("/libnss_"), SPAN_INIT("/gconv/"),
	SPAN_INIT("/security/pam_"), SPAN_INIT("/sasl2/"),  SPAN_INIT("/engines-"),
	SPAN_INIT("/ossl-modules/"),
};

static bool
is_on_demand(struct span path)
{
	for (size_t i = 0; i < sizeof(on_demand) / sizeof(on_demand[0]); i++) {
		if (span_contains(path, on_demand[i]))
			return true;
	}
	return false;
}

/*
 * Whether a chain of reasons holds one that stands by itself and is not use, or something that is
 * needed by what did run and was not seen all the same: it is for a case that did not come up.
 */
static bool
is_spoken_for(const struct vex_usage *usage, uint32_t entry)
{
	const struct plan *plan = usage->plan;

	for (size_t steps = 0; steps < PLAN_CHAIN_MAX && entry < plan->entry_count; steps++) {
		const struct plan_entry *link = &plan->entries[entry];
		bool needed = link->reason == REASON_NEEDED || link->reason == REASON_INTERPRETER;

		if (!follows[link->reason])
			return true;
		if (needed && link->via < plan->entry_count &&
		    usage->touched[usage->image->entries[link->via].inode])
			return true;
		entry = link->via;
	}
	return entry != IMAGE_NONE;
}

static void
mark_touched(struct vex_usage *usage, const struct profile *profile)
{
	for (size_t i = 0; i < profile->path_count; i++) {
		uint32_t entry = image_find(usage->image, profile->paths[i].path);

		if (entry != IMAGE_NONE)
			usage->touched[usage->image->entries[entry].inode] = true;
	}
}

static bool
is_program(const struct image_entry *entry)
{
	struct span name = image_name(entry);

	return entry->type == IMAGE_FILE &&
	       ((entry->mode & 0111) || span_ends_with(name, SPAN(".so")) ||
		span_contains(name, SPAN(".so.")));
}

/*
 * False: a program that stays on somebody's word was not seen at work. What it would use is not
 * known, so the profile is no ground for saying that anything is never used.
 */
static bool
mark_spoken(struct vex_usage *usage)
{
	const struct plan *plan = usage->plan;

	for (uint32_t i = 0; i < plan->entry_count; i++) {
		const struct image_entry *entry = &usage->image->entries[i];
		enum plan_reason reason = plan->entries[i].reason;

		if (!plan_has(plan, i) || !(is_on_demand(entry->path) || is_spoken_for(usage, i)))
			continue;
		usage->spoken[entry->inode] = true;
		if ((reason == REASON_DECLARED || reason == REASON_CONFIG) && is_program(entry) &&
		    !usage->touched[entry->inode])
			return false;
	}
	return true;
}

static int
by_size(const void *a, const void *b)
{
	const uint64_t *x = a;
	const uint64_t *y = b;

	return *x < *y ? -1 : *x > *y;
}

static bool
is_stranger(const struct vex_usage *usage, uint32_t entry)
{
	const struct image_entry *e = &usage->image->entries[entry];

	return e->type == IMAGE_FILE && usage->touched[e->inode] &&
	       usage->inventory->owners[entry] == COMPONENT_NONE;
}

static bool
collect_sizes(struct vex_usage *usage, struct arena *arena)
{
	size_t count = 0;

	for (uint32_t i = 0; i < usage->image->entry_count; i++)
		count += is_stranger(usage, i);
	usage->sizes = arena_array(arena, count + 1, sizeof(*usage->sizes));
	for (uint32_t i = 0; usage->sizes && i < usage->image->entry_count; i++) {
		if (is_stranger(usage, i))
			usage->sizes[usage->size_count++] = image_inode(usage->image, i)->size;
	}
	if (usage->sizes)
		qsort(usage->sizes, usage->size_count, sizeof(*usage->sizes), by_size);
	return usage->sizes != NULL;
}

/*
 * Only the lens sees every read; a profile taken otherwise shows what was used, not what was not.
 * Where there is a shell, people run what no program of the image would.
 */
static bool
can_tell(const struct evidence *evidence)
{
	const struct profile *profile = evidence->profile;
	const struct shells *shells = evidence->shells;

	if (!shells || shells->shell_count > 0 || shells->gaps.count > 0)
		return false;
	return profile && profile->complete && !profile->narrow &&
	       span_equal(profile->recorder, SPAN("lens")) &&
	       digest_equal(&profile->image, &evidence->before.image->manifest_digest);
}

struct vex_usage *
vex_usage_new(struct predicate_writer *writer)
{
	const struct evidence *evidence = writer->evidence;
	const struct suite *suite = evidence->suite;
	size_t entries = evidence->before.image->entry_count;
	struct vex_usage *usage;

	if (!can_tell(evidence))
		return NULL;
	usage = arena_alloc(writer->arena, sizeof(*usage));
	if (usage) {
		*usage = (struct vex_usage){
			.image = evidence->before.image,
			.inventory = evidence->before.inventory,
			.plan = evidence->plan,
			.touched = arena_array(writer->arena, entries + 1, sizeof(bool)),
			.spoken = arena_array(writer->arena, entries + 1, sizeof(bool)),
		};
	}
	if (!usage || !usage->touched || !usage->spoken) {
		writer->writer.failed = true;
		return NULL;
	}
	mark_touched(usage, evidence->profile);
	if (suite && suite->run)
		mark_touched(usage, suite->run);
	if (!mark_spoken(usage))
		return NULL;
	if (!collect_sizes(usage, writer->arena)) {
		writer->writer.failed = true;
		return NULL;
	}
	return usage;
}

/* Folders, and links to folders, are shared by many. */
static bool
is_folder(const struct image *image, uint32_t entry)
{
	if (image->entries[entry].type == IMAGE_SYMLINK)
		entry = image_resolve(image, image->entries[entry].path, true, NULL, NULL);
	return entry != IMAGE_NONE && image->entries[entry].type == IMAGE_DIRECTORY;
}

/* A touched file of no package that could be this one under another name. */
static bool
may_have_copy(const struct vex_usage *usage, uint32_t entry)
{
	const struct image_entry *inode = image_inode(usage->image, entry);

	return inode->type == IMAGE_FILE && inode->size > 0 && usage->size_count &&
	       bsearch(&inode->size, usage->sizes, usage->size_count, sizeof(*usage->sizes),
		       by_size);
}

bool
vex_is_unused(const struct vex_usage *usage, uint32_t component)
{
	const struct component *c = &usage->inventory->components[component];

	for (size_t i = 0; i < c->file_count; i++) {
		uint32_t entry = c->files[i].entry;

		/* Moved away by who made the image? Documentation is often left out. */
		if (entry == IMAGE_NONE) {
			if (!span_starts_with(c->files[i].listed, SPAN("/usr/share/")))
				return false;
			continue;
		}
		if (is_folder(usage->image, entry))
			continue;
		uint32_t inode = usage->image->entries[entry].inode;
		if (usage->touched[inode] || usage->spoken[inode] || may_have_copy(usage, entry))
			return false;
	}
	return c->file_count > 0;
}
