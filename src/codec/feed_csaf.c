/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/feed_csaf.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"
#include "codec/cvss.h"
#include "codec/feed_csaf_products.h"

/* What is said of single products beside their status. */
struct remark {
	struct span reason;
	bool no_fix_planned;
	enum severity severity;
};

struct reading {
	int (*each)(void *context, const struct feed_csaf_record *record, struct err *err);
	void *context;
	struct feed_tally *tally;
	struct csaf_products products;
	struct map *places; /* id of a product -> place in remarks */
	VEC(struct remark) remarks;
	struct feed_csaf_record record; /* what all products of the vulnerability share */
	struct span name;
};

static void
reading_cleanup(struct reading *reading)
{
	csaf_products_cleanup(&reading->products);
	map_cleanup(&reading->places);
	vec_free(&reading->remarks);
}

static void
skip(struct reading *reading, const char *what)
{
	struct err problem = ERR_INIT;

	(void)err_set(&problem, ERR_INVALID, "%s", what);
	feed_skip(reading->tally, reading->record.cve.n ? reading->record.cve : reading->name,
		  &problem);
}

/* The remark on a product, made when it is the first. */
static int
remark_on(struct reading *reading, struct span id, struct remark **ret, struct err *err)
{
	const struct remark fresh = {.reason = {"", 0}};
	uint64_t place = reading->remarks.count;
	int r = 0;

	if (!map_get(reading->places, id, &place)) {
		r = vec_push(&reading->remarks, &fresh, VEX_PRODUCTS_MAX, err);
		if (r == 0)
			r = map_put(reading->places, id, place, err);
	}
	if (r == 0)
		*ret = &reading->remarks.items[place];
	return r;
}

static enum severity
severity_of(struct span word)
{
	static const struct {
		struct span word;
		enum severity severity;
	} words[] = {
		{SPAN_INIT("low"), SEVERITY_LOW},
		{SPAN_INIT("moderate"), SEVERITY_MEDIUM},
		{SPAN_INIT("important"), SEVERITY_HIGH},
		{SPAN_INIT("critical"), SEVERITY_CRITICAL},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (span_equal_nocase(word, words[i].word))
			return words[i].severity;
	}
	return SEVERITY_UNKNOWN;
}

/* Puts what a member of `remediations` or `threats` says onto each product that it names. */
static int
read_remark(struct reading *reading, struct json_view json, bool threat, struct err *err)
{
	struct json_walk walk = json_walk_start(json_view_get(json, SPAN("product_ids")));
	struct json_view item;
	struct span category;
	struct span details;
	struct span key;

	if (!feed_string(json, SPAN("category"), &category) ||
	    !feed_string(json, SPAN("details"), &details))
		return 0;
	bool never = span_equal(category, SPAN("no_fix_planned"));
	bool open = never || span_equal(category, SPAN("none_available"));
	if (threat ? !span_equal(category, SPAN("impact")) : !open)
		return 0;
	while (json_walk_next(&walk, &key, &item)) {
		struct span id = json_view_string(item);
		struct remark *remark = NULL;

		if (!id.p)
			continue;
		int r = remark_on(reading, id, &remark, err);
		if (r < 0)
			return r;
		if (threat) {
			remark->severity = severity_of(details);
			continue;
		}
		remark->no_fix_planned = never || span_contains(details, SPAN("eferred"));
		remark->reason = feed_is_text(details, FEED_NOTE_MAX) ? details : SPAN("");
	}
	return 0;
}

static int
read_remarks(struct reading *reading, struct json_view list, bool threats, struct err *err)
{
	struct json_walk walk = json_walk_start(list);
	struct json_view item;
	struct span key;
	int r = 0;

	while (r == 0 && json_walk_next(&walk, &key, &item))
		r = read_remark(reading, item, threats, err);
	return r;
}

/* The first CVSS v3 score; Red Hat gives one for all products but for few CVEs. */
static void
read_score(struct json_view list, struct feed_csaf_record *record)
{
	struct json_walk walk = json_walk_start(list);
	struct err problem = ERR_INIT;
	struct json_view item;
	struct span vector;
	struct span key;

	record->vector = SPAN("");
	record->score = -1;
	while (record->score < 0 && json_walk_next(&walk, &key, &item)) {
		struct json_view score = json_view_get(item, SPAN("cvss_v3"));

		if (feed_string(score, SPAN("vectorString"), &vector) && vector.n > 0 &&
		    feed_is_text(vector, FEED_VECTOR_MAX) &&
		    cvss_base_score(vector, &record->score, &problem) == 0)
			record->vector = vector;
	}
}

/* What is written into keys and intervals. */
static bool
is_usable(const struct csaf_product *product)
{
	return product->package.n > 0 && feed_is_text(product->package, FEED_PACKAGE_MAX) &&
	       feed_is_text(product->module, FEED_PACKAGE_MAX) &&
	       feed_is_text(product->release, FEED_NAME_MAX) &&
	       feed_is_text(product->version, FEED_VERSION_MAX);
}

