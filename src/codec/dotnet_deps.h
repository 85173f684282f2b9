/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME.deps.json of .NET (dotnet/sdk, documentation/specs/runtime-configuration-file.md): which
 * libraries an application or a framework is made of, and which files each has. The host starts
 * nothing when a file that it lists is not there.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum dotnet_kind {
	DOTNET_PACKAGE, /* of NuGet */
	DOTNET_RUNTIME, /* the runtime itself, brought along by the application */
	DOTNET_PROJECT, /* the application's own */
	DOTNET_OTHER,
};

struct dotnet_library {
	struct span name; /* of the package: without "runtimepack." in front */
	struct span version;
	enum dotnet_kind kind;
	struct span_list files; /* of the runtime target, as they lie below the document's folder */
};

struct dotnet_deps {
	struct span target; /* ".NETCoreApp,Version=v8.0/linux-x64" */
	struct dotnet_library *libraries;
	size_t count;
};

/* Strings go to `arena`. ERR_INVALID, ERR_LIMIT: DOTNET_LIBRARIES_MAX, DOTNET_ASSETS_MAX. */
int dotnet_deps_read(struct span text, struct arena *arena, struct dotnet_deps *ret,
		     struct err *err);

/* Whether a file below the document's folder stays. */
typedef bool (*dotnet_keeps)(void *context, struct span file);

/*
 * The document without the files that do not stay, in any target, and without the libraries that
 * had files and have none left, nor what depends on those by name. *ret is `text` itself when all
 * stays.
 */
int dotnet_deps_cut(struct span text, dotnet_keeps keeps, void *context, struct arena *arena,
		    struct span *ret, struct err *err);
