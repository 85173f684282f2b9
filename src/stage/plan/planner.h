/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/plan: the work in progress, and what the rules share. */
#pragma once

#include "base/vec.h"
#include "codec/elf.h"
#include "stage/plan.h"

/* What a file's content is, as far as running it goes. */
enum file_kind {
	KIND_UNREAD, /* not looked at yet */
	KIND_ELF,
	KIND_SCRIPT, /* starts with #! */
	KIND_CODE,   /* bytecode, a module of an interpreter, an archive of such */
	KIND_DATA,
	KIND_UNREADABLE, /* counts as code */
};

enum {
	MARK_DROPPED = 1, /* harden.drop names it or a folder above it */
	MARK_ACTIVE = 2,  /* its content counts (it was read, or is needed), not only its name */
	MARK_DONE = 4,	  /* the rules on content have seen it */
	MARK_QUEUED = 8,
	MARK_LISTED = 16, /* its being read says nothing: whoever reads it reads all of its kind */
	MARK_WHOLE = 32,  /* something asks for it that is neither its use nor a need for it */
};

struct loader;
struct stub;

struct planner {
	const struct image *image;
	const struct contents *contents;
	const struct inventory *inventory;
	const struct profile *profile;
	const struct service *service;
	struct plan *plan;
	struct arena *arena; /* the plan's own */
	uint8_t *marks;	     /* per entry */
	uint8_t *use;	     /* per entry: enum profile_use */
	uint8_t *kinds;	     /* per entry: enum file_kind */
	bool *licences_read; /* per entry */
	struct map *copies;  /* digest of kept code nobody owns -> entry */
	struct loader *loader;
	struct stub **stubs; /* per entry; NULL: not tried. Of the arena; NULL as a whole: none */
	VEC(uint32_t) queue;
	VEC(struct gap) gaps;
	VEC(struct plan_rewrite) rewrites;
	VEC(struct plan_library) libraries; /* as stub_mark() left it */
	struct map *gap_keys;		    /* so that the same gap is told once */
	bool names_used;		    /* something kept asks for users, groups or hosts */
	bool tls_loaded;		    /* a TLS library is kept */
	bool did_certificates;
	bool did_zones;
	bool did_names;
};

struct planner *planner_new(const struct image *image, const struct contents *contents,
			    const struct inventory *inventory, const struct profile *profile,
			    const struct service *service, struct err *err);
void planner_free(struct planner *planner);
void planner_cleanup(struct planner **planner);

/* Adds a gap; the same subject and text only once. */
int planner_gap(struct planner *planner, struct span subject, struct err *err, const char *format,
		...) __attribute__((format(printf, 4, 5)));

/* Keeps one entry; nothing when it is IMAGE_NONE, kept already or dropped. */
int planner_keep(struct planner *planner, uint32_t entry, enum plan_reason reason, uint32_t via,
		 struct err *err);

/*
 * Keeps what `path` leads to inside the image, and each symbolic link on the way. *ret_entry
 * (may be NULL): the entry it ends at, or IMAGE_NONE, in which case nothing was kept.
 */
int planner_keep_way(struct planner *planner, struct span path, enum plan_reason reason,
		     uint32_t via, uint32_t *ret_entry, struct err *err);

/* An entry and, when it is a directory, all below it. */
int planner_keep_tree(struct planner *planner, uint32_t top, enum plan_reason reason, uint32_t via,
		      struct err *err);

/* With its content: what is hollow is not kept. */
bool planner_keeps(const struct planner *planner, uint32_t entry);

/* Folders, and links to folders (those of a merged /usr are listed by many), are shared. */
bool planner_is_folder(const struct planner *planner, uint32_t entry);

/* The kind of a file; what is no regular file is KIND_DATA. Adds a gap when it cannot be read. */
int planner_kind(struct planner *planner, uint32_t entry, enum file_kind *ret, struct err *err);

/* Whether a file of this name is a module of an interpreter or an archive of such. */
bool kind_is_module(struct span name);

