/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bill of materials: what an image is made of, ready to be written as SPDX or CycloneDX.
 * Const once built. docs/sbom.md
 */
#pragma once

#include "model/inventory.h"

enum sbom_scope {
	SBOM_IMAGE,   /* what the image is made of */
	SBOM_REMOVED, /* what was taken out of it */
};

struct sbom_component {
	const struct component *component; /* of the inventory */
	bool licences_known;		   /* false: no copyright file that could be read */
	struct span_list licences; /* as the distribution names them, in byte order, each once */
	uint32_t *depends;	   /* indices of components of this record, ascending, each once */
	size_t depend_count;
};

struct sbom_file {
	uint32_t entry; /* in image.entries; a regular file */
	uint32_t owner; /* in components, or COMPONENT_NONE */
	struct digest sha256;
	uint8_t sha1[SHA1_BYTES]; /* SPDX 2.3, 8.4 asks for it */
};

struct sbom {
	struct arena *arena;
	enum sbom_scope scope;
	const struct image *image;	   /* borrowed; NULL: of a document, CycloneDX alone */
	const struct inventory *inventory; /* borrowed */
	struct span tool;		   /* version of mohs: "0.1.0" */
	struct span title;	/* of the image: its name in a registry, else its digest */
	struct span name;	/* of the image, for a purl: "nginx" */
	struct span repository; /* "docker.io/library/nginx"; empty: of no registry */
	struct span tag;	/* may be empty */
	int64_t created;	/* seconds since 1970 */
	struct sbom_component *components; /* in the order of the inventory */
	size_t component_count;
	bool with_files;
	struct sbom_file *files; /* by path */
	size_t file_count;
	struct gap_list gaps; /* of image, inventory and this */
};

void sbom_free(struct sbom *sbom);
void sbom_cleanup(struct sbom **sbom);
