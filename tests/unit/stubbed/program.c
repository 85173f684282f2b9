/* SPDX-License-Identifier: Apache-2.0 */
/* Linked with libhelped: says "started" and calls what its argument names, if any. */
#include "helped.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int helped_old_age(int value);
__asm__(".symver helped_old_age, helped_age@STUBBED_1");

static int (*const functions[])(int) = {
	helped_plain, helped_age, helped_old_age, helped_weak, helped_chosen,
};
static const char *const names[] = {
	"helped_plain", "helped_age", "old", "helped_weak", "helped_chosen",
};

static void
leave(int number)
{
	(void)number;
	_exit(0);
}

/* Blocks and catches the signal that a stub ends with, in a thread that is not the first. */
static void *
guard(void *nothing)
{
	sigset_t set;

	(void)nothing;
	(void)signal(SIGABRT, leave);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGABRT);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	(void)helped_plain(0);
	return NULL;
}

/* Not linked to by name: link editors complain of functions without a type. */
static void
call_untyped(void)
{
	union {
		void *found;
		int (*function)(int);
	} untyped = {dlsym(RTLD_DEFAULT, "helped_untyped")};

	(void)untyped.function(1);
}

static int
look_up(void)
{
	void *library = dlopen("libhelped.so.1", RTLD_NOW);

	if (!library)
		return 1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], "old") != 0 && !dlsym(library, names[i]))
			return 1;
	}
	return dlvsym(library, "helped_age", "STUBBED_1") ==
				       dlvsym(library, "helped_age", "STUBBED_2") ||
			       dlsym(library, "helped_nothing")
		       ? 1
		       : 0;
}

#ifdef TAKES_DATA
/* What the library lends is as it was, and can be written. */
static int
use_data(void)
{
	const int *number = helped_table.number;

	if (helped_data != 1 || helped_thread != 0 || *number != 1 ||
	    strcmp(helped_table.name, "helped") != 0 || helped_table.exported != helped_plain)
		return 1;
	helped_data = 2;
	helped_thread = 3;
	return *number == 2 ? 0 : 1;
}

static int
call_pointed(void)
{
	return helped_table.function(1);
}
#else
static int
use_data(void)
{
	return 1;
}

static int
call_pointed(void)
{
	return 1;
}
#endif

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	pthread_t thread;

	(void)puts("started");
	(void)fflush(stdout);
	if (strcmp(what, "look-up") == 0)
		return look_up();
	if (strcmp(what, "guarded") == 0 && pthread_create(&thread, NULL, guard, NULL) == 0)
		(void)pthread_join(thread, NULL);
	if (strcmp(what, "data") == 0)
		return use_data();
	if (strcmp(what, "pointed") == 0)
		return call_pointed();
	if (strcmp(what, "helped_untyped") == 0)
		call_untyped();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(what, names[i]) == 0)
			(void)functions[i](1);
	}
	return 0;
}
