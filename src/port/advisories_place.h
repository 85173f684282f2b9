/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking a database out as it was written, and putting one that was written elsewhere in its place.
 * docs/shipping.md
 */
#pragma once

#include "port/advisories.h"

/* Of the tables that this mohs reads and writes. */
uint32_t advisories_layout(void);

/*
 * The file's bytes for reading by position, without where it came from: *ret_size of them, from 0
 * on. They stay what they are when the database is replaced. The caller closes *ret_fd.
 */
int advisories_bytes(const char *path, int *ret_fd, uint64_t *ret_size, struct err *err);

struct advisories_arrival;

/*
 * An empty file beside `path`, under the lock of an update. *ret_fd, where the database's bytes are
 * to be written, stays the arrival's.
 */
int advisories_arrive(const char *path, struct advisories_arrival **ret, int *ret_fd,
		      struct err *err);

/* Leaves what is at `path` as it was, unless the arrival has taken its place. */
void advisories_arrival_free(struct advisories_arrival *arrival);
void advisories_arrival_cleanup(struct advisories_arrival **arrival);

/*
 * Judges what was written: that it is a database as advisories_open() takes it, says itself what
 * `identity` says, has that content (advisories_verify()) and no origin of its own; then notes the
 * origin and replaces the database at `path`. ERR_MISMATCH, and what those return.
 */
int advisories_settle(struct advisories_arrival *arrival, const struct advisory_identity *identity,
		      const struct advisory_origin *origin, struct err *err);
