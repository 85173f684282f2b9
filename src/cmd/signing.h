/* SPDX-License-Identifier: Apache-2.0 */
/* What `mohs sign` and `mohs attest` share. */
#pragma once

#include "cmd/common.h"
#include "cmd/options.h"
#include "pipeline/signing.h"

struct signing_request {
	const char *image;
	const char *key;
	const char *password_fd;
	const char *identity;
	const char *format; /* "legacy", "bundle"; NULL: both */
	struct option_list annotations;
	/* filled in by signing_start() */
	struct signing_annotation parsed[OPTION_LIST_MAX];
};

/* Rows of a verb's table of options. */
#define SIGNING_SPECS(request)                                                                     \
	{"key", 0, OPTION_TEXT, &(request).key},                                                   \
		{"password-fd", 0, OPTION_TEXT, &(request).password_fd},                           \
		{"identity", 0, OPTION_TEXT, &(request).identity},                                 \
	{                                                                                          \
		"format", 0, OPTION_TEXT, &(request).format                                        \
	}
#define SIGNING_COMMON_SPECS                                                                       \
	{"plain-http", 0, OPTION_FLAG, &common.plain_http},                                        \
		{"verbose", 'v', OPTION_FLAG, &common.verbose},                                    \
	{                                                                                          \
		"json", 0, OPTION_FLAG, &common.json                                               \
	}

/* The key, and the image it is for. The request must outlive what is made. */
int signing_start(struct signing_request *request, struct key **ret_key, struct signing **ret,
		  struct err *err);

/* What was stored: a line or two, or JSON. */
int signing_report(const struct signing *signing, const char *what, struct err *err);
