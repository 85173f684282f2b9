/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/filters.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/reference.h"
#include "stage/triage.h"

struct loading {
	const struct filters *filters;
	struct arena *arena;
	struct triage_vex *vex;
	struct ignore_file *ignore;
	struct evidence_baseline baseline;
};

static int
load_vex(struct loading *loading, struct err *err)
{
	const struct option_list *files = &loading->filters->vex;
	int r = 0;

	for (size_t i = 0; i < files->count && r == 0; i++) {
		struct span path = span_from(files->items[i]);
		struct span text;

		r = file_load(path.p, JSON_DOCUMENT_MAX, loading->arena, &text, err);
		if (r < 0)
			return r;
		loading->vex[i].path = path;
		r = vex_document_read(text, loading->arena, &loading->vex[i].document, err);
		if (r < 0)
			return err_wrap(err, "%s", path.p);
	}
	return r;
}

static int
load_ignore(struct loading *loading, struct err *err)
{
	const struct option_list *files = &loading->filters->ignore;
	int r = 0;

	for (size_t i = 0; i < files->count && r == 0; i++) {
		struct span text;

		r = file_load(files->items[i], YAML_DOCUMENT_MAX, loading->arena, &text, err);
		if (r == 0)
			r = ignore_parse(text, span_from(files->items[i]), loading->arena,
					 &loading->ignore[i], err);
	}
	return r;
}

static int
load_baseline(struct loading *loading, struct err *err)
{
	const char *path = loading->filters->baseline;
	struct span text;

	if (!path)
		return 0;
	int r = file_load(path, JSON_DOCUMENT_MAX, loading->arena, &text, err);
	if (r < 0)
		return r;
	r = evidence_read_baseline(text, loading->arena, &loading->baseline, err);
	return r < 0 ? err_wrap(err, "%s", path) : 0;
}

/* Repository and tag of an image that a registry has; other places have no such name. */
static int
find_subject(const struct subject *subject, struct arena *arena, struct triage_subject *ret,
	     struct err *err)
{
	struct reference reference = {.tag = SPAN("")};
	struct err ignored = ERR_INIT;

	*ret = (struct triage_subject){
		.image = subject->image,
		.inventory = subject->inventory,
		.repository = SPAN(""),
		.tag = SPAN(""),
	};
	if (!subject->image ||
	    reference_parse(subject->image->reference, arena, &reference, &ignored) < 0)
		return 0;
	ret->repository = arena_printf(arena, "%.*s/%.*s", SPAN_ARG(reference.domain),
				       SPAN_ARG(reference.repository));
	ret->tag = reference.tag;
	return ret->repository.p ? 0 : err_memory(err);
}

int
filters_apply(const struct filters *filters, const struct subject *subject, struct triage **ret,
	      struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct loading loading = {.filters = filters, .arena = arena};
	struct triage_subject about;

	if (!arena)
		return err_memory(err);
	if (filters->vex.count + filters->ignore.count == 0 && !filters->baseline &&
	    !filters->only_fixable)
		return 0;
	loading.vex = arena_array(arena, filters->vex.count + 1, sizeof(*loading.vex));
	loading.ignore = arena_array(arena, filters->ignore.count + 1, sizeof(*loading.ignore));
	if (!loading.vex || !loading.ignore)
		return err_memory(err);
	int r = load_vex(&loading, err);
	if (r == 0)
		r = load_ignore(&loading, err);
	if (r == 0)
		r = load_baseline(&loading, err);
	if (r == 0)
		r = find_subject(subject, arena, &about, err);
	if (r < 0)
		return r;
	const struct triage_request request = {
		.vex = loading.vex,
		.vex_count = filters->vex.count,
		.ignore = loading.ignore,
		.ignore_count = filters->ignore.count,
		.baseline = filters->baseline ? &loading.baseline : NULL,
		.only_fixable = filters->only_fixable,
		.now = clock_now(),
	};
	return triage_run(subject->findings, &about, &request, ret, err);
}
