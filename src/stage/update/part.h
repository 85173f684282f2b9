/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Downloads that are taken up again: DATABASE.parts/NAME has the bytes that came, NAME.head what
 * version they are of. A version is never continued with bytes of another. docs/advisories.md
 */
#pragma once

#include "stage/update/fetch.h"

/*
 * Fetches an address into a file, or says that it is unchanged since `before` (NULL: unknown). What
 * an earlier process fetched is not fetched again, as far as the server vouches for it.
 */
int part_fetch(struct fetcher *fetcher, const char *address, const struct record_document *before,
	       struct fetched *ret, struct err *err);

/* Removes whole ones (`used`), old ones, and all beyond FEED_PARTS_MAX. Failure is of no matter. */
void parts_clean(const char *parts, bool used);
