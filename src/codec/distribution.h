/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose packages advisories are about: a distribution, or the libraries of a language. One row in
 * distribution.c each says how they are found, how their versions compare and what their releases
 * are called there.
 */
#pragma once

#include "base/arena.h"
#include "model/inventory.h"

enum { DISTRIBUTION_SYSTEMS = 5 };

enum release_naming {
	RELEASE_WHOLE,	  /* "22.04", "15.6": the version as it is */
	RELEASE_MAJOR,	  /* "9" of "9.4" */
	RELEASE_CODENAME, /* "bookworm" of "12.4" (https://www.debian.org/releases/) */
	RELEASE_BRANCH,	  /* "v3.24" of "3.24.1"; "edge" */
	RELEASE_ROLLING,  /* "rolling": it never ends */
	RELEASE_ALL,	  /* "all": there are none */
};

struct distribution {
	struct span name;      /* in the database, and of its feed: "alpine", "npm" */
	struct span ecosystem; /* of the components it answers for */
	/* IDs of os-release; the first one is empty for a language: whatever the system is */
	struct span systems[DISTRIBUTION_SYSTEMS];
	struct span order; /* codec/version_order.h */
	enum release_naming releases;
	/* Advisories name binary packages ("nodejs:18/npm" where they are of a module); those that
	   name the source package have "src/" before it ("src/openssl", "nodejs:18/src/nodejs"). */
	bool by_binary;
};

/* By the name in the database; NULL when there is none. */
const struct distribution *distribution_find(struct span name);

/* For components of this ecosystem on this system; NULL when there is none. */
const struct distribution *distribution_for(struct span ecosystem, struct span system);

/* For the packages of a system; NULL when there is none. */
const struct distribution *distribution_of_system(struct span system);

/* Whether packages of this ecosystem are those of an operating system. */
bool distribution_is_of_system(struct span ecosystem);

/*
 * What advisories call the release of a system. Empty when it cannot be told; .p NULL without
 * memory. Made in `arena` where it has to be.
 */
struct span distribution_release(const struct distribution *distribution,
				 const struct os_identity *os, struct arena *arena);

/*
 * The same of a version that others give the whole of a release: what is but a part of one ("9.4"
 * where it is "9") has none.
 */
struct span distribution_release_named(const struct distribution *distribution, struct span version,
				       struct arena *arena);

/* "bookworm" for "12" and "12.4"; empty when the number is not known. */
struct span debian_codename(struct span version);
