/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in relation fields (component.depends, component.provides) as each ecosystem writes them:
 * dpkg "a (>= 1) | b:any, c" (deb-control(5)), apk "so:libc.so.1 a>1 !c" (apk-package(5)), rpm
 * "libc.so.6(GLIBC_2.34)(64bit)" and "/bin/sh", a line each; and for languages, as their readers
 * leave it, "a b".
 */
#pragma once

#include "base/span.h"

/*
 * Cuts the next clause off *rest (.p NULL behind the last one); one of the names in it is enough.
 * False: no more.
 */
bool relation_clause_next(struct span ecosystem, struct span *rest, struct span *ret);

/*
 * Cuts the next name off *clause, without version, architecture and condition. Empty where it is a
 * conflict, a condition ("(a if b)" of rpm) or nothing. False: no more.
 */
bool relation_name_next(struct span ecosystem, struct span *clause, struct span *ret);
