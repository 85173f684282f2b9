/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs the hardened image as planned on the image view and extends the profile by what it misses,
 * until it passes, nothing is left to add, or the rounds are up. docs/extend.md
 */
#pragma once

#include "pipeline/pipeline.h"

/* Removes what a run that was killed left of this in the folder of results. */
int extend_forget(const struct pipeline *pipeline, struct err *err);

/*
 * Needs plan and sidecars; replaces profile and plan, makes pipeline->extension. What this machine
 * lacks for running containers is a result (EXTENSION_NOT_DONE), a test that fails too.
 */
int extend_run(struct pipeline *pipeline, struct err *err);

/*
 * The tests on the built image without a view: makes pipeline->suite, or says in
 * pipeline->untested what this machine lacks for it.
 */
int extend_confirm(struct pipeline *pipeline, struct err *err);
