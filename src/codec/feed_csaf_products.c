/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/feed_csaf_products.h"

#include "base/arena.h"
#include "base/limits.h"
#include "codec/purl.h"
#include "codec/rpm_header.h"

void
csaf_products_cleanup(struct csaf_products *products)
{
	arena_cleanup(&products->arena);
	map_cleanup(&products->branches);
	map_cleanup(&products->relationships);
}

static const struct csaf_product *
find(const struct map *map, struct span id)
{
	uint64_t place;

	return map_get(map, id, &place) ? (const struct csaf_product *)(uintptr_t)place : NULL;
}

const struct csaf_product *
csaf_products_find(const struct csaf_products *products, struct span id)
{
	const struct csaf_product *product = find(products->relationships, id);

	return product ? product : find(products->branches, id);
}

/* Copies the product under its id; the first of two stays. */
static int
put(struct csaf_products *products, struct map *map, struct span id,
    const struct csaf_product *product, struct err *err)
{
	if (find(map, id))
		return 0;
	struct csaf_product *copy = arena_alloc(products->arena, sizeof(*copy));
	if (!copy)
		return err_memory(err);
	*copy = *product;
	return map_put(map, id, (uint64_t)(uintptr_t)copy, err);
}

/*
 * "cpe:/o:redhat:enterprise_linux:9::baseos", "cpe:/a:redhat:enterprise_linux:10.1": the major
 * version; empty for other products, prolonged support ("rhel_eus") among them.
 */
static struct span
release_of(struct span cpe)
{
	static const struct span prefixes[] = {
		SPAN_INIT("cpe:/o:redhat:enterprise_linux:"),
		SPAN_INIT("cpe:/a:redhat:enterprise_linux:"),
	};

	for (size_t i = 0; i < 2; i++) {
		if (!span_starts_with(cpe, prefixes[i]))
			continue;
		struct span version = span_slice(cpe, prefixes[i].n, cpe.n);
		version = span_slice(version, 0, span_find(version, ':'));
		return span_slice(version, 0, span_find(version, '.'));
	}
	return SPAN("");
}

/* pkg:rpmmod/redhat/nodejs@18:8090020231201152846:a75119d5 */
static int
read_module(struct csaf_products *products, const struct purl *purl, struct csaf_product *product,
	    struct err *err)
{
	struct span whole = arena_printf(products->arena, "%.*s:%.*s", SPAN_ARG(purl->name),
					 SPAN_ARG(purl->version));

	if (!whole.p)
		return err_memory(err);
	product->module = rpm_module_stream(whole);
	return 0;
}

/* What is not fixed of a module has no purl that says all: its id is "nodejs:18/npm". */
static void
read_id(struct span id, struct csaf_product *product)
{
	size_t slash = span_find(id, '/');
	struct span stream = rpm_module_stream(span_slice(id, 0, slash));

	if (slash == id.n || stream.n == 0)
		return;
	product->module = stream;
	product->package = span_slice(id, slash + 1, id.n);
	product->source = true;
}

static int
read_package(struct csaf_products *products, const struct purl *purl, struct csaf_product *product,
	     struct err *err)
{
	struct span epoch = purl_qualifier(purl, SPAN("epoch"));

	product->package = purl->name;
	product->version = purl->version;
	product->source = span_equal(purl_qualifier(purl, SPAN("arch")), SPAN("src"));
	product->module = rpm_module_stream(purl_qualifier(purl, SPAN("rpmmod")));
	if (purl->version.n > 0 && epoch.n > 0 && !span_equal(epoch, SPAN("0")))
		product->version = arena_printf(products->arena, "%.*s:%.*s", SPAN_ARG(epoch),
						SPAN_ARG(purl->version));
	return product->version.p ? 0 : err_memory(err);
}

