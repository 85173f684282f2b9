/* SPDX-License-Identifier: Apache-2.0 */
/* Relation fields -> the installed packages that satisfy them. */
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/relation.h"
#include "stage/sbom/parts.h"

struct resolver {
	struct sbom_maker *maker;
	struct map *exact;    /* "ecosystem name:arch" -> index */
	struct map *names;    /* "ecosystem name" -> index of the first */
	struct map *provided; /* likewise, of the first that provides it */
	struct map *places;   /* path of a record -> index of the first that is recorded there */
	VEC(uint32_t) found;
};

static void
resolver_cleanup(struct resolver *resolver)
{
	map_free(resolver->exact);
	map_free(resolver->names);
	map_free(resolver->provided);
	map_free(resolver->places);
	vec_free(&resolver->found);
}

static int
put_first(struct map *map, struct span key, size_t value, struct err *err)
{
	uint64_t ignored;

	return map_get(map, key, &ignored) ? 0 : map_put(map, key, value, err);
}

static struct span
exact_key(struct arena *arena, const struct component *of, struct span name)
{
	return arena_printf(arena, "%.*s %.*s:%.*s", SPAN_ARG(of->ecosystem), SPAN_ARG(name),
			    SPAN_ARG(of->architecture));
}

static struct span
name_key(struct arena *arena, const struct component *of, struct span name)
{
	return arena_printf(arena, "%.*s %.*s", SPAN_ARG(of->ecosystem), SPAN_ARG(name));
}

static int
learn_provides(struct resolver *resolver, size_t number, struct err *err)
{
	const struct component *component = resolver->maker->sbom->components[number].component;
	struct span rest = component->provides;
	struct span clause;
	struct span name;
	int r = 0;

	while (r >= 0 && relation_clause_next(component->ecosystem, &rest, &clause)) {
		while (r >= 0 && relation_name_next(component->ecosystem, &clause, &name)) {
			struct span key = name_key(resolver->maker->arena, component, name);

			r = key.p ? 0 : err_memory(err);
			if (r >= 0 && name.n)
				r = put_first(resolver->provided, key, number, err);
		}
	}
	return r;
}

static int
learn(struct resolver *resolver, size_t number, struct err *err)
{
	const struct component *component = resolver->maker->sbom->components[number].component;
	struct span exact = exact_key(resolver->maker->arena, component, component->name);
	struct span name = name_key(resolver->maker->arena, component, component->name);

	if (!exact.p || !name.p)
		return err_memory(err);
	int r = put_first(resolver->exact, exact, number, err);
	if (r >= 0)
		r = put_first(resolver->names, name, number, err);
	if (r >= 0 && component->database.n)
		r = put_first(resolver->places, component->database, number, err);
	return r < 0 ? r : learn_provides(resolver, number, err);
}

/* As node looks: in the node_modules of the package itself, then of each folder above it. */
static int
find_nearest(const struct resolver *resolver, const struct component *of, struct span name,
	     struct arena *arena, uint64_t *ret, bool *ret_found, struct err *err)
{
	struct span folder = span_equal(of->ecosystem, SPAN("npm")) ? of->database : SPAN("");

	while (folder.n && !*ret_found) {
		size_t slash = span_find_last(folder, '/');

		folder = span_slice(folder, 0, slash < folder.n ? slash : 0);
		struct span place = arena_printf(arena, "%.*s/node_modules/%.*s/package.json",
						 SPAN_ARG(folder), SPAN_ARG(name));
		if (!place.p)
			return err_memory(err);
		*ret_found = map_get(resolver->places, place, ret);
	}
	return 0;
}

/*
 * Of the same ecosystem, and of the same architecture where there is one; a provider only where no
 * package has the name.
 */
static int
find(struct resolver *resolver, const struct component *of, struct span name, uint64_t *ret,
     bool *ret_found, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span exact = arena ? exact_key(arena, of, name) : (struct span){NULL, 0};
	struct span any = arena ? name_key(arena, of, name) : (struct span){NULL, 0};

	if (!exact.p || !any.p)
		return err_memory(err);
	*ret_found = false;
	int r = find_nearest(resolver, of, name, arena, ret, ret_found, err);
	if (r >= 0 && !*ret_found)
		*ret_found = map_get(resolver->exact, exact, ret) ||
			     map_get(resolver->names, any, ret) ||
			     map_get(resolver->provided, any, ret);
	return r;
}

static int
compare_numbers(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

/* Into the record: sorted, each once. */
static int
keep_found(struct resolver *resolver, struct sbom_component *item, struct err *err)
{
	size_t count = resolver->found.count;

	item->depends = arena_array(resolver->maker->arena, count + 1, sizeof(uint32_t));
	if (!item->depends)
		return err_memory(err);
	if (count)
		qsort(resolver->found.items, count, sizeof(uint32_t), compare_numbers);
	for (size_t i = 0; i < count; i++) {
		uint32_t number = resolver->found.items[i];

		if (i == 0 || number != resolver->found.items[i - 1])
			item->depends[item->depend_count++] = number;
	}
	return 0;
}

/* What is not installed, and the package itself, are no targets. */
static int
add_target(struct resolver *resolver, size_t number, struct span name, struct err *err)
{
	const struct component *of = resolver->maker->sbom->components[number].component;
	uint64_t found = 0;
	bool is_there = false;
	int r = name.n ? find(resolver, of, name, &found, &is_there, err) : 0;
	uint32_t target = (uint32_t)found;

	if (r < 0 || !is_there || target == number)
		return r;
	return vec_push(&resolver->found, &target, PACKAGES_MAX, err);
}

/* Every alternative that is installed. */
static int
resolve(struct resolver *resolver, size_t number, struct err *err)
{
	struct sbom_component *item = &resolver->maker->sbom->components[number];
	struct span ecosystem = item->component->ecosystem;
	struct span rest = item->component->depends;
	struct span clause;
	struct span name;
	int r = 0;

	resolver->found.count = 0;
	while (r >= 0 && relation_clause_next(ecosystem, &rest, &clause)) {
		while (r >= 0 && relation_name_next(ecosystem, &clause, &name))
			r = add_target(resolver, number, name, err);
	}
	return r < 0 ? r : keep_found(resolver, item, err);
}

int
sbom_resolve_depends(struct sbom_maker *maker, struct err *err)
{
	size_t count = maker->sbom->component_count;
	CLEANUP(resolver_cleanup)
	struct resolver resolver = {
		.maker = maker,
		.exact = map_new(count),
		.names = map_new(count),
		.provided = map_new(count),
		.places = map_new(count),
	};
	int r = 0;

	if (!resolver.exact || !resolver.names || !resolver.provided || !resolver.places)
		return err_memory(err);
	for (size_t i = 0; i < count && r >= 0; i++)
		r = learn(&resolver, i, err);
	for (size_t i = 0; i < count && r >= 0; i++)
		r = resolve(&resolver, i, err);
	return r;
}
