/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an archive of Java says of itself: META-INF/maven/GROUP/ARTIFACT/pom.properties (Maven
 * Archiver; java.util.Properties.load for the form), META-INF/MANIFEST.MF (JAR File Specification),
 * and its file's name.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct jar_identity {
	struct span group; /* what is not stated is empty */
	struct span artifact;
	struct span version;
};

/* "/app/lib/a-1.0.JAR": jar, war, ear, par, jpi, hpi. */
bool jar_is_name(struct span path);

/* "META-INF/maven/G/A/pom.properties"; *ret has G and A, pointing into `name`. */
bool jar_is_pom(struct span name, struct jar_identity *ret);

/*
 * groupId, artifactId and version; nothing is filled that is a "${...}" still. Strings go to
 * `arena`. ERR_MEMORY.
 */
int jar_read_pom(struct span text, struct arena *arena, struct jar_identity *ret, struct err *err);

/* The main section of a manifest. */
struct jar_manifest {
	struct span implementation_title;
	struct span implementation_version;
	struct span implementation_vendor_id;
	struct span specification_title;
	struct span specification_version;
	struct span bundle_name;
	struct span bundle_symbolic_name; /* without its directives */
	struct span bundle_version;
};

int jar_read_manifest(struct span text, struct arena *arena, struct jar_manifest *ret,
		      struct err *err);

/*
 * The best guess of manifest and file name: `artifact` and `version` are those of the file where it
 * has a version in its name. `group` is that of a table of well-known artefacts, else the vendor's
 * id, else what stands in front of the artifact in the symbolic name of a bundle; it may be empty,
 * like the rest. Texts go to `arena`.
 */
int jar_guess(const struct jar_manifest *manifest, struct span path, struct arena *arena,
	      struct jar_identity *ret, struct err *err);
