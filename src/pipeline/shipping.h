/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The advisory database to a file or a registry and from there: packed and signed, verified and
 * taken in. docs/shipping.md
 */
#pragma once

#include "model/advisory_origin.h"
#include "port/depot.h"
#include "stage/ship.h"
#include "stage/verify.h"

struct shipping_options {
	const char *database;
	const struct key *key;	 /* export, push: NULL: nobody signs */
	struct verify_keys keys; /* import, pull: one of them must have signed; none: see `trust` */
	bool trust;		 /* takes what none of the keys vouches for; without keys only */
	bool allow_older;
	int64_t now; /* seconds since 1970 */
	struct depot_options depot;
};

struct shipped {
	struct arena *arena;
	struct advisory_identity identity; /* of the database */
	uint64_t packed;		   /* bytes */
	struct span key;    /* hint of whose signature it has, or had; may be empty */
	struct span place;  /* file, or reference */
	struct span digest; /* of the manifest; empty for a file */
	bool unchanged;	    /* pull: it was here already */
};

void shipped_free(struct shipped *shipped);
void shipped_cleanup(struct shipped **shipped);

/*
 * Packs, signs and writes the database. ERR_MISMATCH when it is to be signed and came from
 * somewhere without a signature that was looked at: signing it would vouch for it.
 */
int shipping_export(const struct shipping_options *options, const char *file, struct shipped **ret,
		    struct err *err);

/* The same as an OCI artifact: registry reference or oci:DIR[:TAG]. The tag is set last. */
int shipping_push(const struct shipping_options *options, struct span reference,
		  struct shipped **ret, struct err *err);

/*
 * Verifies, then replaces the database. ERR_USAGE with neither keys nor `trust`; ERR_MISMATCH when
 * no signature holds or it is older than what is there. After any error all is as it was.
 */
int shipping_import(const struct shipping_options *options, const char *file, struct shipped **ret,
		    struct err *err);

/* Fetches nothing more than the manifest and its signatures when it is here already. */
int shipping_pull(const struct shipping_options *options, struct span reference,
		  struct shipped **ret, struct err *err);
