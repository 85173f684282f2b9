/* SPDX-License-Identifier: Apache-2.0 */
/* Red Hat's advisories as VEX documents, one for each package: each CVE is a vulnerability of it.
 */
#include "stage/update/export.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/affected.h"
#include "codec/json.h"
#include "codec/purl.h"
#include "port/feed_bundle.h"

struct vex {
	struct exporting *exporting;
	struct feed_bundle *bundle;
	struct arena *arena; /* of the document */
	struct span source;  /* the package that is being gathered */
	json_t *branches;
	json_t *relationships;
	json_t *known; /* ids of products that are in the tree */
	json_t *vulnerabilities;
	size_t documents;
};

static void
forget_document(struct vex *vex)
{
	json_cleanup(&vex->branches);
	json_cleanup(&vex->relationships);
	json_cleanup(&vex->known);
	json_cleanup(&vex->vulnerabilities);
	arena_cleanup(&vex->arena);
}

/* Writes what was gathered of one package. */
static int
end_document(struct vex *vex, struct err *err)
{
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct span text = SPAN("");
	struct span name;

	if (!vex->arena)
		return 0;
	json = json_pack("{s:{s:s, s:s}, s:{s:[{s:s, s:s, s:o}], s:o}, s:o}", "document",
			 "category", "csaf_vex", "csaf_version", "2.0", "product_tree", "branches",
			 "category", "vendor", "name", "Red Hat", "branches", TAKE(vex->branches),
			 "relationships", TAKE(vex->relationships), "vulnerabilities",
			 TAKE(vex->vulnerabilities));
	name = arena_printf(vex->arena, "%zu.json", ++vex->documents);
	int r = name.p ? json_text(json, false, vex->arena, &text, err) : err_memory(err);
	if (r == 0)
		r = feed_bundle_add(vex->bundle, name.p, text, err);
	forget_document(vex);
	return r;
}

static int
begin_document(struct vex *vex, struct span source, struct err *err)
{
	vex->arena = arena_new(0);
	vex->source = vex->arena ? arena_copy(vex->arena, source) : (struct span){NULL, 0};
	vex->branches = json_array();
	vex->relationships = json_array();
	vex->known = json_object();
	vex->vulnerabilities = json_array();
	return vex->source.p && vex->known ? 0 : err_memory(err);
}

/* True, and from then on not again, when the tree does not have this product. */
static bool
is_fresh(struct vex *vex, struct span id)
{
	if (json_object_getn(vex->known, id.p, id.n))
		return false;
	return json_object_setn_new(vex->known, id.p, id.n, json_true()) == 0;
}

static void
put_product(struct vex *vex, const char *category, struct span id, const char *helper,
	    struct span text)
{
	if (is_fresh(vex, id))
		json_add(&vex->branches,
			 json_pack("{s:s, s:o, s:{s:o, s:o, s:{s:o}}}", "category", category,
				   "name", json_span(id), "product", "name", json_span(id),
				   "product_id", json_span(id), "product_identification_helper",
				   helper, json_span(text)));
}

/* The package's purl: of one version, or of the source package of any. */
static int
make_purl(struct vex *vex, struct span package, struct span module, bool source,
	  struct span version, struct span *ret, struct err *err)
{
	size_t colon = span_find(version, ':');
	struct purl_qualifier qualifiers[3];
	struct purl purl = {.type = SPAN("rpm"),
			    .space = SPAN("redhat"),
			    .name = package,
			    .version = colon < version.n ? span_slice(version, colon + 1, version.n)
							 : version,
			    .subpath = SPAN(""),
			    .qualifiers = qualifiers};

	if (source)
		qualifiers[purl.qualifier_count++] =
			(struct purl_qualifier){SPAN("arch"), SPAN("src")};
	if (colon < version.n)
		qualifiers[purl.qualifier_count++] =
			(struct purl_qualifier){SPAN("epoch"), span_slice(version, 0, colon)};
	if (module.n > 0)
		qualifiers[purl.qualifier_count++] =
			(struct purl_qualifier){SPAN("rpmmod"), module};
	return purl_write(&purl, vex->arena, ret, err);
}

/* The id of the row's package at a version (empty: at none) in its release, put into the tree. */
static int
make_id(struct vex *vex, struct span release, struct span version, struct span *ret,
	struct err *err)
{
	size_t slash = span_find(vex->source, '/');
	bool modular = span_find(vex->source, ':') < slash && slash < vex->source.n;
	struct span module = modular ? span_slice(vex->source, 0, slash) : SPAN("");
	struct span package =
		modular ? span_slice(vex->source, slash + 1, vex->source.n) : vex->source;
	bool source = span_starts_with(package, SPAN("src/"));
	struct span platform =
		arena_printf(vex->arena, "red_hat_enterprise_linux_%.*s", SPAN_ARG(release));
	struct span cpe =
		arena_printf(vex->arena, "cpe:/o:redhat:enterprise_linux:%.*s", SPAN_ARG(release));
	struct span purl;

