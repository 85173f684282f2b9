/* SPDX-License-Identifier: Apache-2.0 */
/* findings of the original image x fate of their component -> claims. */
#include "base/cleanup.h"
#include "base/map.h"
#include "codec/predicates/openvex.h"

#include <stdlib.h>

struct deciding {
	struct predicate_writer *writer;
	const struct evidence *evidence;
	struct map *still; /* "purl\nid" of what the rescan found */
	struct vex_usage *usage;
};

static struct span
key_of(struct deciding *deciding, const struct component *component, const struct finding *finding)
{
	struct span key = arena_printf(deciding->writer->arena, "%.*s\n%.*s",
				       SPAN_ARG(component->purl), SPAN_ARG(finding->id));

	deciding->writer->writer.failed |= !key.p;
	return key.p ? key : SPAN("");
}

static void
collect_still(struct deciding *deciding)
{
	const struct findings *findings = deciding->evidence->after.findings;
	const struct inventory *inventory = deciding->evidence->after.inventory;
	struct err ignored = ERR_INIT;

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		if (finding->component >= inventory->component_count)
			continue;
		struct span key =
			key_of(deciding, &inventory->components[finding->component], finding);
		if (map_put(deciding->still, key, 1, &ignored) < 0)
			deciding->writer->writer.failed = true;
	}
}

static bool
is_still_found(struct deciding *deciding, const struct component *component,
	       const struct finding *finding)
{
	uint64_t found;

	return map_get(deciding->still, key_of(deciding, component, finding), &found);
}

static enum vex_verdict
verdict_on(struct deciding *deciding, const struct finding *finding)
{
	const struct evidence *evidence = deciding->evidence;
	const struct component *component =
		&evidence->before.inventory->components[finding->component];
	enum component_fate fate = evidence->plan->components[finding->component].fate;

	/* What the plan says of the component must be what the rescan saw. */
	if (fate != FATE_KEPT && !is_still_found(deciding, component, finding))
		return fate == FATE_REMOVED ? VEX_REMOVED : VEX_DATA;
	if (finding->status == FINDING_UNDETERMINED)
		return VEX_UNDETERMINED;
	if (fate == FATE_KEPT && deciding->usage &&
	    vex_is_unused(deciding->usage, finding->component))
		return VEX_NOT_EXECUTED;
	return VEX_AFFECTED;
}

static int
by_statement(const void *a, const void *b, void *context)
{
	const struct finding *findings = context;
	const struct vex_claim *x = a;
	const struct vex_claim *y = b;
	int r = span_compare(findings[x->finding].id, findings[y->finding].id);

	if (r == 0 && x->verdict != y->verdict)
		r = x->verdict < y->verdict ? -1 : 1;
	if (r == 0 && x->component != y->component)
		r = x->component < y->component ? -1 : 1;
	return r;
}

struct vex_claims
vex_decide(struct predicate_writer *writer)
{
	const struct evidence *evidence = writer->evidence;
	const struct findings *findings = evidence->before.findings;
	const struct inventory *inventory = evidence->before.inventory;
	CLEANUP(map_cleanup) struct map *still = map_new(evidence->after.findings->count);
	struct deciding deciding = {.writer = writer, .evidence = evidence, .still = still};
	struct vex_claims claims = {
		.items = arena_array(writer->arena, findings->count + 1, sizeof(*claims.items))};

	writer->writer.failed |= !still || !claims.items;
	if (writer->writer.failed)
		return (struct vex_claims){0};
	collect_still(&deciding);
	deciding.usage = vex_usage_new(writer);
	for (uint32_t i = 0; i < findings->count && !writer->writer.failed; i++) {
		const struct finding *finding = &findings->items[i];

		/* Without a name for the component a statement would be on the whole image. */
		if (finding->component >= inventory->component_count ||
		    inventory->components[finding->component].purl.n == 0)
			continue;
		claims.items[claims.count++] = (struct vex_claim){
			.finding = i,
			.component = finding->component,
			.verdict = verdict_on(&deciding, finding),
		};
	}
	qsort_r(claims.items, claims.count, sizeof(*claims.items), by_statement, findings->items);
	return claims;
}
