/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose advisories speak for the components of an ecosystem, and how they are found and compared.
 * One row in matchers.c each.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "model/inventory.h"

enum { MATCHER_SYSTEMS = 5 };

struct matcher {
	struct span distribution; /* the name in the database, and of its feed */
	struct span ecosystem;	  /* of the components it answers for */
	/* IDs of os-release; the first one may be empty: whatever the system is */
	struct span systems[MATCHER_SYSTEMS];
	struct span order; /* codec/version_order.h */
	/* The release's name in the advisories; empty when it cannot be told, .p NULL without
	   memory. Made in `arena` where it has to be. */
	struct span (*release)(const struct os_identity *os, struct arena *arena);
	/* Advisories name binary packages ("nodejs:18/npm" where they are of a module); those that
	   name the source package have "src/" before it ("src/openssl", "nodejs:18/src/nodejs"). */
	bool by_binary;
};

/* Whether it is about components of any system: a language's, a program's. */
static inline bool
matcher_is_universal(const struct matcher *matcher)
{
	return matcher->systems[0].n == 0;
}

/* For components of this ecosystem on this system; NULL when there is none. */
const struct matcher *matcher_find(struct span ecosystem, struct span system);

/* For the packages of a system; NULL when there is none. */
const struct matcher *matcher_of_system(struct span system);

/* By the name in the database. */
const struct matcher *matcher_of_feed(struct span distribution);

/* Whether packages of this ecosystem are those of an operating system. */
bool matcher_is_of_system(struct span ecosystem);
