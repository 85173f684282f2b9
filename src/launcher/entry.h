/* SPDX-License-Identifier: Apache-2.0 */
/* The first instruction of a program without a C library. */
#pragma once

/* What a program is: it ends by sys_exit() or an exec. `auxiliary`: pairs of getauxval(3). */
_Noreturn void entry_main(int argc, const char *const *argv, const char *const *environment,
			  const long *auxiliary);

/* The path it was executed by. */
const char *entry_executed(const long *auxiliary);
