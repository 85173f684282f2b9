/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image is made of: components, and the paths each one owns. Taken from the image itself,
 * or from a bill of materials, which knows of no paths. Const once built.
 */
#pragma once

#include "model/image.h"

/* os-release(5), as far as advisories and purls need it. */
struct os_identity {
	bool known; /* false: no os-release was found (there is a gap that says so) */
	struct span id;
	struct span id_like;
	struct span version_id;	 /* "12" */
	struct span codename;	 /* "bookworm" */
	struct span pretty_name; /* for people */
};

/* The bill of materials that an inventory was taken from; all empty when it is an image's. */
struct inventory_document {
	struct span reference; /* "sbom:FILE", as it was asked for */
	struct span digest;    /* "sha256:..." of its bytes */
	struct span format;    /* "SPDX-2.3", "CycloneDX 1.6" */
	struct span name;      /* of what it is about, in its own words; may be empty */
};

enum component_state {
	COMPONENT_INSTALLED,
	COMPONENT_HALF, /* unpacked, half-installed, half-configured, triggers-*: code is there */
	COMPONENT_CONFIG_FILES, /* removed but for configuration: no code, not matched */
};

/* What a package database knows a file's content by. */
enum file_digest {
	FILE_DIGEST_NONE,
	FILE_DIGEST_MD5,    /* 16 bytes, zeroes behind */
	FILE_DIGEST_SHA1,   /* of a symbolic link (apk): of its target */
	FILE_DIGEST_SHA256, /* its first 20 bytes */
	FILE_DIGESTS,
};

enum { FILE_DIGEST_BYTES = 20 };

struct component_file {
	uint32_t entry;		    /* in image.entries; IMAGE_NONE: listed but not in the image */
	struct span listed;	    /* as the database writes it, absolute (below its own root) */
	enum file_digest digest_of; /* what `digest` is */
	uint8_t digest[FILE_DIGEST_BYTES];
	bool conffile;
};

struct component {
	struct span
		ecosystem; /* whose versions and advisories: "dpkg", "pypi" (docs/inventory.md) */
	struct span name;
	struct span version; /* as the ecosystem writes it, epoch included */
	struct span architecture;
	struct span source; /* source package; == name when not stated */
	struct span source_version;
	struct span purl; /* pkg:deb/debian/NAME@VERSION?arch=..&distro=debian-12 */
	struct span maintainer;
	struct span section;
	struct span licence;  /* as the package database states it; empty: it does not */
	struct span provides; /* the raw relation field (codec/relation.h); may be empty */
	struct span depends;  /* likewise; dpkg: Depends and Pre-Depends, comma-joined */
	struct span database; /* path of the record's file: "/var/lib/dpkg/status" */
	struct span record;   /* the record's own text, byte for byte, without the blank line; its
				 last newline is in it unless the file ends without one */
	struct span module;   /* rpm: its stream of a module, "nodejs:18"; else empty */
	bool essential;
	bool guessed; /* told from a file's own bytes, no record says so: less certain */
	enum component_state state;
	struct component_file *files;
	size_t file_count;
	bool no_files; /* the database lists files, and has none for it (a package of relations) */
};

#define COMPONENT_NONE UINT32_MAX

struct inventory {
	struct arena *arena;
	struct inventory_document document;
	struct os_identity os;
	struct component *components; /* by ecosystem, name, architecture, version */
	size_t component_count;
	uint32_t *owners;   /* per image entry: the component that owns it (first in order; for
			       directories any), or COMPONENT_NONE */
	size_t owner_count; /* == image.entry_count; 0 without an image */
	struct gap_list gaps;
	bool any_database; /* false: no package database was found at all; a document is one */
};

/* Whether a package manager of an operating system has it ("dpkg", "apk", "rpm"). */
bool component_is_packaged(const struct component *component);

/* Puts the components in their order, before owners name any. */
void inventory_sort(struct inventory *inventory);

void inventory_free(struct inventory *inventory);
void inventory_cleanup(struct inventory **inventory);
