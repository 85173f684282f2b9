/* SPDX-License-Identifier: Apache-2.0 */
/* Where the docker daemon of this machine listens. */
#pragma once

#include "base/err.h"

/* $DOCKER_HOST, else the usual place; NULL with ERR_UNSUPPORTED when that is no unix socket. */
const char *docker_socket(struct err *err);
