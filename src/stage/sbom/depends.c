/* SPDX-License-Identifier: Apache-2.0 */
/* Relation fields -> the installed packages that satisfy them. */
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/relation.h"
#include "stage/sbom/parts.h"

struct resolver {
	struct sbom_maker *maker;
	struct map *exact;    /* "name:arch" -> index */
	struct map *names;    /* name -> index of the first */
	struct map *provided; /* name -> index of the first that provides it */
	VEC(uint32_t) found;
};

static void
resolver_cleanup(struct resolver *resolver)
{
	map_free(resolver->exact);
	map_free(resolver->names);
	map_free(resolver->provided);
	vec_free(&resolver->found);
}

static int
put_first(struct map *map, struct span key, size_t value, struct err *err)
{
	uint64_t ignored;

	return map_get(map, key, &ignored) ? 0 : map_put(map, key, value, err);
}

static struct span
exact_key(struct arena *arena, struct span name, struct span architecture)
{
	return arena_printf(arena, "%.*s:%.*s", SPAN_ARG(name), SPAN_ARG(architecture));
}

static int
learn(struct resolver *resolver, size_t number, struct err *err)
{
	const struct component *component = resolver->maker->sbom->components[number].component;
	struct span key =
		exact_key(resolver->maker->arena, component->name, component->architecture);
	struct span rest = component->provides;
	struct span clause;
	struct span name;

	if (!key.p)
		return err_memory(err);
	int r = put_first(resolver->exact, key, number, err);
	if (r >= 0)
		r = put_first(resolver->names, component->name, number, err);
	while (r >= 0 && relation_clause_next(component->ecosystem, &rest, &clause)) {
		while (r >= 0 && relation_name_next(component->ecosystem, &clause, &name)) {
			if (name.n)
				r = put_first(resolver->provided, name, number, err);
		}
	}
	return r;
}

/* Of the same architecture where there is one; a provider only where no package has the name. */
static int
find(struct resolver *resolver, const struct component *of, struct span name, uint64_t *ret,
     bool *ret_found, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span key = arena ? exact_key(arena, name, of->architecture) : (struct span){NULL, 0};

	if (!key.p)
		return err_memory(err);
	*ret_found = map_get(resolver->exact, key, ret) || map_get(resolver->names, name, ret) ||
		     map_get(resolver->provided, name, ret);
	return 0;
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
	};
	int r = 0;

	if (!resolver.exact || !resolver.names || !resolver.provided)
		return err_memory(err);
	for (size_t i = 0; i < count && r >= 0; i++)
		r = learn(&resolver, i, err);
	for (size_t i = 0; i < count && r >= 0; i++)
		r = resolve(&resolver, i, err);
	return r;
}
