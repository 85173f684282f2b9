/* SPDX-License-Identifier: Apache-2.0 */
/* Each function lies in a page of its own and comes to one function of libc in a way of its own. */
#include <unistd.h>

int calls_plainly(void);
int calls_by_slot(void);
pid_t (*gives_address(void))(pid_t);
extern uid_t (*const calls_table[])(void);

__attribute__((visibility("default"))) uid_t (*const calls_table[])(void) = {getuid};

int
calls_plainly(void)
{
	return getpid() + 1;
}

__attribute__((noplt)) pid_t getppid(void);

int
calls_by_slot(void)
{
	return getppid() + 1;
}

pid_t (*gives_address(void))(pid_t)
{
	return getsid;
}
