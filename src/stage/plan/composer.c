/* SPDX-License-Identifier: Apache-2.0 */
/* Composer's record of what is installed, cut down to what stays. docs/removal.md */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/composer_installed.h"
#include "codec/json_cut.h"
#include "codec/php_cut.h"
#include "stage/plan/record.h"

struct vendor {
	struct planner *planner;
	struct map *gone; /* names of packages that are off the record */
	bool stays;	  /* at least one is not */
};

static int
index_packages(struct vendor *vendor, struct span path, struct err *err)
{
	const struct planner *planner = vendor->planner;
	int r = vendor->gone ? 0 : err_memory(err);

	for (size_t i = 0; r == 0 && i < planner->inventory->component_count; i++) {
		const struct component *component = &planner->inventory->components[i];

		if (!span_equal(component->database, path))
			continue;
		if (planner->plan->components[i].fate == FATE_KEPT)
			vendor->stays = true;
		else
			r = map_put(vendor->gone, component->name, 1, err);
	}
	return r;
}

int
composer_keep(struct planner *planner, struct span path, struct err *err)
{
	CLEANUP(map_cleanup) struct map *gone = map_new(0);
	struct vendor vendor = {planner, gone, false};
	int r = index_packages(&vendor, path, err);

	if (r < 0 || !vendor.stays)
		return r;
	return planner_keep_way(planner, path, REASON_METADATA, IMAGE_NONE, NULL, err);
}

/* An entry that is no package, or one that the inventory does not have, stays. */
static int
keeps_entry(void *context, struct span key, struct span value, bool *ret_keeps, struct err *err)
{
	const struct vendor *vendor = context;
	uint64_t known;
	struct span name;
	int r = composer_entry_name(value, vendor->planner->arena, &name, err);

	(void)key;
	if (r == 0)
		*ret_keeps = !map_get(vendor->gone, name, &known);
	return r;
}

static bool
keeps_member(void *context, struct span key)
{
	const struct vendor *vendor = context;
	uint64_t known;

	return !map_get(vendor->gone, key, &known);
}

/* Composer 1 has a list, 2 an object with the list and the names of those for development. */
static int
cut_json(struct vendor *vendor, struct span text, struct buf *out, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf packages = BUF_INIT(PACKAGE_DATABASE_MAX + 2);
	struct span start = span_trim(text);
	bool list = start.n && start.p[0] == '[';
	int r = json_cut(text, list ? SPAN("") : SPAN("packages"), keeps_entry, vendor, &packages,
			 err);

	if (r < 0 || list)
		return r < 0 ? r : buf_append(out, buf_span(&packages), err);
	return json_cut(buf_span(&packages), SPAN("dev-package-names"), keeps_entry, vendor, out,
			err);
}

static int
cut_php(struct vendor *vendor, struct span text, struct buf *out, struct err *err)
{
	return php_cut(text, SPAN("versions"), keeps_member, vendor, out, err);
}

static int
rewrite(struct vendor *vendor, struct span path,
	int (*cut)(struct vendor *vendor, struct span text, struct buf *out, struct err *err),
	struct err *err)
{
	CLEANUP(buf_cleanup) struct buf out = BUF_INIT(PACKAGE_DATABASE_MAX + 2);
	struct planner *planner = vendor->planner;
	uint32_t entry = image_find(planner->image, path);
	struct err why = ERR_INIT;
	struct span text;

	if (!planner_keeps(planner, entry))
		return 0;
	int r = record_load(planner, entry, &text, err);
	if (r < 0 || !text.p)
		return r;
	r = cut(vendor, text, &out, &why);
	if (r == -ERR_MEMORY) {
		*err = why;
		return r;
	}
	if (r < 0)
		return planner_gap(planner, path, err,
				   "could not be understood, stays as it is: %s", why.text);
	return record_put(planner, entry, buf_span(&out), err);
}

int
composer_rewrite(struct planner *planner, struct span path, struct err *err)
{
	CLEANUP(map_cleanup) struct map *gone = map_new(0);
	struct vendor vendor = {planner, gone, false};
	struct span php = arena_printf(planner->arena, "%.*sphp", (int)path.n - 4, path.p);
	int r = php.p ? index_packages(&vendor, path, err) : err_memory(err);

	if (r == 0 && map_count(gone))
		r = rewrite(&vendor, path, cut_json, err);
	return r < 0 || map_count(gone) == 0 ? r : rewrite(&vendor, php, cut_php, err);
}
