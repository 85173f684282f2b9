/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries that were loaded because something lists them as needed, and of which no code ran. With
 * harden.unused_libraries: stub, a library without code takes the place of each (codec/elf_stub.h);
 * of one that anything loaded takes data from, a stub that has all of its data.
 */
#include "stage/plan/loader.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/elf_code.h"
#include "codec/elf_stub.h"

#include <elf.h>
#include <stdlib.h>

/* What is known of one library, once it was looked at. */
struct stub {
	bool made;	       /* false: it has to stay */
	struct span content;   /* in the plan's arena, as all here */
	struct span_list data; /* names of the data it defines */
	struct span problem;   /* why none was made */
	struct span lent;      /* data that is taken, and why no stub can have it */
	struct span lending;   /* the stub with its data, once that was asked for */
};

/* Code for the day on which something goes wrong: that it did not run says little. */
static bool
is_for_failures(struct span name)
{
	static const struct span names[] = {SPAN_INIT("libgcc_s."), SPAN_INIT("libunwind."),
					    SPAN_INIT("libSegFault.")};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (span_starts_with(name, names[i]))
			return true;
	}
	return false;
}

/* ---- one library ---- */

struct data_names {
	struct arena *arena;
	VEC(struct span) names;
};

static int
note_data(void *context, struct span name, struct err *err)
{
	struct data_names *data = context;
	struct span copy = arena_copy(data->arena, name);

	return copy.p ? vec_push(&data->names, &copy, ELF_SYMBOLS_MAX, err) : err_memory(err);
}

static int
take_data(struct planner *planner, const struct data_names *data, struct stub *stub,
	  struct err *err)
{
	stub->data.items = arena_array(planner->arena, data->names.count, sizeof(struct span));
	if (data->names.count && !stub->data.items)
		return err_memory(err);
	if (data->names.count)
		memcpy(stub->data.items, data->names.items,
		       data->names.count * sizeof(struct span));
	stub->data.count = data->names.count;
	return 0;
}

/* 0 with `made` false when no stub can stand in for it. */
static int
make_stub(struct planner *planner, uint32_t entry, struct stub *stub, struct err *err)
{
	CLEANUP(contents_view_cleanup) struct contents_view file = {0};
	struct data_names data = {.arena = planner->arena};
	struct err problem = ERR_INIT;
	struct buf content = {0};
	int r = contents_view(planner->contents, planner->image, entry, ELF_FILE_MAX, &file,
			      &problem);

	if (r == 0)
		r = elf_stub_make(file.bytes, &content, &problem);
	if (r == 0)
		r = elf_stub_data(file.bytes, note_data, &data, &problem);
	if (r == 0)
		r = take_data(planner, &data, stub, &problem);
	if (r == 0) {
		stub->content = arena_copy(planner->arena, buf_span(&content));
		stub->made = stub->content.p != NULL;
	} else {
		stub->problem = arena_copy(planner->arena, span_from(problem.text));
	}
	vec_free(&data.names);
	buf_cleanup(&content);
	if (r < 0 && !stub->problem.p)
		return err_memory(err);
	return problem.kind == ERR_MEMORY || (r == 0 && !stub->made) ? err_memory(err) : 0;
}

static int
stub_of(struct planner *planner, uint32_t entry, struct stub **ret, struct err *err)
{
	struct stub **slot = &planner->stubs[entry];

	if (!*slot) {
		*slot = arena_alloc(planner->arena, sizeof(**slot));
		if (!*slot)
			return err_memory(err);
		**slot = (struct stub){0};
		int r = make_stub(planner, entry, *slot, err);
		if (r < 0)
			return r;
	}
	*ret = *slot;
	return 0;
}

/* ---- which ---- */

struct choice {
	struct planner *planner;
	bool *family;	  /* per component: the C library, which every program starts with */
	bool *chosen;	  /* per entry */
	bool *lends;	  /* per entry that is chosen: with its data */
	struct map *data; /* name -> index in `sources` */
	VEC(struct source {
		uint32_t entry; /* that defines it */
		uint32_t next;	/* of the same name, or IMAGE_NONE */
	})
	sources;
	VEC(uint32_t) importers; /* whose imports are still to be looked at */
	uint32_t importer;	 /* whose are looked at */
	struct err *err;
	int result;
};

