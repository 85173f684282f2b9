/* SPDX-License-Identifier: Apache-2.0 */
/* image -> inventory: runs every package reader of the table. docs/inventory.md */
#pragma once

#include "model/inventory.h"
#include "port/contents.h"

int inventory_read(const struct image *image, const struct contents *contents,
		   struct inventory **ret, struct err *err);