	if (source)
		package = span_slice(package, 4, package.n);
	struct span part =
		arena_printf(vex->arena, "%.*s%s%.*s%s%.*s", SPAN_ARG(module), modular ? "/" : "",
			     SPAN_ARG(package), version.n > 0 ? "-" : "", SPAN_ARG(version));
	struct span whole =
		arena_printf(vex->arena, "%.*s:%.*s", SPAN_ARG(platform), SPAN_ARG(part));
	if (!platform.p || !cpe.p || !part.p || !whole.p)
		return err_memory(err);
	int r = make_purl(vex, package, module, source, version, &purl, err);
	if (r < 0)
		return r;
	put_product(vex, "product_name", platform, "cpe", cpe);
	put_product(vex, "product_version", part, "purl", purl);
	if (is_fresh(vex, whole))
		json_add(&vex->relationships,
			 json_pack("{s:s, s:{s:o, s:o}, s:o, s:o}", "category",
				   "default_component_of", "full_product_name", "name",
				   json_span(whole), "product_id", json_span(whole),
				   "product_reference", json_span(part),
				   "relates_to_product_reference", json_span(platform)));
	*ret = whole;
	return 0;
}

/* Red Hat's words; the two ends have none. */
static const char *
impact_of(enum severity severity)
{
	static const char *const words[SEVERITIES] = {
		[SEVERITY_LOW] = "Low",
		[SEVERITY_MEDIUM] = "Moderate",
		[SEVERITY_HIGH] = "Important",
		[SEVERITY_CRITICAL] = "Critical",
	};

	return words[severity];
}

/* One row: what its package's versions are to a CVE. */
static void
put_vulnerability(struct vex *vex, const struct advisory *advisory, json_t *ids)
{
	static const char *const lists[ADVISORY_STATES] = {
		[ADVISORY_RANGES] = "fixed",
		[ADVISORY_OPEN] = "known_affected",
		[ADVISORY_UNDETERMINED] = "under_investigation",
	};
	const char *impact = impact_of(advisory->severity);
	json_t *json = json_pack("{s:o, s:{s:O}}", "cve", json_span(advisory->id), "product_status",
				 lists[advisory->state], ids);

	if (advisory->vector.n > 0)
		json_put(&json, "scores",
			 json_pack("[{s:{s:o}, s:O}]", "cvss_v3", "vectorString",
				   json_span(advisory->vector), "products", ids));
	if (impact)
		json_put(&json, "threats",
			 json_pack("[{s:s, s:s, s:O}]", "category", "impact", "details", impact,
				   "product_ids", ids));
	if (advisory->no_dsa || advisory->reason.n > 0)
		json_put(&json, "remediations",
			 json_pack("[{s:s, s:o, s:O}]", "category",
				   advisory->no_dsa ? "no_fix_planned" : "none_available",
				   "details", json_span(advisory->reason), "product_ids", ids));
	json_add(&vex->vulnerabilities, json);
}

static int
put_version(struct vex *vex, struct span release, struct span version, json_t **ids,
	    struct err *err)
{
	struct span id;
	int r = make_id(vex, release, version, &id, err);

	if (r == 0)
		json_add(ids, json_span(id));
	return r;
}

/* A product for each version that fixes it, or one without. */
static int
put_versions(struct vex *vex, const struct advisory *advisory, json_t **ids, struct err *err)
{
	struct span rest = advisory->affected;
	struct affected interval;
	int r;

	if (advisory->state != ADVISORY_RANGES)
		return put_version(vex, advisory->release, SPAN(""), ids, err);
	while ((r = affected_next(&rest, &interval, err)) > 0) {
		r = put_version(vex, advisory->release, interval.to, ids, err);
		if (r < 0)
			break;
	}
	return r;
}

static int
add_row(void *context, struct span source, const struct advisory *advisory, struct err *err)
{
	CLEANUP(json_cleanup) json_t *ids = json_array();
	struct vex *vex = context;
	int r = 0;

	if (!vex->arena || !span_equal(source, vex->source)) {
		r = end_document(vex, err);
		if (r == 0)
			r = begin_document(vex, source, err);
	}
	if (r == 0)
		r = put_versions(vex, advisory, &ids, err);
	if (r < 0)
		return r;
	put_vulnerability(vex, advisory, ids);
	return export_remember(vex->exporting, advisory->id, err);
}

int
export_csaf(struct exporting *exporting, const struct export_type *type, struct span release,
	    bool *ret_wrote, struct err *err)
{
	struct vex vex = {.exporting = exporting};
	int r = feed_bundle_new(FEED_BUNDLE_TAR_ZSTD, &exporting->text, &vex.bundle, err);

	if (r == 0)
		r = advisories_all(exporting->advisories, span_from(type->name), release, add_row,
				   &vex, err);
	if (r == 0)
		r = end_document(&vex, err);
	if (r == 0)
		r = feed_bundle_finish(vex.bundle, err);
	forget_document(&vex);
	feed_bundle_cleanup(&vex.bundle);
	*ret_wrote = vex.documents > 0;
	if (r < 0 || !*ret_wrote) {
		exporting->text.n = 0;
		return r;
	}
	return export_file(exporting, type->path, FEED_PLAIN, err);
}