/* The components of the loaders that programs name: libc and what comes with it. */
static void
mark_family(struct choice *choice)
{
	const struct planner *planner = choice->planner;

	for (uint32_t i = 0; i < planner->image->entry_count; i++) {
		const struct object *object = planner->loader->objects[i];
		uint32_t entry = object && object->good && object->info.interpreter.n
					 ? image_resolve(planner->image, object->info.interpreter,
							 true, NULL, NULL)
					 : IMAGE_NONE;
		uint32_t owner =
			entry == IMAGE_NONE ? COMPONENT_NONE : planner->inventory->owners[entry];

		if (owner < planner->inventory->component_count)
			choice->family[owner] = true;
	}
}

/* A library that was loaded, or may be because something lists it. */
static bool
is_library(const struct planner *planner, uint32_t entry)
{
	const struct object *object = planner->loader->objects[entry];

	return planner_keeps(planner, entry) && planner->image->entries[entry].type == IMAGE_FILE &&
	       object && object->good && object->info.type == ET_DYN && !object->info.program &&
	       (object->parent != IMAGE_NONE || (planner->use[entry] & USE_READ));
}

static bool
was_called(const struct planner *planner, uint32_t entry)
{
	const struct profile_extended *extended =
		profile_find_extended(planner->profile, planner->image->entries[entry].path);

	return extended && (extended->use & USE_RUN);
}

/* What speaks against a stub before anything is known of its content; WHOLES: nothing. */
static enum plan_whole
first_bar(const struct choice *choice, uint32_t entry)
{
	const struct planner *planner = choice->planner;
	const struct object *object = planner->loader->objects[entry];
	uint32_t owner = planner->inventory->owners[entry];

	if (!(planner->use[entry] & USE_READ))
		return WHOLE_UNREAD;
	if (!planner->profile->code_watched)
		return WHOLE_UNWATCHED;
	if (planner->use[entry] & USE_RUN)
		return was_called(planner, entry) ? WHOLE_CALLED : WHOLE_RAN;
	if (object->parent == IMAGE_NONE)
		return WHOLE_OPENED;
	if (planner->marks[entry] & MARK_WHOLE)
		return WHOLE_ASKED;
	if (owner < planner->inventory->component_count && choice->family[owner])
		return WHOLE_C_LIBRARY;
	if (is_for_failures(object->info.soname))
		return WHOLE_FAILURES;
	if (planner->image->entries[entry].links != 1)
		return WHOLE_LINKED;
	return object->info.soname.n > 0 ? WHOLES : WHOLE_NAMELESS;
}

static int
add_source(struct choice *choice, struct span name, uint32_t entry, struct err *err)
{
	uint64_t known = IMAGE_NONE;
	struct source source = {.entry = entry};

	(void)map_get(choice->data, name, &known);
	source.next = (uint32_t)known;
	int r = map_put(choice->data, name, choice->sources.count, err);
	return r < 0 ? r : vec_push(&choice->sources, &source, ELF_SYMBOLS_MAX, err);
}

static int
choose(struct choice *choice, uint32_t entry, struct err *err)
{
	struct stub *stub = NULL;
	int r = stub_of(choice->planner, entry, &stub, err);

	if (r < 0 || !stub->made)
		return r;
	choice->chosen[entry] = true;
	for (size_t i = 0; r == 0 && i < stub->data.count; i++)
		r = add_source(choice, stub->data.items[i], entry, err);
	return r;
}

/* Everything that is loaded as it is: its imports are resolved. */
static int
list_importers(struct choice *choice, struct err *err)
{
	const struct planner *planner = choice->planner;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < planner->image->entry_count; i++) {
		const struct object *object = planner->loader->objects[i];

		if (object && object->good && planner_keeps(planner, i) && !choice->chosen[i])
			r = vec_push(&choice->importers, &i, IMAGE_ENTRIES_MAX, err);
	}
	return r;
}

