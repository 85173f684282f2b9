/* SPDX-License-Identifier: Apache-2.0 */
/* Package URLs (package-url/purl-spec: PURL-SPECIFICATION.rst, types/oci-definition.json). */
#pragma once

#include "base/buf.h"
#include "base/digest.h"

/* "Character encoding" of the specification. What buf_append() returns. */
int purl_append(struct buf *buf, struct span s, struct err *err);

struct purl_image {
	struct span name; /* "nginx": what stands last in the repository, in lower case */
	struct digest digest;
	struct span architecture; /* these may be empty */
	struct span repository;	  /* "docker.io/library/nginx" */
	struct span tag;
};

/* "pkg:oci/nginx@sha256%3A..?arch=amd64&repository_url=..&tag=..". ERR_LIMIT, ERR_MEMORY. */
int purl_append_image(struct buf *buf, const struct purl_image *image, struct err *err);
