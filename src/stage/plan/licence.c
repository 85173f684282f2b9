/* SPDX-License-Identifier: Apache-2.0 */
/* Licence texts of what stays on record, and the common licences they refer to. */
#include "stage/plan/planner.h"

#include "base/limits.h"
#include "codec/glob.h"

#define COMMON "/usr/share/common-licenses/"

/* Every "/usr/share/common-licenses/NAME" in the text. */
static int
keep_common(struct planner *planner, struct span text, uint32_t via, struct err *err)
{
	int r = 0;

	while (r == 0 && text.n) {
		const char *at = memmem(text.p, text.n, COMMON, sizeof(COMMON) - 1);

		if (!at)
			break;
		struct span rest = span_slice(text, (size_t)(at - text.p), text.n);
		size_t n = sizeof(COMMON) - 1;
		while (n < rest.n &&
		       ((rest.p[n] | 32) >= 'a' ? (rest.p[n] | 32) <= 'z'
						: rest.p[n] == '-' || rest.p[n] == '.' ||
							  (rest.p[n] >= '0' && rest.p[n] <= '9')))
			n++;
		/* A full stop behind the name ends the sentence. */
		size_t end = n;
		while (end && rest.p[end - 1] == '.')
			end--;
		r = planner_keep_way(planner, span_slice(rest, 0, end), REASON_LICENCE, via, NULL,
				     err);
		text = span_slice(rest, n, rest.n);
	}
	return r;
}

static int
keep_text(struct planner *planner, struct span path, uint32_t via, struct err *err)
{
	uint32_t entry = IMAGE_NONE;
	struct err problem = ERR_INIT;
	struct span text;
	int r = planner_keep_way(planner, path, REASON_LICENCE, via, &entry, err);

	if (r < 0 || entry == IMAGE_NONE || planner->image->entries[entry].type != IMAGE_FILE ||
	    planner->licences_read[entry])
		return r;
	planner->licences_read[entry] = true;

	struct arena *arena = arena_new(0);
	if (!arena)
		return err_memory(err);
	if (contents_load(planner->contents, planner->image, entry, LICENCE_TEXT_MAX, arena, &text,
			  &problem) < 0)
		r = planner_gap(planner, path, err, "licences it refers to are not known: %s",
				problem.text);
	else
		r = keep_common(planner, text, entry, err);
	arena_free(arena);
	return r;
}

/* Names a licence goes by in packages of languages. */
static bool
is_licence(struct span name)
{
	static const struct span globs[] = {
		SPAN_INIT("copyright"), SPAN_INIT("LICENSE*"),	 SPAN_INIT("LICENCE*"),
		SPAN_INIT("COPYING*"),	SPAN_INIT("COPYRIGHT*"), SPAN_INIT("NOTICE*"),
	};

	for (size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++) {
		if (glob_match(globs[i], name))
			return true;
	}
	return false;
}

/* Where distributions have the texts of a package: a file, or a folder of them. */
static const struct {
	struct span before;
	struct span behind;
} places[] = {
	{SPAN_INIT("/usr/share/doc/"), SPAN_INIT("/copyright")},
	{SPAN_INIT("/usr/share/licenses/"), SPAN_INIT("")},
};

static int
keep_place(struct planner *planner, struct span name, size_t place, uint32_t via, struct err *err)
{
	struct span path =
		arena_printf(planner->arena, "%.*s%.*s%.*s", SPAN_ARG(places[place].before),
			     SPAN_ARG(name), SPAN_ARG(places[place].behind));

	if (!path.p)
		return err_memory(err);
	uint32_t entry = image_resolve(planner->image, path, true, NULL, NULL);
	if (entry != IMAGE_NONE && planner->image->entries[entry].type == IMAGE_DIRECTORY)
		return planner_keep_tree(planner, entry, REASON_LICENCE, via, err);
	return keep_text(planner, path, via, err);
}

/* By its own name and that of its source: subpackages of apk share the texts. */
static int
keep_places(struct planner *planner, const struct component *component, uint32_t via,
	    struct err *err)
{
	bool own = component->source.n == 0 || span_equal(component->source, component->name);
	int r = 0;

	if (!component_is_packaged(component))
		return 0;
	for (size_t i = 0; r == 0 && i < sizeof(places) / sizeof(places[0]); i++) {
		r = keep_place(planner, component->name, i, via, err);
		if (r == 0 && !own)
			r = keep_place(planner, component->source, i, via, err);
	}
	return r;
}

static int
keep_of(struct planner *planner, const struct component *component, uint32_t via, struct err *err)
{
	int r = keep_places(planner, component, via, err);

	for (size_t i = 0; r == 0 && i < component->file_count; i++) {
		uint32_t entry = component->files[i].entry;

		if (entry != IMAGE_NONE && planner->image->entries[entry].type != IMAGE_DIRECTORY &&
		    is_licence(image_name(&planner->image->entries[entry])))
			r = keep_text(planner, planner->image->entries[entry].path, via, err);
	}
	return r;
}

int
licence_keep(struct planner *planner, struct err *err)
{
	for (size_t i = 0; i < planner->inventory->component_count; i++) {
		const struct plan_component *plan = &planner->plan->components[i];
		int r = plan->fate == FATE_KEPT
				? keep_of(planner, &planner->inventory->components[i],
					  plan->because, err)
				: 0;
		if (r < 0)
			return r;
	}
	return 0;
}
