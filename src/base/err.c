/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int exit_code;
} kinds[ERR_KINDS] = {
	[ERR_NONE] = {"none", 0},
	[ERR_USAGE] = {"usage", 2},
	[ERR_INVALID] = {"invalid", 3},
	[ERR_LIMIT] = {"limit", 3},
	[ERR_DIGEST] = {"digest", 3},
	[ERR_NOT_FOUND] = {"not-found", 3},
	[ERR_UNSUPPORTED] = {"unsupported", 3},
	[ERR_MISMATCH] = {"mismatch", 3},
	[ERR_IO] = {"io", 3},
	[ERR_NETWORK] = {"network", 3},
	[ERR_AUTH] = {"auth", 3},
	[ERR_CHILD] = {"child", 3},
	[ERR_TIMEOUT] = {"timeout", 3},
	[ERR_CANCELLED] = {"cancelled", 3},
	[ERR_MEMORY] = {"memory", 3},
};

__attribute__((format(printf, 2, 0))) static void
format_text(struct err *err, const char *format, va_list args)
{
	if (vsnprintf(err->text, sizeof(err->text), format, args) < 0)
		err->text[0] = '\0';
}

int
err_record(struct err *err, enum err_kind kind, const char *format, ...)
{
	va_list args;

	err->kind = kind;
	err->sys = 0;
	va_start(args, format);
	format_text(err, format, args);
	va_end(args);
	return -(int)kind;
}

int
err_record_sys(struct err *err, enum err_kind kind, int error, const char *format, ...)
{
	va_list args;
	char reason[64];

	err->kind = kind;
	err->sys = error;
	va_start(args, format);
	format_text(err, format, args);
	va_end(args);

	const char *text = strerror_r(error, reason, sizeof(reason));
	size_t used = strlen(err->text);
	(void)snprintf(err->text + used, sizeof(err->text) - used, ": %s", text);
	return -(int)kind;
}

int
err_prepend(struct err *err, const char *format, ...)
{
	va_list args;
	struct err outer = *err;

	va_start(args, format);
	format_text(&outer, format, args);
	va_end(args);

	size_t used = strlen(outer.text);
	(void)snprintf(outer.text + used, sizeof(outer.text) - used, ": %s", err->text);
	*err = outer;
	return -(int)err->kind;
}

void
err_append(struct err *err, const char *format, ...)
{
	size_t used = strlen(err->text);
	va_list args;

	va_start(args, format);
	if (vsnprintf(err->text + used, sizeof(err->text) - used, format, args) < 0)
		err->text[used] = '\0';
	va_end(args);
}

int
err_exit_code(enum err_kind kind)
{
	return kind < ERR_KINDS ? kinds[kind].exit_code : 3;
}

const char *
err_name(enum err_kind kind)
{
	return kind < ERR_KINDS ? kinds[kind].name : "unknown";
}
