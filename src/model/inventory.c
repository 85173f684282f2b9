/* SPDX-License-Identifier: Apache-2.0 */
#include "model/inventory.h"

#include <stdlib.h>

void
inventory_free(struct inventory *inventory)
{
	if (inventory)
		arena_free(inventory->arena); /* holds *inventory itself */
}

void
inventory_cleanup(struct inventory **inventory)
{
	inventory_free(*inventory);
	*inventory = NULL;
}

bool
component_is_packaged(const struct component *component)
{
	static const struct span managers[] = {SPAN_INIT("apk"), SPAN_INIT("dpkg"),
					       SPAN_INIT("rpm")};

	for (size_t i = 0; i < sizeof(managers) / sizeof(managers[0]); i++) {
		if (span_equal(component->ecosystem, managers[i]))
			return true;
	}
	return false;
}

/* By ecosystem, name, architecture, version; then by what can still differ. */
static int
compare_components(const void *left, const void *right)
{
	const struct component *a = left;
	const struct component *b = right;
	int order = span_compare(a->ecosystem, b->ecosystem);

	if (order == 0)
		order = span_compare(a->name, b->name);
	if (order == 0)
		order = span_compare(a->architecture, b->architecture);
	if (order == 0)
		order = span_compare(a->version, b->version);
	if (order == 0)
		order = span_compare(a->database, b->database);
	return order ? order : span_compare(a->record, b->record);
}

void
inventory_sort(struct inventory *inventory)
{
	if (inventory->component_count)
		qsort(inventory->components, inventory->component_count, sizeof(struct component),
		      compare_components);
}
