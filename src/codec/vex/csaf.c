/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSAF 2.0 (OASIS), profile 5, VEX: a tree of products with identifiers, relationships between
 * them, and vulnerabilities that list products by status.
 */
#include "codec/vex/reading.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/map.h"

struct document {
	json_t *document;
	json_t *tree;
	json_t *vulnerabilities;
};

static const struct json_field document_fields[] = {
	{"document", JSON_FIELD_RAW, offsetof(struct document, document), true},
	{"product_tree", JSON_FIELD_RAW, offsetof(struct document, tree), false},
	{"vulnerabilities", JSON_FIELD_RAW, offsetof(struct document, vulnerabilities), false},
	{0},
};

struct about {
	struct span version;
	json_t *publisher;
	json_t *tracking;
};

static const struct json_field about_fields[] = {
	{"csaf_version", JSON_FIELD_SPAN, offsetof(struct about, version), true},
	{"publisher", JSON_FIELD_RAW, offsetof(struct about, publisher), false},
	{"tracking", JSON_FIELD_RAW, offsetof(struct about, tracking), false},
	{0},
};

static const struct json_field publisher_fields[] = {{"name", JSON_FIELD_SPAN, 0, false}, {0}};
static const struct json_field tracking_fields[] = {
	{"current_release_date", JSON_FIELD_SPAN, 0, false},
	{0},
};

struct tree {
	json_t *branches;
	json_t *names;
	json_t *relationships;
};

static const struct json_field tree_fields[] = {
	{"branches", JSON_FIELD_RAW, offsetof(struct tree, branches), false},
	{"full_product_names", JSON_FIELD_RAW, offsetof(struct tree, names), false},
	{"relationships", JSON_FIELD_RAW, offsetof(struct tree, relationships), false},
	{0},
};

struct branch {
	json_t *product;
	json_t *branches;
};

static const struct json_field branch_fields[] = {
	{"product", JSON_FIELD_RAW, offsetof(struct branch, product), false},
	{"branches", JSON_FIELD_RAW, offsetof(struct branch, branches), false},
	{0},
};

struct product {
	struct span id;
	json_t *helper;
};

static const struct json_field product_fields[] = {
	{"product_id", JSON_FIELD_SPAN, offsetof(struct product, id), true},
	{"product_identification_helper", JSON_FIELD_RAW, offsetof(struct product, helper), false},
	{0},
};

static const struct json_field helper_fields[] = {{"purl", JSON_FIELD_SPAN, 0, false}, {0}};

struct relationship {
	json_t *name;
	struct span part;
	struct span whole;
};

static const struct json_field relationship_fields[] = {
	{"full_product_name", JSON_FIELD_RAW, offsetof(struct relationship, name), true},
	{"product_reference", JSON_FIELD_SPAN, offsetof(struct relationship, part), true},
	{"relates_to_product_reference", JSON_FIELD_SPAN, offsetof(struct relationship, whole),
	 true},
	{0},
};

struct vulnerability {
	struct span cve;
	json_t *status;
	json_t *flags;
	json_t *threats;
};

static const struct json_field vulnerability_fields[] = {
	{"cve", JSON_FIELD_SPAN, offsetof(struct vulnerability, cve), false},
	{"product_status", JSON_FIELD_RAW, offsetof(struct vulnerability, status), false},
	{"flags", JSON_FIELD_RAW, offsetof(struct vulnerability, flags), false},
	{"threats", JSON_FIELD_RAW, offsetof(struct vulnerability, threats), false},
	{0},
};

/* A flag or a threat: words about some products, or, where it lists none, all of them. */
struct remark {
	struct span label;
	struct span category;
	struct span details;
	struct span_list products;
};

static const struct json_field remark_fields[] = {
	{"label", JSON_FIELD_SPAN, offsetof(struct remark, label), false},
	{"category", JSON_FIELD_SPAN, offsetof(struct remark, category), false},
	{"details", JSON_FIELD_SPAN, offsetof(struct remark, details), false},
	{"product_ids", JSON_FIELD_STRINGS, offsetof(struct remark, products), false},
	{0},
};

static const struct {
	const char *member;
	enum openvex_status status;
} statuses[] = {
	{"known_not_affected", OPENVEX_NOT_AFFECTED},
	{"fixed", OPENVEX_FIXED},
	{"first_fixed", OPENVEX_FIXED},
	{"known_affected", OPENVEX_AFFECTED},
	{"first_affected", OPENVEX_AFFECTED},
	{"last_affected", OPENVEX_AFFECTED},
	{"under_investigation", OPENVEX_UNDER_INVESTIGATION},
};

