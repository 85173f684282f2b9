/* SPDX-License-Identifier: Apache-2.0 */
/* What both formats of a bill of materials share. Want of memory is noted, reported at the end. */
#pragma once

#include "codec/json.h"
#include "model/sbom.h"

struct sbom_writer {
	const struct sbom *sbom;
	struct arena *arena;
	struct map *known; /* identifiers given out so far, or NULL */
	bool failed;
};

/* Take over `value`; NULL is want of memory. */
void sbom_set(struct sbom_writer *writer, json_t *object, const char *name, json_t *value);
void sbom_add(struct sbom_writer *writer, json_t *list, json_t *value);

void sbom_text(struct sbom_writer *writer, json_t *object, const char *name, struct span value);
void sbom_string(struct sbom_writer *writer, json_t *object, const char *name, const char *value);

/* Into the writer's arena; an empty text without memory. */
struct span sbom_print(struct sbom_writer *writer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "name" or "components removed from name": what the document is about. */
struct span sbom_title(struct sbom_writer *writer);

/* "pkg:oci/nginx@sha256%3A..?arch=amd64&repository_url=..&tag=.." (purl-spec, oci). */
struct span sbom_image_purl(struct sbom_writer *writer);

/*
 * A UUID (RFC 9562, version 8: named, by SHA-256) of what decides the document: format, version of
 * mohs, image, scope, time.
 */
struct span sbom_uuid(struct sbom_writer *writer, const char *format);

/* RFC 3339. */
struct span sbom_created(struct sbom_writer *writer);

struct span sbom_sha256(struct sbom_writer *writer, const struct digest *digest); /* hex alone */
struct span sbom_sha1(struct sbom_writer *writer, const uint8_t sha1[SHA1_BYTES]);

/* Whether the component is from other sources than its own name and version say. */
bool sbom_has_source(const struct component *component);

/* "Name <mail>" in parts; *ret_mail is empty when there is none. */
struct span sbom_person(struct span maintainer, struct span *ret_mail);

/* Whether a maintainer is a group: by the host of the address, or by the name. */
bool sbom_is_group(struct span name, struct span mail);
