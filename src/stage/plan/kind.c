/* SPDX-License-Identifier: Apache-2.0 */
/* What can run or be loaded: by content where a few bytes tell, else by suffix or mode. */
#include "stage/plan/planner.h"

struct magic {
	struct span bytes;
	enum file_kind kind;
};

static const struct magic magics[] = {
	{SPAN_INIT("\177ELF"), KIND_ELF},
	{SPAN_INIT("#!"), KIND_SCRIPT},
	{SPAN_INIT("!<arch>\n"), KIND_CODE}, /* ar: static libraries */
	{SPAN_INIT("!<thin>\n"), KIND_CODE},
	{SPAN_INIT("\xca\xfe\xba\xbe"), KIND_CODE}, /* Java class */
	{SPAN_INIT("\0asm"), KIND_CODE},	    /* WebAssembly */
	{SPAN_INIT("FOR1"), KIND_CODE},		    /* BEAM */
	{SPAN_INIT("\033Lua"), KIND_CODE},
	{SPAN_INIT("BC\xc0\xde"), KIND_CODE}, /* LLVM bitcode */
	{SPAN_INIT("MZ"), KIND_CODE},	      /* PE: .NET assemblies */
	{SPAN_INIT("PK\003\004"), KIND_CODE}, /* zip: may hold modules */
};

/* Modules of interpreters, bytecode and archives that hold them. */
static const struct span suffixes[] = {
	SPAN_INIT(".a"),    SPAN_INIT(".awk"),	 SPAN_INIT(".bash"),  SPAN_INIT(".beam"),
	SPAN_INIT(".cjs"),  SPAN_INIT(".class"), SPAN_INIT(".dll"),   SPAN_INIT(".ear"),
	SPAN_INIT(".egg"),  SPAN_INIT(".el"),	 SPAN_INIT(".elc"),   SPAN_INIT(".exe"),
	SPAN_INIT(".ez"),   SPAN_INIT(".gem"),	 SPAN_INIT(".go"),    SPAN_INIT(".inc"),
	SPAN_INIT(".jar"),  SPAN_INIT(".jl"),	 SPAN_INIT(".js"),    SPAN_INIT(".ko"),
	SPAN_INIT(".lua"),  SPAN_INIT(".mjs"),	 SPAN_INIT(".node"),  SPAN_INIT(".o"),
	SPAN_INIT(".phar"), SPAN_INIT(".php"),	 SPAN_INIT(".phtml"), SPAN_INIT(".pl"),
	SPAN_INIT(".pm"),   SPAN_INIT(".pth"),	 SPAN_INIT(".py"),    SPAN_INIT(".pyc"),
	SPAN_INIT(".pyo"),  SPAN_INIT(".pyz"),	 SPAN_INIT(".rake"),  SPAN_INIT(".rb"),
	SPAN_INIT(".ru"),   SPAN_INIT(".scm"),	 SPAN_INIT(".sh"),    SPAN_INIT(".so"),
	SPAN_INIT(".tcl"),  SPAN_INIT(".war"),	 SPAN_INIT(".wasm"),  SPAN_INIT(".whl"),
	SPAN_INIT(".zip"),
};

bool
kind_is_module(struct span name)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (span_ends_with(name, suffixes[i]))
			return true;
	}
	return false;
}

static enum file_kind
tell(const struct image_entry *inode, struct span name, struct span head)
{
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		if (span_starts_with(head, magics[i].bytes))
			return magics[i].kind;
	}
	if (kind_is_module(name))
		return KIND_CODE;
	/* A text without #! that may be executed is a script to execvp and to every shell. */
	return (inode->mode & 0111) && head.n ? KIND_CODE : KIND_DATA;
}

int
planner_kind(struct planner *planner, uint32_t entry, enum file_kind *ret, struct err *err)
{
	const struct image_entry *e = &planner->image->entries[entry];
	struct err problem = ERR_INIT;
	char head[8];
	size_t n = 0;

	if (planner->kinds[entry] == KIND_UNREAD && e->type != IMAGE_FILE) {
		planner->kinds[entry] = KIND_DATA;
	} else if (planner->kinds[entry] == KIND_UNREAD &&
		   planner_head(planner, entry, head, sizeof(head), &n, &problem) < 0) {
		planner->kinds[entry] = KIND_UNREADABLE;
		int r = planner_gap(planner, e->path, err,
				    "its content could not be read (%s): it counts as code",
				    problem.text);
		if (r < 0)
			return r;
	} else if (planner->kinds[entry] == KIND_UNREAD) {
		planner->kinds[entry] = (uint8_t)tell(image_inode(planner->image, entry),
						      image_name(e), (struct span){head, n});
	}
	*ret = (enum file_kind)planner->kinds[entry];
	return 0;
}
