/* SPDX-License-Identifier: Apache-2.0 */
/* plan -> built image: one new layer, config, manifest; the same input gives the same bytes. */
#pragma once

#include "base/progress.h"
#include "model/built.h"
#include "model/plan.h"
#include "port/contents.h"

struct build_options {
	enum layer_compression compression;
	const char *output; /* as sink_open() takes it; a registry's tag is set last */
	bool plain_http;    /* HTTP to registries other than on loopback */
	const struct progress *progress;
};

/* Nothing is left behind at `output` on failure. */
int build_write(const struct image *image, const struct contents *contents, const struct plan *plan,
		const struct build_options *options, struct built **ret, struct err *err);
