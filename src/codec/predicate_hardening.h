/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What mohs attests of a hardened image (data/schema/hardening.json, docs/trust.md): how many
 * vulnerabilities went, and what the decision rests on.
 */
#pragma once

#include "base/err.h"
#include "codec/json.h"
#include "model/evidence.h"

#define PREDICATE_HARDENING "https://mohs.dev/attestation/hardening/v1"

/*
 * The predicate, a new reference. An attestation lies beside the image for everybody to read, so
 * commands of loads and tests are left out: they may hold what is not meant for all. A step that
 * was not done is null. ERR_MISMATCH: records that do not belong together. ERR_MEMORY.
 */
int predicate_hardening(const struct evidence *evidence, json_t **ret, struct err *err);