static int
read_purl(struct csaf_products *products, struct span id, struct span text,
	  struct csaf_product *product, struct err *err)
{
	struct purl purl = {.type = {"", 0}};
	struct err problem = ERR_INIT;
	int r = text.n > 0 ? purl_parse(text, products->arena, &purl, &problem) : 0;

	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r < 0 || purl.name.n > FEED_PACKAGE_MAX)
		return err_set(err, ERR_INVALID, "malformed purl");
	if (span_equal(purl.type, SPAN("rpm")))
		r = read_package(products, &purl, product, err);
	else if (span_equal(purl.type, SPAN("rpmmod")))
		r = read_module(products, &purl, product, err);
	if (r == 0 && product->version.n == 0)
		read_id(id, product);
	return r;
}

/* A product of the branches: one with a CPE is a release, one with a purl a package. */
static int
read_product(struct csaf_products *products, struct json_view json, struct err *err)
{
	struct json_view helper = json_view_get(json, SPAN("product_identification_helper"));
	struct csaf_product product = {
		.release = {"", 0}, .package = {"", 0}, .module = {"", 0}, .version = {"", 0}};
	struct span id;
	struct span cpe;
	struct span purl;

	if (!feed_string(json, SPAN("product_id"), &id) || id.n == 0 ||
	    !feed_string(helper, SPAN("cpe"), &cpe) || !feed_string(helper, SPAN("purl"), &purl))
		return err_set(err, ERR_INVALID, "malformed product");
	product.release = release_of(cpe);
	int r = read_purl(products, id, purl, &product, err);
	return r < 0 ? r : put(products, products->branches, id, &product, err);
}

static int
read_branches(struct csaf_products *products, struct json_view list, unsigned depth,
	      struct err *err)
{
	struct json_walk walk = json_walk_start(list);
	struct json_view branch;
	struct span key;

	if (depth > VEX_BRANCH_DEPTH)
		return err_set(err, ERR_LIMIT, "branches deeper than %d", VEX_BRANCH_DEPTH);
	while (json_walk_next(&walk, &key, &branch)) {
		struct json_view product = json_view_get(branch, SPAN("product"));
		int r = 0;

		if (json_view_kind(product) != JSON_KIND_ABSENT)
			r = read_product(products, product, err);
		if (r == 0)
			r = read_branches(products, json_view_get(branch, SPAN("branches")),
					  depth + 1, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * A package of a release. A module is one of a release too, and what relates to that is a package
 * of the module; the list has the module before its packages or behind them, so that the caller
 * goes through it twice.
 */
static int
read_relationship(struct csaf_products *products, struct json_view json, struct err *err)
{
	struct json_view whole = json_view_get(json, SPAN("full_product_name"));
	struct span id;
	struct span part;
	struct span within;

	if (!feed_string(whole, SPAN("product_id"), &id) || id.n == 0 ||
	    !feed_string(json, SPAN("product_reference"), &part) ||
	    !feed_string(json, SPAN("relates_to_product_reference"), &within))
		return err_set(err, ERR_INVALID, "malformed relationship");
	const struct csaf_product *component = find(products->branches, part);
	const struct csaf_product *parent = csaf_products_find(products, within);
	if (!component || !parent)
		return 0;
	struct csaf_product product = *component;
	product.release = parent->release;
	if (product.module.n == 0)
		product.module = parent->module;
	return put(products, products->relationships, id, &product, err);
}

int
csaf_products_read(struct json_view tree, struct csaf_products *ret, struct err *err)
{
	struct csaf_products products = {
		.arena = arena_new(0), .branches = map_new(0), .relationships = map_new(0)};
	int r = products.arena && products.branches && products.relationships ? 0 : err_memory(err);

	if (r == 0)
		r = read_branches(&products, json_view_get(tree, SPAN("branches")), 0, err);
	for (int pass = 0; r == 0 && pass < 2; pass++) {
		struct json_walk walk = json_walk_start(json_view_get(tree, SPAN("relationships")));
		struct json_view relationship;
		struct span key;

		while (r == 0 && json_walk_next(&walk, &key, &relationship))
			r = read_relationship(&products, relationship, err);
	}
	if (r < 0) {
		csaf_products_cleanup(&products);
		return r;
	}
	*ret = products;
	return 0;
}
