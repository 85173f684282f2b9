/* SPDX-License-Identifier: Apache-2.0 */
/* Red Hat's VEX documents as rows. */
#pragma once

#include "stage/update/feeds.h"

/* struct feed_type, import_file: an archive of documents, one a CVE. */
int import_csaf(struct feed_import *import, int fd, struct err *err);
