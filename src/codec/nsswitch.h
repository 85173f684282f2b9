/* SPDX-License-Identifier: Apache-2.0 */
/* nsswitch.conf(5): "database: service [status=action] ..." */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* Once a service, in the file's order; spans point into the text. < 0 stops and is returned. */
typedef int (*nsswitch_visit)(void *context, struct span database, struct span service,
			      struct err *err);

int nsswitch_read(struct span text, nsswitch_visit visit, void *context, struct err *err);
