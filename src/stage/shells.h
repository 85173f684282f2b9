/* SPDX-License-Identifier: Apache-2.0 */
/* image -> shells: by name, link and content. docs/shells.md */
#pragma once

#include "model/shells.h"
#include "port/contents.h"

int shells_find(const struct image *image, const struct contents *contents, struct shells **ret,
		struct err *err);
