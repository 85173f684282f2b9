/* SPDX-License-Identifier: Apache-2.0 */
/* What several verbs share: options, opening things, printing JSON. One verb runs per process. */
#pragma once

#include "base/progress.h"
#include "cmd/options.h"
#include "codec/json.h"
#include "model/evidence.h"
#include "stage/image.h"

/* Set by common_specs. */
struct common {
	const char *platform;
	const char *database;
	bool plain_http;
	bool verbose;
	bool json;
};

extern struct common common;

/* --platform, --plain-http, --verbose, --db, --json; the end of every verb's table. */
extern const struct option_spec common_specs[];

/* The last row of a verb's own table. */
#define COMMON_SPECS                                                                               \
	{                                                                                          \
		.target = (void *)(uintptr_t)common_specs                                          \
	}

const struct progress *common_progress(void);
struct image_options common_image_options(void);

/* Takes the reference over; prints indented JSON to stdout. */
int common_print_json(json_t *json, struct err *err);

/* The document of a verb's records; tool, time and host are filled in here. */
int common_print_evidence(const struct evidence *evidence, struct err *err);

/* SIGINT, SIGTERM and SIGHUP (unless it is ignored) set proc_cancel. */
void common_catch_signals(void);
