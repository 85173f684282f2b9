/* SPDX-License-Identifier: Apache-2.0 */
/* Debian's releases by number and by name (https://www.debian.org/releases/). */
#pragma once

#include "base/span.h"

/* "bookworm" for "12" and "12.4"; empty when the number is not known. */
struct span debian_codename(struct span version);
