/* SPDX-License-Identifier: Apache-2.0 */
/* policy.yaml -> struct policy. docs/policy.md lists the keys. */
#pragma once

#include "model/service.h"

/*
 * What the file does not say is as in policy_default(). `path` is for error text. ERR_INVALID with
 * file, line and what is allowed; a waiver without reason, approved_by, service or expires is one.
 */
int policy_parse(struct span text, struct span path, struct policy **ret, struct err *err);

/* The built-in standard: all seven checks required, at least 70 % of the findings gone. */
int policy_default(struct policy **ret, struct err *err);
