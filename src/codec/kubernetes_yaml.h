/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run-time limits as a Deployment of Kubernetes (apps/v1, core/v1): the container's
 * securityContext, ports, and an emptyDir for each directory that it writes.
 */
#pragma once

#include "model/limits.h"
#include "model/service.h"

/* The same limits, the same bytes. `image`: reference of the hardened image where it is pulled. */
int kubernetes_yaml_write(const struct limits *limits, const struct service *service,
			  struct span image, struct arena *arena, struct span *ret,
			  struct err *err);
