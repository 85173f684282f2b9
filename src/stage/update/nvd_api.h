/* SPDX-License-Identifier: Apache-2.0 */
/* NVD's API in pages: https://nvd.nist.gov/developers/vulnerabilities */
#pragma once

#include "stage/update/fetch.h"

/*
 * Reads all pages into import->builder. With a `before` from the same address that is young enough
 * its rows are kept and only what changed since is asked for. import->tally.records counts what was
 * read. ret: address and date of the content, no file.
 */
int nvd_api_import(struct fetcher *fetcher, const struct feed_type *type,
		   const struct advisory_feed *before, struct feed_import *import,
		   struct fetched *ret, struct err *err);