struct products {
	struct vex_reading *reading;
	struct map *places;
	VEC(struct openvex_product) items;
	int64_t timestamp;
};

static int
add_product(struct products *products, const json_t *json, struct err *err)
{
	struct product raw = {.id = SPAN("")};
	struct openvex_product product = {.component = {.id = SPAN(""), .purl = SPAN("")}};
	int r = json_read(json, product_fields, &raw, products->reading->arena, err);

	if (r == 0 && raw.helper)
		r = json_read(raw.helper, helper_fields, &product.component.purl,
			      products->reading->arena, err);
	if (r < 0)
		return err_wrap(err, "a product");
	product.component.id = raw.id;
	r = map_put(products->places, raw.id, products->items.count, err);
	return r < 0 ? r : vec_push(&products->items, &product, VEX_PRODUCTS_MAX, err);
}

/* Branches inside one another, without recursion. */
static int
add_branches(struct products *products, const json_t *top, struct err *err)
{
	struct {
		const json_t *list;
		size_t next;
	} levels[VEX_BRANCH_DEPTH];
	size_t depth = 1;

	levels[0].list = top;
	levels[0].next = 0;
	while (depth > 0) {
		const json_t *json =
			json_array_get(levels[depth - 1].list, levels[depth - 1].next++);
		struct branch branch = {NULL, NULL};

		if (!json) {
			depth--;
			continue;
		}
		int r = json_read(json, branch_fields, &branch, products->reading->arena, err);
		if (r == 0 && branch.product)
			r = add_product(products, branch.product, err);
		if (r == 0)
			r = json_check_list(branch.branches, "branches", err);
		if (r < 0)
			return r;
		if (json_array_size(branch.branches) == 0)
			continue;
		if (depth == VEX_BRANCH_DEPTH)
			return err_set(err, ERR_LIMIT, "branches inside one another %d deep",
				       VEX_BRANCH_DEPTH);
		levels[depth].list = branch.branches;
		levels[depth].next = 0;
		depth++;
	}
	return 0;
}

static const struct openvex_product *
find_product(const struct products *products, struct span id)
{
	uint64_t place;

	return map_get(products->places, id, &place) ? &products->items.items[place] : NULL;
}

/* A part in a whole: the whole is the product, the part its subcomponent. */
static int
add_relationship(struct products *products, const json_t *json, struct err *err)
{
	struct relationship raw = {.name = NULL};
	struct openvex_component *part = NULL;
	int r = json_read(json, relationship_fields, &raw, products->reading->arena, err);

	if (r == 0)
		r = add_product(products, raw.name, err);
	if (r == 0)
		r = vex_components(products->reading, 1, &part, err);
	if (r < 0 || !part)
		return r;
	const struct openvex_product *inner = find_product(products, raw.part);
	const struct openvex_product *outer = find_product(products, raw.whole);
	if (!inner || !outer)
		return err_set(err, ERR_INVALID, "a relationship of products that are not there");
	struct openvex_product *made = &products->items.items[products->items.count - 1];
	*part = inner->component;
	if (made->component.purl.n == 0)
		made->component = outer->component;
	made->subcomponents = part;
	made->subcomponent_count = 1;
	return 0;
}

static int
read_tree(struct products *products, const json_t *json, struct err *err)
{
	struct tree tree = {NULL, NULL, NULL};
	int r = json ? json_read(json, tree_fields, &tree, products->reading->arena, err) : 0;

	if (r == 0)
		r = json_check_list(tree.branches, "branches", err);
	if (r == 0)
		r = json_check_list(tree.names, "full_product_names", err);
	if (r == 0)
		r = json_check_list(tree.relationships, "relationships", err);
	if (r == 0)
		r = add_branches(products, tree.branches, err);
	for (size_t i = 0; r == 0 && i < json_array_size(tree.names); i++)
		r = add_product(products, json_array_get(tree.names, i), err);
	for (size_t i = 0; r == 0 && i < json_array_size(tree.relationships); i++)
		r = add_relationship(products, json_array_get(tree.relationships, i), err);
	return r < 0 ? err_wrap(err, "product_tree") : 0;
}

static bool
is_about(const struct remark *remark, struct span id)
{
	for (size_t i = 0; i < remark->products.count; i++) {
		if (span_equal(remark->products.items[i], id))
			return true;
	}
	return remark->products.count == 0;
}

