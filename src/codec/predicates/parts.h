/* SPDX-License-Identifier: Apache-2.0 */
/* The documents one by one, and what they share. Want of memory is noted, reported at the end. */
#pragma once

#include "base/arena.h"
#include "codec/evidence/writer.h"
#include "codec/predicates.h"

struct predicate_writer {
	struct writer writer;
	const struct predicate_context *context;
	const struct evidence *evidence; /* of the context */
	struct arena *arena;		 /* for texts that are put together */
};

/* The documents; NULL: that step was not done (or memory is short, which the writer notes). */
json_t *predicate_hardening(struct predicate_writer *writer);
json_t *predicate_vuln(struct predicate_writer *writer);
json_t *predicate_vulns(struct predicate_writer *writer);
json_t *predicate_test_result(struct predicate_writer *writer);
json_t *predicate_provenance(struct predicate_writer *writer);
json_t *predicate_openvex(struct predicate_writer *writer);

/* Manifest digest of the hardened image; false when there is none. */
bool predicate_subject(const struct predicate_writer *writer, struct digest *ret);

/* "mohs 0.1.0" cut in two; the version may be empty. */
struct span predicate_tool(const struct predicate_writer *writer, struct span *ret_version);

/* An in-toto ResourceDescriptor; `uri` may be empty. */
json_t *predicate_resource(struct predicate_writer *writer, struct span name, struct span uri,
			   const struct digest *digest);

/*
 * "pkg:oci/NAME@sha256%3A...", with ?repository_url= where there is a repository. NAME is what
 * stands last in it, else the service's name. Empty without memory.
 */
struct span predicate_image_purl(struct predicate_writer *writer, const struct digest *digest,
				 struct span repository);
