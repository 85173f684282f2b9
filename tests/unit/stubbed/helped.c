/* SPDX-License-Identifier: Apache-2.0 */
#include "helped.h"

int helped_age_1(int value);
int helped_age_2(int value);

int helped_data = 1;
__thread int helped_thread;

int
helped_plain(int value)
{
	return value + helped_data;
}

__asm__(".symver helped_age_1, helped_age@STUBBED_1");
__asm__(".symver helped_age_2, helped_age@@STUBBED_2");

int
helped_age_1(int value)
{
	return value + 1;
}

int
helped_age_2(int value)
{
	return value + 2;
}

__attribute__((weak)) int
helped_weak(int value)
{
	return value + helped_thread;
}

static int
chosen(int value)
{
	return value - 1;
}

static int (*choose(void))(int)
{
	return chosen;
}

const struct helped_table helped_table = {"helped", &helped_data, helped_plain, chosen};

int helped_chosen(int value) __attribute__((ifunc("choose")));

/* A symbol without a type, as hand-written assembly has them. */
__asm__(".pushsection .text.untyped, \"ax\"\n"
	".balign 4096\n"
	".globl helped_untyped\n"
	"helped_untyped: ret\n"
	".balign 4096\n"
	".popsection\n");