/* `lending` stays empty, and `lent` says why, when there is no such stub. */
static int
make_lending(struct choice *choice, uint32_t entry, struct span name, struct err *err)
{
	CLEANUP(contents_view_cleanup) struct contents_view file = {0};
	CLEANUP(buf_cleanup) struct buf content = {0};
	struct planner *planner = choice->planner;
	struct stub *stub = planner->stubs[entry];
	struct span taker = planner->image->entries[choice->importer].path;
	struct err problem = ERR_INIT;
	int r = contents_view(planner->contents, planner->image, entry, ELF_FILE_MAX, &file,
			      &problem);

	if (r == 0)
		r = elf_stub_lend(file.bytes, &content, &problem);
	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r == 0)
		stub->lending = arena_copy(planner->arena, buf_span(&content));
	else
		stub->lent = arena_printf(planner->arena, "%.*s, for %.*s: %s", SPAN_ARG(name),
					  SPAN_ARG(taker), problem.text);
	return stub->lending.p || stub->lent.p ? 0 : err_memory(err);
}

/* Its data is there as it is, and so is what that takes from others. */
static int
lend_data(struct choice *choice, uint32_t entry, struct span name, struct err *err)
{
	struct stub *stub = choice->planner->stubs[entry];
	int r = stub->lending.p || stub->lent.p ? 0 : make_lending(choice, entry, name, err);

	if (r < 0)
		return r;
	choice->chosen[entry] = choice->lends[entry] = stub->lending.p != NULL;
	return vec_push(&choice->importers, &entry, IMAGE_ENTRIES_MAX, err);
}

/*
 * Whoever defines it as data lends it. A program
 * that takes a variable has it as its own, and the loader copies the library's there (R_*_COPY): so
 * what an importer defines as data counts as an import.
 */
static bool
see_import(void *context, const struct elf_symbol *symbol)
{
	struct choice *choice = context;
	uint64_t at = IMAGE_NONE;

	if (!symbol->dynamic || (symbol->defined && symbol->function))
		return true;
	(void)map_get(choice->data, symbol->name, &at);
	while (at != IMAGE_NONE && choice->result == 0) {
		const struct source *source = &choice->sources.items[at];

		if (choice->chosen[source->entry] && !choice->lends[source->entry])
			choice->result =
				lend_data(choice, source->entry, symbol->name, choice->err);
		at = source->next;
	}
	return choice->result == 0;
}

static int
see_imports(struct choice *choice, struct err *err)
{
	const struct planner *planner = choice->planner;

	choice->err = err;
	while (choice->importers.count) {
		CLEANUP(contents_view_cleanup) struct contents_view file = {0};
		uint32_t entry = choice->importers.items[--choice->importers.count];
		choice->importer = entry;
		int r = contents_view(planner->contents, planner->image, entry, ELF_FILE_MAX, &file,
				      err);

		if (r == 0)
			r = elf_symbols(file.bytes, see_import, choice, err);
		if (r < 0 || choice->result < 0)
			return r < 0 ? r : choice->result;
	}
	return 0;
}

/* Each library that stays as it is, with what speaks against a stub. */
static int
list_whole(struct choice *choice, struct err *err)
{
	struct planner *planner = choice->planner;
	int r = 0;

	planner->libraries.count = 0;
	for (uint32_t i = 0; r == 0 && i < planner->image->entry_count; i++) {
		if (!is_library(planner, i) || choice->chosen[i])
			continue;
		struct plan_library library = {i, first_bar(choice, i), {NULL, 0}};
		const struct stub *stub = planner->stubs[i];

		if (library.why == WHOLES) {
			library.why = stub->made ? WHOLE_LENDS : WHOLE_IMPOSSIBLE;
			library.detail = stub->made ? stub->lent : stub->problem;
		}
		r = vec_push(&planner->libraries, &library, IMAGE_ENTRIES_MAX, err);
	}
	return r;
}

