/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/imports.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct span *source, struct span name)
{
	if (name.n && (name.p < source->p || name.p + name.n > source->p + source->n))
		abort();
}

static bool
see_import(void *context, unsigned dots, struct span name, struct span member)
{
	check(context, name);
	check(context, member);
	if (dots == 0 && name.n == 0)
		abort();
	return true;
}

static bool
see_use(void *context, unsigned dots, struct span name)
{
	check(context, name);
	if (dots != 0 || name.n == 0)
		abort();
	return true;
}

static bool
see_require(void *context, unsigned dots, struct span name)
{
	check(context, name);
	if (dots > 1 || name.n == 0)
		abort();
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span source = {(const char *)data, size};

	imports_python(source, see_import, &source);
	imports_perl(source, see_use, &source);
	imports_ruby(source, see_require, &source);
	return 0;
}
