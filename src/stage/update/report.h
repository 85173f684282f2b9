/* SPDX-License-Identifier: Apache-2.0 */
/* What an update says of itself, once its feeds have been read. */
#pragma once

#include "stage/update.h"
#include "stage/update/feeds.h"

/*
 * Of a mirror, which may carry the advisories of some distributions only: those that are not there
 * (`whys`) while others are, are no failure.
 */
int report_absent(struct update_report *report, const enum err_kind whys[FEEDS], struct err *err);

/* The oldest of the feeds that say which findings there are; 0 when there is none. */
int64_t report_date(const struct update_report *report);

int report_identity(struct update_report *report, const char *database, struct err *err);
