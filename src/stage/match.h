/* SPDX-License-Identifier: Apache-2.0 */
/* inventory x advisories -> findings. docs/findings.md */
#pragma once

#include "model/findings.h"
#include "port/advisories.h"

int match_run(const struct inventory *inventory, struct advisories *advisories,
	      struct findings **ret, struct err *err);
