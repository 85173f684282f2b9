/* SPDX-License-Identifier: Apache-2.0 */
#include "model/findings.h"

#include "base/cleanup.h"

#include <stdlib.h>

static int
compare_findings(const void *left, const void *right)
{
	const struct finding *a = left;
	const struct finding *b = right;

	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	if (a->component != b->component)
		return a->component < b->component ? -1 : 1;
	return span_compare(a->id, b->id);
}

/* By id, the worst of each first. */
static int
compare_ids(const void *left, const void *right)
{
	const struct finding *const *a = left;
	const struct finding *const *b = right;
	int order = span_compare((*a)->id, (*b)->id);

	return order ? order : compare_findings(*a, *b);
}

static void
add(struct finding_counts *counts, enum severity severity, bool fixable, bool exploited)
{
	counts->by_severity[severity]++;
	counts->total++;
	counts->fixable += fixable;
	counts->exploited += exploited;
}

/* A CVE counts once, at its worst severity; it is fixable when one of its findings is. */
static int
count_distinct(struct findings *findings, size_t counted, struct err *err)
{
	CLEANUP(free_cleanup)
	const struct finding **order = calloc(counted + 1, sizeof(const struct finding *));
	size_t n = 0;

	if (!order)
		return err_memory(err);
	for (size_t i = 0; i < findings->count; i++) {
		if (findings->items[i].status != FINDING_UNDETERMINED)
			order[n++] = &findings->items[i];
	}
	qsort((void *)order, n, sizeof(struct finding *), compare_ids);
	for (size_t i = 0; i < n;) {
		const struct finding *worst = order[i];
		bool fixable = false;

		for (; i < n && span_equal(order[i]->id, worst->id); i++)
			fixable |= order[i]->status == FINDING_FIXABLE;
		add(&findings->distinct, worst->severity, fixable, worst->exploited);
	}
	return 0;
}

int
findings_count(struct findings *findings, struct err *err)
{
	size_t counted = 0;

	if (findings->count > 0)
		qsort(findings->items, findings->count, sizeof(*findings->items), compare_findings);
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		if (finding->status == FINDING_UNDETERMINED) {
			findings->undetermined++;
			continue;
		}
		add(&findings->findings, finding->severity, finding->status == FINDING_FIXABLE,
		    finding->exploited);
		counted++;
	}
	return count_distinct(findings, counted, err);
}
