/* SPDX-License-Identifier: Apache-2.0 */
/* mohs.yaml -> struct service. docs/service.md lists the keys. */
#pragma once

#include "model/service.h"

/*
 * `path`: of the file, for error text and for relative paths in it (give an absolute one to get
 * absolute ones: mounts need that). Defaults are filled in. ERR_INVALID with file, line and what
 * is allowed, ERR_LIMIT.
 */
int service_parse(struct span text, struct span path, struct service **ret, struct err *err);

/* A service without a file: name and image as given, defaults for the rest. */
int service_default(struct span name, struct span image, struct service **ret, struct err *err);
