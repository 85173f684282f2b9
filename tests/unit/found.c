/* SPDX-License-Identifier: Apache-2.0 */
#include "found.h"

#include "stage/inventory.h"
#include "test.h"

struct inventory *
found_read(const struct fixture_entry *table, size_t count, struct fixture *fixture)
{
	struct inventory *inventory = NULL;

	assert_good(fixture_make(table, count, fixture, err));
	assert_good(inventory_read(fixture->image, fixture->contents, &inventory, err));
	return inventory;
}

void
found_drop(struct inventory *inventory, struct fixture *fixture)
{
	inventory_free(inventory);
	fixture_free(fixture);
}

struct span
found_owner(const struct fixture *fixture, const struct inventory *inventory, const char *path)
{
	uint32_t entry = image_find(fixture->image, span_from(path));

	if (entry == IMAGE_NONE)
		fail_msg("no entry %s", path);
	uint32_t number = inventory->owners[entry];
	return number == COMPONENT_NONE ? SPAN("-") : inventory->components[number].name;
}

bool
found_gap(const struct inventory *inventory, const char *subject, const char *part)
{
	for (size_t i = 0; i < inventory->gaps.count; i++) {
		if (span_equal(inventory->gaps.items[i].subject, span_from(subject)) &&
		    span_contains(inventory->gaps.items[i].text, span_from(part)))
			return true;
	}
	return false;
}
