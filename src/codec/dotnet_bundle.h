/* SPDX-License-Identifier: Apache-2.0 */
/*
 * .NET applications in one file (dotnet/designs, single-file/bundler.md): behind the program stand
 * the files it brings, and a header that says where the deps.json among them is. The place of the
 * header stands in the program's data, in front of a mark.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/*
 * The bytes of the deps.json, in the file. ERR_NOT_FOUND: an ELF file that is none; ERR_INVALID: no
 * ELF file, or its header lies or is of before version 2 (.NET 5); ERR_LIMIT, ERR_MEMORY.
 */
int dotnet_bundle_deps(struct span file, struct arena *arena, struct span *ret, struct err *err);