static inline bool
kind_is_code(enum file_kind kind)
{
	return kind != KIND_DATA;
}

/* The first bytes of a file, *ret_n < n only at its end. */
int planner_head(struct planner *planner, uint32_t entry, char *p, size_t n, size_t *ret_n,
		 struct err *err);

/* Looks a program up as execvp would with the image's PATH; IMAGE_NONE when there is none. */
uint32_t planner_find_program(const struct planner *planner, struct span name);

/* Keeps the program with the links on its way. */
int planner_keep_program(struct planner *planner, struct span name, enum plan_reason reason,
			 uint32_t via, uint32_t *ret_entry, struct err *err);

/* The working directory of the config, "/" when it states none. */
struct span planner_directory(const struct planner *planner);

/* Joins with one slash, into the plan's arena; .p NULL without memory. */
struct span planner_join(struct planner *planner, struct span directory, struct span name);

/* closure.c: runs the rules until nothing new is kept. */
int closure_run(struct planner *planner, struct err *err);

/* seed.c: what keeps a path by itself. */
int seed_commands(struct planner *planner, struct err *err);
int seed_used(struct planner *planner, struct err *err);
int seed_extended(struct planner *planner, struct err *err);
int seed_declared(struct planner *planner, struct err *err);
int seed_config(struct planner *planner, struct err *err);
int seed_standard(struct planner *planner, struct err *err);
int seed_drop(struct planner *planner, struct err *err);

/* data.c: certificates, time zones: data whose reader was seen. */
int data_keep(struct planner *planner, struct err *err);

/* loader.c: the dynamic loader as it would work inside the image. */
int loader_new(struct planner *planner, struct loader **ret, struct err *err);
int loader_apply(struct planner *planner, uint32_t entry, struct err *err);

/* LD_PRELOAD and /etc/ld.so.preload. */
int loader_preload(struct planner *planner, struct err *err);

/* What no kept file answers to: a gap each. Once, at the end. */
int loader_report(struct planner *planner, struct err *err);

/* Finds NAME as needed by no one in particular: configured and default folders. */
uint32_t loader_find(struct planner *planner, struct span name, struct err *err);
void loader_free(struct loader *loader);
/* package.c: granularity package. */
int package_keep_whole(struct planner *planner, struct err *err);
/* hollow.c: which kept files are no more than their name, as things stand; and their content. */
int hollow_mark(struct planner *planner, struct err *err);
int hollow_rewrite(struct planner *planner, struct err *err);
/* stub.c: which kept libraries are no more than stubs, as things stand; the stubs, and why the
 * others are none. */
int stub_mark(struct planner *planner, struct err *err);
int stub_rewrite(struct planner *planner, struct err *err);
/* copies.c: kept code under other names than the package's; once, before fates are decided. */
int copies_find(struct planner *planner, struct err *err);
uint32_t copies_of(const struct planner *planner, const struct component_file *file);

/* fate.c */
int fate_decide(struct planner *planner, struct err *err);
int fate_list_orphans(struct planner *planner, struct err *err);
/* licence.c: licence texts of what stays on record. */
int licence_keep(struct planner *planner, struct err *err);
/* language.c: records of languages' packages. */
int language_mark(struct planner *planner, struct err *err);
/* Whether the file it is recorded in records nothing else, and it is there as long as that is. */
bool language_is_own(const struct component *component);
int language_keep(struct planner *planner, struct err *err);
/* The lists of files beside a record. */
int language_keep_lists(struct planner *planner, const struct component *component, uint32_t via,
			struct err *err);
int language_rewrite(struct planner *planner, struct err *err);
/* record.c: package database files of what stays, and their new contents. */
int record_keep(struct planner *planner, struct err *err);
int record_rewrite(struct planner *planner, struct err *err);

/* guard.c */
int guard_inputs(const struct planner *planner, bool force, struct err *err);
int guard_force(struct planner *planner, struct err *err);
int guard_result(struct planner *planner, struct err *err);
