/* SPDX-License-Identifier: Apache-2.0 */
/* Updates of rpm distributions in XML as rows. */
#pragma once

#include "stage/update/feeds.h"

/* struct feed_type, import: updateinfo.xml of one release's repository; OVAL of all of them. */
int import_updateinfo(struct feed_import *import, const struct feed_input *input, struct err *err);
int import_oval(struct feed_import *import, const struct feed_input *input, struct err *err);
