/* SPDX-License-Identifier: Apache-2.0 */
/* The last steps of a run: sign, attest, publish, and read back what is there. docs/trust.md */
#pragma once

#include "pipeline/pipeline.h"

/*
 * Puts beside the hardened image, where it was built: its bills of materials, and with a key
 * its signature and everything that can be attested of the run. Only when all checks on the image
 * itself passed; else, and where the output cannot hold such, p->unproven says so. Predicates also
 * go to the folder of results.
 */
int attest_hardened(struct pipeline *p, struct err *err);

/* Copies the image with all that is beside it to p->publish, when nothing can be lacking. */
int attest_publish(struct pipeline *p, struct err *err);

/* Reads what is where the image is now: p->proof. ERR_MISMATCH: another image is there. */
int attest_prove(struct pipeline *p, struct err *err);
