/* SPDX-License-Identifier: Apache-2.0 */
/* First line: the user; then /etc/passwd up to a line "%", then /etc/group. */
#include "codec/passwd.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(0);
	struct span rest = {(const char *)data, size};
	struct err err = ERR_INIT;
	struct passwd_user user;

	if (!arena)
		return 0;
	struct span name = span_cut(&rest, '\n');
	struct span passwd = rest.p ? span_cut(&rest, '%') : SPAN("");
	struct span group = rest.p ? rest : SPAN("");
	if (passwd_resolve(name, passwd, group, arena, &user, &err) == 0 && !user.home.p)
		abort();
	arena_free(arena);
	return 0;
}