/* The label of the first flag, or the words of the first threat of category "impact". */
static int
find_remark(struct products *products, const json_t *list, struct span id, struct span *ret,
	    struct err *err)
{
	int r = json_check_list(list, "flags or threats", err);

	for (size_t i = 0; r == 0 && i < json_array_size(list) && ret->n == 0; i++) {
		struct remark remark = {.label = SPAN(""), .category = SPAN("")};

		r = json_read(json_array_get(list, i), remark_fields, &remark,
			      products->reading->arena, err);
		if (r < 0 || !is_about(&remark, id))
			continue;
		if (remark.label.n)
			*ret = remark.label;
		else if (span_equal(remark.category, SPAN("impact")) && remark.details.n)
			*ret = remark.details;
	}
	return r;
}

static int
state(struct products *products, const struct vulnerability *raw, enum openvex_status status,
      struct span id, struct err *err)
{
	struct vex_statement statement = {.status = status, .timestamp = products->timestamp};
	const struct openvex_product *product = find_product(products, id);
	struct span *name = arena_alloc(products->reading->arena, sizeof(*name));
	struct span flag = SPAN("");
	struct span words = SPAN("");

	if (!product)
		return err_set(err, ERR_INVALID, "a product that is not in the product tree");
	if (!name)
		return err_memory(err);
	*name = raw->cve;
	statement.names = (struct span_list){name, 1};
	int r = vex_products(products->reading, 1, &statement.products, err);
	if (r == 0)
		r = find_remark(products, raw->flags, id, &flag, err);
	if (r == 0)
		r = find_remark(products, raw->threats, id, &words, err);
	if (r == 0)
		r = vex_join(products->reading, flag, words, &statement.reason, err);
	if (r < 0)
		return r;
	statement.products[0] = *product;
	statement.product_count = 1;
	return vex_add(products->reading, &statement, err);
}

static int
read_vulnerability(struct products *products, const json_t *json, struct err *err)
{
	struct vulnerability raw = {.cve = SPAN("")};
	int r = json_read(json, vulnerability_fields, &raw, products->reading->arena, err);

	if (r < 0 || raw.cve.n == 0)
		return r;
	if (raw.status && !json_is_object(raw.status))
		return err_set(err, ERR_INVALID, "member \"product_status\" is not an object");
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		const json_t *list = json_object_get(raw.status, statuses[i].member);

		r = json_check_list(list, statuses[i].member, err);
		for (size_t k = 0; r == 0 && k < json_array_size(list); k++) {
			const json_t *id = json_array_get(list, k);

			if (!json_is_string(id))
				return err_set(err, ERR_INVALID, "a product id that is no string");
			r = state(products, &raw, statuses[i].status, json_string_span(id), err);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int
read_about(struct products *products, const json_t *json, struct err *err)
{
	struct about about = {.version = SPAN("")};
	struct span date = SPAN("");
	int r = json_read(json, about_fields, &about, products->reading->arena, err);

	if (r < 0)
		return r;
	if (!span_equal(about.version, SPAN("2.0")))
		return err_set(err, ERR_UNSUPPORTED, "CSAF %.*s: only 2.0 is read",
			       about.version.n > 40 ? 40 : (int)about.version.n, about.version.p);
	if (about.publisher)
		r = json_read(about.publisher, publisher_fields, &products->reading->author,
			      products->reading->arena, err);
	if (r == 0 && about.tracking)
		r = json_read(about.tracking, tracking_fields, &date, products->reading->arena,
			      err);
	return r < 0 ? r : vex_time(date, &products->timestamp, err);
}

static int
read(struct vex_reading *reading, const json_t *json, struct err *err)
{
	struct document document = {NULL, NULL, NULL};
	struct products products = {.reading = reading, .places = map_new(64)};
	int r = products.places ? 0 : err_memory(err);

	if (r == 0)
		r = json_read(json, document_fields, &document, reading->arena, err);
	if (r == 0)
		r = json_check_list(document.vulnerabilities, "vulnerabilities", err);
	if (r == 0)
		r = read_about(&products, document.document, err);
	if (r == 0)
		r = read_tree(&products, document.tree, err);
	for (size_t i = 0; r == 0 && i < json_array_size(document.vulnerabilities); i++) {
		r = read_vulnerability(&products, json_array_get(document.vulnerabilities, i), err);
		if (r < 0)
			(void)err_wrap(err, "vulnerability %zu", i + 1);
	}
	map_free(products.places);
	vec_free(&products.items);
	reading->format = SPAN("CSAF");
	return r;
}

const struct vex_format vex_csaf = {"document", read};
