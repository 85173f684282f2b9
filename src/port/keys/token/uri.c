/* SPDX-License-Identifier: Apache-2.0 */
#include "port/keys/token/internal.h"

#include "base/cleanup.h"

void
token_uri_cleanup(P11KitUri **uri)
{
	p11_kit_uri_free(*uri);
	*uri = NULL;
}

int
token_uri_parse(struct span text, P11KitUri **ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(token_uri_cleanup) P11KitUri *uri = p11_kit_uri_new();
	struct span copy = arena ? arena_copy(arena, text) : (struct span){NULL, 0};

	if (!copy.p || !uri)
		return err_memory(err);
	/* Before anything else, so that no text of an error repeats it. */
	if (span_contains(text, SPAN("pin-value")))
		return err_set(err, ERR_USAGE,
			       "a PIN in a pkcs11: URI (pin-value) can be read by everybody on "
			       "this machine; give it as a password, or with pin-source=file:PATH");
	if (memchr(text.p, '\0', text.n) ||
	    p11_kit_uri_parse(copy.p, P11_KIT_URI_FOR_OBJECT_ON_TOKEN_AND_MODULE, uri) !=
		    P11_KIT_URI_OK)
		return err_set(err, ERR_USAGE,
			       "\"%.100s\" is no pkcs11: URI (RFC 7512); "
			       "pkcs11:token=NAME;object=NAME is one",
			       copy.p);
	if (p11_kit_uri_any_unrecognized(uri))
		return err_set(err, ERR_USAGE,
			       "\"%.100s\" has an attribute that is not known (token, serial, "
			       "object, id, module-path, pin-source, ...)",
			       copy.p);
	*ret = TAKE(uri);
	return 0;
}
