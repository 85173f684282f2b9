/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test includes: cmocka in the order it wants, and a few asserts of our own. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/span.h"

/* A call that must succeed; its error text is the message when it does not. */
#define assert_good(call)                                                                          \
	do {                                                                                       \
		struct err err_ = ERR_INIT;                                                        \
		struct err *err = &err_;                                                           \
		if ((call) < 0)                                                                    \
			fail_msg("%s: %s", #call, err_.text);                                      \
	} while (0)

/* A call that must fail with this kind. */
#define assert_fails(wanted, call)                                                                 \
	do {                                                                                       \
		struct err err_ = ERR_INIT;                                                        \
		struct err *err = &err_;                                                           \
		int r_ = (call);                                                                   \
		if (r_ != -(int)(wanted))                                                          \
			fail_msg("%s: %d, not %s: %s", #call, r_, err_name(wanted), err_.text);    \
		assert_int_equal(err_.kind, (wanted));                                             \
	} while (0)

#define assert_span(actual, text)                                                                  \
	do {                                                                                       \
		struct span span_ = (actual);                                                      \
		if (!span_equal(span_, span_from(text)))                                           \
			fail_msg("\"%.*s\" is not \"%s\"", SPAN_ARG(span_), (text));               \
	} while (0)
