/* SPDX-License-Identifier: Apache-2.0 */
#include "model/inventory.h"

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
