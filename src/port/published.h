/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A database that others publish, brought here as bytes to read: the file itself, a folder that has
 * it, a tar (as it is, of gzip or zstd) that has it, or an OCI artifact whose layer is such a tar.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/progress.h"
#include "base/span.h"

struct published_kind {
	const char *file;	/* "trivy.db" */
	const char *about;	/* a small file beside it, "metadata.json"; NULL: there is none */
	const char *media_type; /* of an artifact's layer; NULL: is not published so */
};

struct published_options {
	const char *folder; /* where what is unpacked is kept, in files without names */
	bool plain_http;    /* HTTP to hosts other than loopback */
	const struct progress *progress;
};

struct published {
	int fd;
	/* The whole file, mapped; may be written to, which does not change the file. */
	char *bytes;
	size_t size;
	struct span about; /* text; empty: it is not there */
};

/*
 * `where`: a path, or a reference as depot_open() takes it when there is nothing of that path.
 * ERR_NOT_FOUND: nothing there, or it has no such file. ERR_INVALID, ERR_LIMIT
 * (PUBLISHED_DATABASE_MAX, PUBLISHED_ABOUT_MAX), ERR_UNSUPPORTED, ERR_IO, and those of a registry.
 */
int published_open(struct span where, const struct published_kind *kind,
		   const struct published_options *options, struct arena *arena,
		   struct published *ret, struct err *err);
void published_cleanup(struct published *published);
