/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image references as text: the docker grammar (distribution/reference: host[:port]/repository
 * [:tag][@digest], with docker.io, library/ and latest as what goes without saying), and the
 * paths of the local transports. Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/digest.h"

struct reference {
	struct span domain;	/* "docker.io", "localhost:5000", "[::1]:5000" */
	struct span repository; /* "library/nginx" */
	struct span tag;	/* empty only when there is a digest */
	bool has_digest;	/* it decides, a tag beside it is only a note */
	struct digest digest;
	struct span text; /* all of it, spelled out */
};

/* ERR_USAGE with the part that is wrong; ERR_UNSUPPORTED for a digest other than sha256. */
int reference_parse(struct span text, struct arena *arena, struct reference *ret, struct err *err);

/* "REGISTRY/REPOSITORY" of a reference, without tag and digest. As reference_parse(). */
int reference_name(struct span text, struct arena *arena, struct span *ret, struct err *err);

/* Whether both name the same repository and tag: "nginx" and "docker.io/library/nginx:latest". */
bool reference_same(struct span a, struct span b, struct arena *arena);

/*
 * "TRANSPORT:REST": the part before the first colon when it is made of lower-case letters, digits
 * and dashes, else empty. Whether it names a transport is for the caller to know ("nginx:1.27").
 */
struct span reference_transport(struct span text, struct span *ret_rest);

/*
 * "PATH[:NAME]", cut at the first colon, as other tools do: a path with a colon in it cannot be
 * written. ERR_USAGE for an empty path or a name that no layout can hold.
 */
int reference_path(struct span text, struct span *ret_path, struct span *ret_name, struct err *err);
