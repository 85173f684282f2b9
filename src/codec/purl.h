/* SPDX-License-Identifier: Apache-2.0 */
/* Package URLs: pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS#SUBPATH (ECMA-427, purl-spec). */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"

struct purl_qualifier {
	struct span key; /* lower case */
	struct span value;
};

/* All parts decoded. What is not stated is empty. */
struct purl {
	struct span type;  /* lower case */
	struct span space; /* the namespace; its segments are joined by '/' */
	struct span name;  /* never empty after purl_parse() */
	struct span version;
	struct span subpath;
	struct purl_qualifier *qualifiers; /* of which none has an empty value */
	size_t qualifier_count;
};

/*
 * Case is folded in type and keys alone: what a type says of its names is left to who knows the
 * type. An '@' that begins a segment of the namespace is no version's. Strings go to `arena`.
 * ERR_INVALID: no purl, a part that is not UTF-8 once decoded, a key twice; ERR_LIMIT; ERR_MEMORY.
 */
int purl_parse(struct span text, struct arena *arena, struct purl *ret, struct err *err);

/* The value of a qualifier; empty when it is not there. */
struct span purl_qualifier(const struct purl *purl, struct span key);

/*
 * Qualifiers in the order given (purl-spec wants that of their keys); those without a value are
 * left out. All but letters, digits and ".-_~" is percent-encoded. ERR_LIMIT over PURL_MAX.
 */
int purl_write(const struct purl *purl, struct arena *arena, struct span *ret, struct err *err);

/* purl-spec, types/oci-definition.json. */
struct purl_image {
	struct span name; /* "nginx": what stands last in the repository, in lower case */
	struct digest digest;
	struct span architecture; /* these may be empty */
	struct span repository;	  /* "docker.io/library/nginx" */
	struct span tag;
};

/* "pkg:oci/nginx@sha256%3A..?arch=amd64&repository_url=..&tag=..". ERR_LIMIT, ERR_MEMORY. */
int purl_append_image(struct buf *buf, const struct purl_image *image, struct err *err);
