/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/shells: what shells are called, and what gives one away under any name. */
#pragma once

#include "base/vec.h"
#include "model/shells.h"
#include "port/contents.h"

/* ---- names.c ---- */

struct shell_name {
	struct span name; /* without version or "-static" at the end */
	enum shell_kind kind;
	bool program_only; /* a word too common for scripts: only an ELF program counts */
};

/* By the last component of a path; NULL when it is no such name. */
const struct shell_name *shell_name_find(struct span name);

/* ---- marks.c: texts in the file ---- */

enum mark_group {
	MARKS_NONE,
	MARKS_MULTICALL, /* calls itself busybox or toybox */
	MARKS_APPLETS,	 /* a shell among its applets */
	MARKS_BASH,
	MARKS_ASH,
	MARKS_ZSH,
	MARKS_KSH,
	MARKS_KSH93,
	MARKS_CSH,
	MARKS_FISH,
	MARKS_YASH,
	MARKS_RC,
	MARKS_SASH,
	MARKS_ELVISH,
	MARKS_NUSHELL,
	MARKS_XONSH,
	MARKS_WORDS,   /* names of builtins every POSIX shell has */
	MARKS_PHRASES, /* what every POSIX shell says */
	MARKS_PYTHON,
	MARKS_PERL,
	MARKS_RUBY,
	MARKS_LUA,
	MARKS_NODE,
	MARKS_PHP,
	MARKS_TCL,
	MARKS_GUILE,
	MARKS_SQLITE,
	MARKS_GDB,
	MARKS_PACKED, /* a packer's header: the content cannot be judged */
	MARK_GROUPS,
};

struct mark {
	enum mark_group group;
	bool word; /* the byte before must be no letter, and a NUL stands behind it */
	struct span text;
};

extern const struct mark shell_marks[];
extern const size_t shell_mark_count;

/* What a file is when it holds so many marks of one group, and of a second one. */
struct signature {
	struct span what;
	enum shell_kind kind;
	enum mark_group group;
	uint8_t needed;
	enum mark_group also;
	uint8_t also_needed;
};

/* ---- scan.c: all marks in one pass ---- */

struct scanner;
struct scanner *scanner_new(void);
void scanner_free(struct scanner *scanner);

/* How many different marks of each group a file holds. */
struct scan {
	uint8_t counts[MARK_GROUPS];
};

void scanner_run(const struct scanner *scanner, struct span file, struct scan *ret);

/* The first signature that fits; NULL when none does. */
const struct signature *signature_find(const struct scan *scan);

/* Packed programs hide what they are. */
bool scan_is_packed(const struct scan *scan);
