/* SPDX-License-Identifier: Apache-2.0 */
/* Official addresses that change, and how they are found. */
#pragma once

#include "stage/update/fetch.h"

/* The address to ask for the document; strings go to fetcher->arena. */
int pointer_follow(struct fetcher *fetcher, const struct feed_document *document, const char **ret,
		   struct err *err);
