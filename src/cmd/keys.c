/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/keys.h"

#include "base/cleanup.h"

#include <string.h>

int
keys_password_fd(const char *text, int *ret, struct err *err)
{
	uint64_t fd = 0;

	if (text && (!span_to_u64(span_from(text), &fd) || fd > INT32_MAX))
		return err_set(err, ERR_USAGE, "--password-fd takes the number of a descriptor");
	*ret = text ? (int)fd : -1;
	return 0;
}

int
keys_signing(const char *reference, const char *password_fd, struct key **ret, struct err *err)
{
	struct password_source source = {.prompt = true, .of = reference};

	if (!reference)
		return err_set(err, ERR_USAGE,
			       "--key names the key to sign with (mohs key "
			       "generate makes one)");
	int r = keys_password_fd(password_fd, &source.fd, err);
	return r < 0 ? r : key_load(span_from(reference), &source, ret, err);
}

void
keys_free(struct keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		key_free(keys->items[i]);
	keys->count = 0;
}

int
keys_verifying(const struct option_list *references, const char *password_fd, struct keys *ret,
	       struct err *err)
{
	CLEANUP(keys_free) struct keys keys = {0};
	struct password_source source = {.prompt = true};

	if (references->count == 0)
		return err_set(err, ERR_USAGE, "--key names a key to verify with");
	int r = keys_password_fd(password_fd, &source.fd, err);
	for (size_t i = 0; r == 0 && i < references->count; i++) {
		source.of = references->items[i];
		r = key_load_public(span_from(references->items[i]), &source, &keys.items[i], err);
		keys.count += r == 0;
	}
	if (r < 0)
		return r;
	*ret = keys;
	keys.count = 0;
	return 0;
}

int
keys_annotations(const struct option_list *words, struct signing_annotation *ret, struct err *err)
{
	for (size_t i = 0; i < words->count; i++) {
		const char *equals = strchr(words->items[i], '=');

		if (!equals || equals == words->items[i])
			return err_set(err, ERR_USAGE, "annotation \"%.80s\" is not NAME=VALUE",
				       words->items[i]);
		ret[i] = (struct signing_annotation){
			{words->items[i], (size_t)(equals - words->items[i])},
			span_from(equals + 1)};
	}
	return 0;
}
