/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules that source text asks for. Not a parser of the language: lines that are statements on
 * their own are found, names that are computed are not, and what stands in a text of several lines
 * is left out. Spans point into the source.
 */
#pragma once

#include "base/span.h"

/*
 * `dots`: of a relative import; 0 otherwise. `name`: "a.b" (Python; may be empty after dots),
 * "A::B" or "a/b.pl" (Perl), "a/b" (Ruby). Return false to stop.
 */
typedef bool (*import_visit)(void *context, unsigned dots, struct span name);

/*
 * `import a, b.c as d` gives a and b.c. `from a import b, c` gives a, and with `members` each of
 * them as (a, b), (a, c): they may be modules too. At most IMPORTS_MAX.
 */
typedef bool (*import_member_visit)(void *context, unsigned dots, struct span name,
				    struct span member);
void imports_python(struct span source, import_member_visit visit, void *context);

/*
 * `require "a/b"`, `load "a/b.rb"`, `autoload :A, "a"`; `require_relative "c"` comes with one dot.
 * Up to __END__.
 */
void imports_ruby(struct span source, import_visit visit, void *context);

/* `use A::B ...;`, `no A::B`, `require A::B;`, `require "a/b.pl";`, up to __END__ or __DATA__. */
void imports_perl(struct span source, import_visit visit, void *context);
