/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An advisory database as an OCI artifact (image-spec 1.1 manifest.md, "Guidelines for Artifact
 * Usage"): its config is the statement about it, its only layer the packed database. Pure.
 * docs/shipping.md
 */
#pragma once

#include "codec/database_statement.h"
#include "codec/oci.h"

#define DATABASE_ARTIFACT_TYPE "application/vnd.mohs.advisories.v1"
#define DATABASE_LAYER_TYPE    "application/vnd.mohs.advisories.v1.sqlite+zstd"

/* The manifest; `statement`: the config, byte for byte. */
int database_artifact_write(const struct database_statement *says, struct span statement,
			    struct arena *arena, struct span *ret, struct err *err);

struct database_artifact {
	struct oci_descriptor statement;
	struct oci_descriptor packed;
};

/*
 * ERR_UNSUPPORTED when it is something else, ERR_LIMIT over STATEMENT_MAX and
 * ADVISORY_DATABASE_MAX, and what oci_read() returns.
 */
int database_artifact_read(struct span manifest, struct span media_type, struct arena *arena,
			   struct database_artifact *ret, struct err *err);
