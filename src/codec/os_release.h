/* SPDX-License-Identifier: Apache-2.0 */
/* os-release(5): NAME=value lines, quoted as a shell does. */
#pragma once

#include "model/inventory.h"

/*
 * Fills the identity (strings in `arena`, `known` set; ID is "linux" when it is not stated, as
 * os-release(5) says). The last of assignments to one name counts. Lines that are no assignment are
 * passed over and counted in *ret_faults. ERR_LIMIT: OS_RELEASE_MAX. ERR_MEMORY.
 */
int os_release_read(struct span text, struct arena *arena, struct os_identity *ret,
		    size_t *ret_faults, struct err *err);
