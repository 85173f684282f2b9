/* SPDX-License-Identifier: Apache-2.0 */
/* harden.commands: what is run through shells, and the profile with a table in their place. */
#pragma once

#include "pipeline/trial.h"

/*
 * As trial_once(), and says in (*ret)->commands what came of it: the profile is the one with the
 * table in the shells' place, or with the shells, when they stay.
 */
int commands_profile(const struct pipeline *pipeline, const struct trial *trial,
		     const struct profile_options *options, struct profile **ret,
		     struct suite **ret_suite, struct err *err);

/*
 * As trial_once(), of an image that has a table: a command that it refused is among
 * (*ret_suite)->gaps, whatever the program made of that.
 */
int commands_test(const struct pipeline *pipeline, const struct trial *trial,
		  const struct profile_options *options, struct profile **ret,
		  struct suite **ret_suite, struct err *err);