static int
decide(struct choice *choice, struct err *err)
{
	struct planner *planner = choice->planner;
	int r = 0;

	mark_family(choice);
	for (uint32_t i = 0; r == 0 && i < planner->image->entry_count; i++) {
		if (is_library(planner, i) && first_bar(choice, i) == WHOLES)
			r = choose(choice, i, err);
	}
	if (r == 0)
		r = list_importers(choice, err);
	if (r == 0)
		r = see_imports(choice, err);
	for (size_t i = 0; r == 0 && i < planner->plan->entry_count; i++) {
		if (choice->chosen[i])
			planner->plan->entries[i].content =
				choice->lends[i] ? CONTENT_DATA : CONTENT_STUB;
	}
	return r < 0 ? r : list_whole(choice, err);
}

int
stub_mark(struct planner *planner, struct err *err)
{
	struct choice choice = {.planner = planner};
	int r = 0;

	if (planner->service->unused_libraries != LIBRARIES_STUB ||
	    planner->plan->granularity == GRANULARITY_PACKAGE)
		return 0;
	if (!planner->profile->code_watched)
		r = planner_gap(planner, SPAN("profile"), err,
				"it does not tell which code ran: no library becomes a stub "
				"(profile again)");
	if (r < 0)
		return r;
	if (!planner->stubs)
		planner->stubs = arena_array(planner->arena, planner->image->entry_count,
					     sizeof(struct stub *));
	choice.family = calloc(planner->inventory->component_count + 1, sizeof(bool));
	choice.chosen = calloc(planner->image->entry_count + 1, sizeof(bool));
	choice.lends = calloc(planner->image->entry_count + 1, sizeof(bool));
	choice.data = map_new(0);
	if (!planner->stubs || !choice.family || !choice.chosen || !choice.lends || !choice.data)
		r = err_memory(err);
	if (r == 0)
		r = decide(&choice, err);
	free(choice.family);
	free(choice.chosen);
	free(choice.lends);
	map_free(choice.data);
	vec_free(&choice.sources);
	vec_free(&choice.importers);
	return r;
}

/* Of code that ran: whether that could have been told from anything but its being loaded. */
static int
add_detail(struct planner *planner, struct plan_library *library, struct err *err)
{
	CLEANUP(contents_view_cleanup) struct contents_view file = {0};
	struct err why = ERR_INIT;

	if (library->why != WHOLE_RAN)
		return 0;
	int r = contents_view(planner->contents, planner->image, library->entry, ELF_FILE_MAX,
			      &file, &why);
	if (r == 0)
		r = elf_code_tells(file.bytes, &why);
	if (r == 0)
		return 0;
	library->detail = arena_copy(planner->arena, span_from(why.text));
	return why.kind == ERR_MEMORY || !library->detail.p ? err_memory(err) : 0;
}

static int
hand_over_libraries(struct planner *planner, struct err *err)
{
	struct plan *plan = planner->plan;
	size_t count = planner->libraries.count;
	int r = 0;

	plan->libraries = arena_array(planner->arena, count, sizeof(*plan->libraries));
	if (count && !plan->libraries)
		return err_memory(err);
	for (size_t i = 0; r == 0 && i < count; i++) {
		plan->libraries[i] = planner->libraries.items[i];
		r = add_detail(planner, &plan->libraries[i], err);
	}
	plan->library_count = count;
	return r;
}

static bool
is_stub(const struct plan *plan, size_t entry)
{
	enum plan_content content = plan->entries[entry].content;

	return content == CONTENT_STUB || content == CONTENT_DATA;
}

int
stub_rewrite(struct planner *planner, struct err *err)
{
	struct plan *plan = planner->plan;
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; i < plan->entry_count; i++)
		count += is_stub(plan, i);
	plan->stubs = arena_array(planner->arena, count, sizeof(*plan->stubs));
	if (count && !plan->stubs)
		return err_memory(err);
	for (uint32_t i = 0; r == 0 && i < plan->entry_count; i++) {
		if (!is_stub(plan, i))
			continue;
		const struct stub *stub = planner->stubs[i];
		bool lends = plan->entries[i].content == CONTENT_DATA;
		struct plan_rewrite rewrite = {i, lends ? stub->lending : stub->content};

		plan->stubs[plan->stub_count++] =
			(struct plan_stub){i, planner->loader->objects[i]->info.soname};
		r = vec_push(&planner->rewrites, &rewrite, IMAGE_ENTRIES_MAX, err);
	}
	return r < 0 ? r : hand_over_libraries(planner, err);
}
