/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of versions as intervals in one order. */
#pragma once

#include "base/vec.h"
#include "codec/affected.h"

struct intervals {
	const struct version_order *order;
	VEC(struct affected) items;
};

static inline struct affected
interval_all(void)
{
	return (struct affected){.from = {"", 0}, .to = {"", 0}};
}

void intervals_cleanup(struct intervals *set);

/* Unites; one in which no version is is left out. */
int intervals_add(struct intervals *set, const struct affected *interval, struct err *err);

/* Only what is in the interval, or only what is not, stays. */
int intervals_meet(struct intervals *set, const struct affected *interval, struct err *err);
int intervals_leave(struct intervals *set, const struct affected *interval, struct err *err);

/* Appended whole, or not at all. */
int intervals_write(const struct intervals *set, struct buf *affected, struct err *err);
