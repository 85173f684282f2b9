/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "model/findings.h"

/* Puts the findings in their order and fills the counts. */
int findings_count(struct findings *findings, struct err *err);
