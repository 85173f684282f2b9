/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/risks: the work in progress, and what the rules share. */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "stage/risks.h"

/* Entries by a name that is looked for: several may have the same. */
struct names {
	struct map *first; /* to the entry */
	uint32_t *next;	   /* per entry: another of the same name, or IMAGE_NONE */
};

/* What programs ask the C library for; found by their imports. */
enum facility {
	FACILITY_CHARSETS,
	FACILITY_LOCALES,
	FACILITY_TEXTS,
	FACILITY_PASSWD,
	FACILITY_GROUP,
	FACILITY_SHADOW,
	FACILITY_HOSTS,
	FACILITY_SERVICES,
	FACILITY_PROTOCOLS,
	FACILITY_NETWORKS,
	FACILITY_RPC,
	FACILITY_ETHERS,
	FACILITY_NETGROUP,
	FACILITY_ALIASES,
	FACILITIES,
};

struct hunter {
	const struct image *image;
	const struct contents *contents;
	const struct profile *profile;
	const struct plan *plan;
	struct arena *arena;	   /* of the result */
	struct risk *marks;	   /* per entry; `files` is 0: none */
	bool *has_init;		   /* per folder: an __init__.py is in it */
	struct names libraries;	   /* by file name */
	struct names python;	   /* "a/b" for a.b */
	struct names perl;	   /* "A/B.pm" */
	struct names ruby;	   /* "a/b" */
	uint32_t asks[FACILITIES]; /* the first kept file that does, or IMAGE_NONE */
	struct map *imports;	   /* function -> facilities, as bits */
	VEC(struct gap) gaps;
	char *buffer;
	size_t capacity;
	uint64_t bytes; /* read so far */
	bool exhausted; /* RISKS_BYTES_MAX: told once */
	uint64_t steps; /* RISKS_STEPS_MAX: likewise */
};

/* index.c */
int index_make(struct hunter *hunter, struct err *err);
void index_free(struct hunter *hunter);

/* Of a Python file: its path below the folder that is on sys.path, "a/b/__init__.py". */
struct span index_python_path(const struct hunter *hunter, uint32_t entry);
/* Of a Ruby file: its path below the folder that is on $LOAD_PATH; empty when it is below none. */
struct span index_ruby_path(const struct hunter *hunter, uint32_t entry);

bool index_is_below_python(const struct hunter *hunter, uint32_t entry);

/* Marks every removed entry of that name, unless a kept one has it too. */
void index_mark(struct hunter *hunter, const struct names *names, struct span name,
		enum risk_kind kind, uint32_t via);

/* hunter.c: an entry once, if it is removed (or is a folder). */
void hunter_mark(struct hunter *hunter, uint32_t entry, enum risk_kind kind, uint32_t via);

/* search.c: what the content of kept files asks for. */
int search_kept(struct hunter *hunter, struct err *err);

/* folders.c: plug-ins, name services, character sets, locales. */
int folders_look(struct hunter *hunter, struct err *err);
