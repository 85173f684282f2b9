/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and annotations as verbs are given them. */
#pragma once

#include "cmd/options.h"
#include "codec/simple_signing.h"
#include "port/keys.h"

/* --password-fd: the number of a descriptor, or NULL for none. ERR_USAGE. */
int keys_password_fd(const char *text, int *ret, struct err *err);

/* --key: a private key to sign with, its password asked for where it is needed. */
int keys_signing(const char *reference, const char *password_fd, struct key **ret, struct err *err);

/* Several keys to verify with; free with keys_free(). */
struct keys {
	struct key *items[OPTION_LIST_MAX];
	size_t count;
};

int keys_verifying(const struct option_list *references, const char *password_fd, struct keys *ret,
		   struct err *err);
void keys_free(struct keys *keys);

/* -a NAME=VALUE, each; the names and values are borrowed. ERR_USAGE. */
int keys_annotations(const struct option_list *words, struct signing_annotation *ret,
		     struct err *err);