static int
tell(struct reading *reading, struct span id, enum feed_csaf_state state, struct err *err)
{
	const struct csaf_product *product = csaf_products_find(&reading->products, id);
	struct feed_csaf_record record = reading->record;
	uint64_t place;

	if (!product) {
		skip(reading, "a product that the tree does not have");
		return 0;
	}
	if (product->release.n == 0 || product->package.n == 0)
		return 0; /* not of a main stream, no package */
	if (state == FEED_CSAF_FIXED && product->source)
		return 0; /* its binary packages are listed too */
	if (!is_usable(product) || (state == FEED_CSAF_FIXED && product->version.n == 0)) {
		skip(reading, "a package without a usable name or version");
		return 0;
	}
	record.release = product->release;
	record.package = product->package;
	record.module = product->module;
	record.source = product->source;
	record.state = state;
	record.fixed = state == FEED_CSAF_FIXED ? product->version : SPAN("");
	if (map_get(reading->places, id, &place)) {
		const struct remark *remark = &reading->remarks.items[place];

		record.reason = remark->reason;
		record.no_fix_planned = remark->no_fix_planned;
		if (remark->severity != SEVERITY_UNKNOWN)
			record.severity = remark->severity;
	}
	int r = reading->each(reading->context, &record, err);
	reading->tally->records += r == 0;
	return r;
}

static int
tell_all(struct reading *reading, struct json_view status, struct err *err)
{
	static const struct span lists[] = {
		[FEED_CSAF_FIXED] = SPAN_INIT("fixed"),
		[FEED_CSAF_AFFECTED] = SPAN_INIT("known_affected"),
		[FEED_CSAF_UNDER_INVESTIGATION] = SPAN_INIT("under_investigation"),
	};
	struct json_view item;
	struct span key;

	for (enum feed_csaf_state i = 0; i <= FEED_CSAF_UNDER_INVESTIGATION; i++) {
		struct json_walk walk = json_walk_start(json_view_get(status, lists[i]));

		while (json_walk_next(&walk, &key, &item)) {
			struct span id = json_view_string(item);
			int r = 0;

			if (id.p)
				r = tell(reading, id, i, err);
			else
				skip(reading, "a product that is no text");
			if (r != 0)
				return r;
		}
	}
	return 0;
}

static int
read_vulnerability(struct reading *reading, struct json_view json, struct err *err)
{
	struct feed_csaf_record *record = &reading->record;

	record->cve = SPAN("");
	if (!feed_string(json, SPAN("cve"), &record->cve) || !feed_is_cve(record->cve)) {
		record->cve = SPAN("");
		skip(reading, "a vulnerability without a CVE");
		return 0;
	}
	map_cleanup(&reading->places);
	reading->remarks.count = 0;
	reading->places = map_new(0);
	if (!reading->places)
		return err_memory(err);
	read_score(json_view_get(json, SPAN("scores")), record);
	int r = read_remarks(reading, json_view_get(json, SPAN("remediations")), false, err);
	if (r == 0)
		r = read_remarks(reading, json_view_get(json, SPAN("threats")), true, err);
	return r < 0 ? r : tell_all(reading, json_view_get(json, SPAN("product_status")), err);
}

/* "important", of the whole document. */
static enum severity
read_severity(struct json_view document)
{
	struct span word;

	return feed_string(json_view_get(document, SPAN("aggregate_severity")), SPAN("text"), &word)
		       ? severity_of(word)
		       : SEVERITY_UNKNOWN;
}

int
feed_csaf_read(struct json_tape *tape, struct span text, struct span name,
	       int (*each)(void *context, const struct feed_csaf_record *record, struct err *err),
	       void *context, struct feed_tally *tally, struct err *err)
{
	CLEANUP(reading_cleanup)
	struct reading reading = {.each = each,
				  .context = context,
				  .tally = tally,
				  .name = name,
				  .record = {.cve = {"", 0}, .reason = {"", 0}}};
	struct err problem = ERR_INIT;
	struct json_view vulnerability;
	struct span category;
	struct span key;
	int r = json_tape_read(tape, text, &problem);
	struct json_view json = json_tape_top(tape);
	struct json_view document = r == 0 ? json_view_get(json, SPAN("document")) : json;

	if (r == 0 && (!feed_string(document, SPAN("category"), &category) ||
		       !span_equal(category, SPAN("csaf_vex"))))
		r = err_set(&problem, ERR_INVALID, "not a VEX document of CSAF");
	if (r == 0)
		r = csaf_products_read(json_view_get(json, SPAN("product_tree")), &reading.products,
				       &problem);
	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r < 0) {
		feed_skip(tally, name, &problem);
		return 0;
	}
	reading.record.severity = read_severity(document);
	struct json_walk walk = json_walk_start(json_view_get(json, SPAN("vulnerabilities")));
	while (r == 0 && json_walk_next(&walk, &key, &vulnerability))
		r = read_vulnerability(&reading, vulnerability, err);
	return r;
}
