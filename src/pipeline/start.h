/* SPDX-License-Identifier: Apache-2.0 */
/* harden.entrypoint: the observing of one stage for the compiling of another. */
#pragma once

#include "stage/profile.h"

/*
 * What takes the place of a shell script as the start of options->image; NULL when mohs.yaml does
 * not ask for it or the image starts without a shell. Errors of profile_run().
 */
int start_compile(const struct profile_options *options, struct start **ret, struct err *err);
