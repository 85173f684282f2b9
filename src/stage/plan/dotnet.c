/* SPDX-License-Identifier: Apache-2.0 */
/* NAME.deps.json of .NET cut down to the files that stay: the host wants each that it lists. */
#include "stage/plan/record.h"

#include "codec/dotnet_deps.h"

/* Kept with the first of its libraries that stays. */
int
dotnet_keep(struct planner *planner, struct span path, struct err *err)
{
	for (size_t i = 0; i < planner->inventory->component_count; i++) {
		const struct component *component = &planner->inventory->components[i];

		if (planner->plan->components[i].fate == FATE_KEPT &&
		    span_equal(component->ecosystem, SPAN("nuget")) &&
		    span_equal(component->database, path))
			return planner_keep_way(planner, path, REASON_METADATA,
						planner->plan->components[i].because, NULL, err);
	}
	return 0;
}

struct dotnet_folder {
	struct planner *planner;
	struct span path;
	bool failed; /* for want of memory */
};

/* What was not there before is found elsewhere, or was not wanted: it is not touched. */
static bool
file_stays(void *context, struct span file)
{
	struct dotnet_folder *folder = context;
	struct planner *planner = folder->planner;
	struct span path = planner_join(planner, folder->path, file);

	folder->failed |= path.p == NULL;
	if (!path.p)
		return true;
	uint32_t entry = image_resolve(planner->image, path, false, NULL, NULL);
	return entry == IMAGE_NONE || planner_keeps(planner, entry);
}

int
dotnet_rewrite(struct planner *planner, struct span path, struct err *err)
{
	uint32_t entry = image_resolve(planner->image, path, true, NULL, NULL);
	size_t slash = span_find_last(path, '/');
	struct dotnet_folder folder = {planner, span_slice(path, 0, slash ? slash : 1), false};
	struct span text = {NULL, 0};
	struct span cut = {NULL, 0};
	struct err why = ERR_INIT;

	if (!planner_keeps(planner, entry))
		return 0;
	int r = record_load(planner, entry, &text, err);
	if (r < 0 || !text.p)
		return r;
	r = dotnet_deps_cut(text, file_stays, &folder, planner->arena, &cut, &why);
	if (r == -ERR_MEMORY || folder.failed)
		return err_memory(err);
	if (r < 0)
		return planner_gap(planner, path, err, "stays as it is: %s", why.text);
	return cut.p == text.p ? 0 : record_put(planner, entry, cut, err);
}
