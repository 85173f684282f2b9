/* SPDX-License-Identifier: Apache-2.0 */
/* An image with every kind of entry a layer can have, and a plan that keeps most of it. */
#pragma once

#include "fixture.h"
#include "model/plan.h"

#define HARDENED_LONG                                                                              \
	"/opt/a-folder-with-a-name-that-is-long-enough-to-fill-the-field-of-a-ustar-header/"       \
	"a-second-folder-with-a-name-that-is-long-enough-to-fill-the-field-of-a-ustar-header/"     \
	"and-a-file-with-a-name-that-is-long-enough-to-fill-the-field-of-a-ustar-header-alone"

#define HARDENED_BYTES "/opt/caf\xe9-\xff"

/* Both are freed by the caller; the plan is in an arena of its own. */
int hardened_make(struct fixture *ret_fixture, struct plan **ret_plan, struct err *err);
