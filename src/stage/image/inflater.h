/* SPDX-License-Identifier: Apache-2.0 */
/* A blob inflated by a confined process of its own. docs/privileges.md */
#pragma once

#include "codec/inflate.h"
#include "stage/image/ring.h"

/*
 * Feeds what `source` gives to the process and puts what comes back into the ring; both are read
 * to their end. Returns early and with 0 when the ring's other side gave up. Errors of
 * codec/inflate.h and confine_finish(); ERR_TIMEOUT after LAYER_SILENCE_MS without a byte.
 */
int layer_inflate(inflate_source source, void *context, struct ring *ring,
		  enum layer_compression *ret, struct err *err);
