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

static int
keep_of(struct planner *planner, const struct component *component, uint32_t via, struct err *err)
{
	struct span path = arena_printf(planner->arena, "/usr/share/doc/%.*s/copyright",
					SPAN_ARG(component->name));
	int r = path.p ? keep_text(planner, path, via, err) : err_memory(err);

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
