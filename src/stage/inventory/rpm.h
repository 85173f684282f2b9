/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/inventory: the parts of the reader of rpm's databases. */
#pragma once

#include "codec/rpm_database.h"
#include "codec/rpm_header.h"
#include "stage/inventory/reading.h"

struct rpm_database_place {
	uint32_t entry;
	struct span root; /* what the paths of its packages are below: "" or "/srv/root" */
	const struct rpm_backend *backend;
};

struct rpm_places_found {
	struct rpm_database_place *items;
	size_t count;
	size_t capacity;
};

/* rpm keeps the keys it trusts as packages of this name. */
static inline bool
rpm_is_key(const struct rpm_package *package)
{
	return span_equal(package->name, SPAN("gpg-pubkey"));
}

/* rpm_component.c: all of it but the files; `database` is there already. */
int rpm_component(struct reading *reading, const struct rpm_package *package,
		  struct component *component, struct err *err);

/* rpm_files.c */
int rpm_files(struct reading *reading, struct span root, const struct rpm_package *package,
	      struct component *component, struct err *err);

/*
 * Files are provided as well as names: those that a component from `first` on asks for are added
 * to what their owner provides.
 */
int rpm_provide_files(struct reading *reading, size_t first, struct err *err);

/* rpm_manifest.c */
int rpm_read_manifest(struct reading *reading, struct err *err);
