/* SPDX-License-Identifier: Apache-2.0 */
/* The files a verb is given: service file, policy, profiles. */
#pragma once

#include "cmd/options.h"
#include "model/profile.h"
#include "model/service.h"

/*
 * The service file `file` (NULL: none), or a service made for `image` alone; with both, `image`
 * goes before the one in the file. With neither, mohs.yaml in this folder. ERR_USAGE.
 */
int inputs_service(const char *file, const char *image, struct service **ret, struct err *err);

/* `file`, else what the service names, else the built-in policy. */
int inputs_policy(const char *file, const struct service *service, struct policy **ret,
		  struct err *err);

/* One profile, or the union of several. */
int inputs_profile(const struct option_list *files, struct profile **ret, struct err *err);
