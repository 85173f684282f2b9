/* SPDX-License-Identifier: Apache-2.0 */
/* Advisories in the form of Alpine's secdb. Which repository a package is in is not kept. */
#include "stage/update/export.h"

#include "base/cleanup.h"

/* A document being written. */
struct secdb {
	struct exporting *exporting;
	struct span source; /* the source package that is being gathered */
	json_t *gathered;   /* its {version: [ids]} */
	size_t packages;
};

/* Writes what was gathered of one source package. */
static int
end_package(struct secdb *secdb, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	json_t *gathered = TAKE(secdb->gathered);
	struct exporting *exporting = secdb->exporting;

	if (!gathered)
		return 0;
	json = json_pack("{s:{s:o, s:o}}", "pkg", "name", json_span(secdb->source), "secfixes",
			 gathered);
	if (!json)
		return err_memory(err);
	int r = buf_append(&exporting->text, secdb->packages++ ? SPAN(",\n") : SPAN("\n"), err);
	return r < 0 ? r : export_json(exporting, json, err);
}

static int
add_advisory(void *context, struct span source, const struct advisory *advisory, struct err *err)
{
	struct secdb *secdb = context;
	struct span fixed = advisory->state == ADVISORY_FIXED ? advisory->fixed : SPAN("0");

	if (!secdb->gathered || !span_equal(source, secdb->source)) {
		int r = end_package(secdb, err);

		if (r < 0)
			return r;
		secdb->source = arena_copy(secdb->exporting->arena, source);
		secdb->gathered = json_object();
	}
	json_t *ids = json_object_getn(secdb->gathered, fixed.p, fixed.n);
	if (!ids) {
		ids = json_array();
		if (json_object_setn_new(secdb->gathered, fixed.p, fixed.n, ids) < 0)
			return err_memory(err);
	}
	if (!secdb->source.p || json_array_append_new(ids, json_span(advisory->id)) < 0)
		return err_memory(err);
	return export_remember(secdb->exporting, advisory->id, err);
}

static int
write_head(struct exporting *exporting, struct span release, const char *repository,
	   struct err *err)
{
	int r = buf_byte(&exporting->text, '{', err);

	if (r == 0 && release.n)
		r = buf_printf(&exporting->text, err, "\"distroversion\":\"%.*s\",",
			       SPAN_ARG(release));
	return r < 0 ? r
		     : buf_printf(&exporting->text, err, "\"reponame\":\"%s\",\"packages\":[",
				  repository);
}

static int
write_document(struct exporting *exporting, const struct export_type *type,
	       const struct advisory_release *release, bool named, const char *path,
	       struct err *err)
{
	struct secdb secdb = {.exporting = exporting};
	struct span name = named ? release->release : SPAN("");
	int r = write_head(exporting, name, named ? "main" : "os", err);

	if (r == 0)
		r = advisories_all(exporting->advisories, release->distribution, release->release,
				   add_advisory, &secdb, err);
	if (r == 0)
		r = end_package(&secdb, err);
	json_decref(secdb.gathered);
	if (r == 0)
		r = buf_append(&exporting->text, SPAN("\n]}\n"), err);
	return r < 0 ? r : export_file(exporting, path, type->packing, err);
}

/* A release of Alpine: all packages in main, and community without any, as both have to be there.
 */
static int
write_repositories(struct exporting *exporting, const struct export_type *type,
		   const struct advisory_release *release, struct err *err)
{
	struct span base =
		arena_printf(exporting->arena, "%s/%.*s", type->path, SPAN_ARG(release->release));
	struct span first = arena_printf(exporting->arena, "%s/main.json", base.p ? base.p : "");
	struct span second =
		arena_printf(exporting->arena, "%s/community.json", base.p ? base.p : "");

	if (!base.p || !first.p || !second.p)
		return err_memory(err);
	int r = write_document(exporting, type, release, true, first.p, err);
	if (r == 0)
		r = write_head(exporting, release->release, "community", err);
	if (r == 0)
		r = buf_append(&exporting->text, SPAN("]}\n"), err);
	return r < 0 ? r : export_file(exporting, second.p, type->packing, err);
}

int
export_secdb(struct exporting *exporting, const struct export_type *type, struct span release,
	     bool *ret_wrote, struct err *err)
{
	bool one = span_ends_with(span_from(type->path), SPAN(".json"));
	struct advisory_release *releases;
	size_t count = 0;
	int r = export_releases(exporting, type, release, &releases, &count, err);

	*ret_wrote = false;
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = one ? write_document(exporting, type, &releases[i], false, type->path, err)
			: write_repositories(exporting, type, &releases[i], err);
		*ret_wrote = true;
	}
	return r;
}
