/* SPDX-License-Identifier: Apache-2.0 */
/* Every path of an image with keep or remove, and why. Const once built. */
#pragma once

#include "model/findings.h"
#include "model/profile.h"

/* Why a path stays; the first that applied is kept. */
enum plan_reason {
	REASON_NONE,	 /* removed: nothing asked for it */
	REASON_DROPPED,	 /* removed: harden.drop names it */
	REASON_USED,	 /* used while profiling */
	REASON_EXTENDED, /* the hardened image asked for it in vain */
	REASON_COMMAND,	 /* a command of the table runs it, or it leads to that table */
	REASON_DECLARED, /* harden.keep names it */
	REASON_CONFIG, /* the image config names it (entrypoint, workdir, volume, user database) */
	REASON_NEEDED, /* a kept ELF file needs this library */
	REASON_INTERPRETER, /* ELF or #! interpreter of a kept file */
	REASON_LINK,	    /* symbolic link on the way to a kept path */
	REASON_TARGET,	    /* target of a kept symbolic link */
	REASON_PARENT,	    /* directory above a kept path */
	REASON_NSS,	    /* name service module named in nsswitch.conf */
	REASON_LOADER,	    /* dynamic loader's configuration and cache */
	REASON_DATA,	    /* certificates, time zones, character sets: their loader was seen */
	REASON_PACKAGE, /* granularity package: its package was used, or a used one depends on it */
	REASON_LICENCE, /* licence text of a package that stays */
	REASON_METADATA, /* package database of what stays, os-release */
	REASON_STANDARD, /* what every container is expected to have: /tmp, /dev, /proc, /etc/passwd
			  */
	REASONS,
};

const char *plan_reason_name(enum plan_reason reason); /* "used" */
const char *plan_reason_text(enum plan_reason reason); /* a phrase for people */

/* What a kept file has in the place of code that was not used. All are among plan.rewrites. */
enum plan_content {
	CONTENT_WHOLE,	/* nothing: its own */
	CONTENT_HOLLOW, /* as many zero bytes: only its name was looked up */
	CONTENT_STUB,	/* a library without code: it was loaded, and none of it ran */
	CONTENT_DATA,	/* likewise, with its data: what stays takes some of that */
};

const char *plan_content_name(enum plan_content content); /* "hollow" */
const char *plan_content_text(enum plan_content content); /* a phrase for people; "" if whole */

/* Why a library is no stub, where stubs are asked for. */
enum plan_whole {
	WHOLE_RAN,	  /* its code ran, or may have */
	WHOLE_CALLED,	  /* the hardened image called it */
	WHOLE_LENDS,	  /* what is loaded as it is takes data from it that a stub cannot have */
	WHOLE_IMPOSSIBLE, /* no stub can stand in for it */
	WHOLE_ASKED,	  /* something asks for it that is neither its use nor a need for it */
	WHOLE_OPENED,	  /* nothing lists it as needed */
	WHOLE_UNREAD,	  /* it was not loaded while profiling */
	WHOLE_C_LIBRARY,
	WHOLE_FAILURES, /* it is for the day on which something fails */
	WHOLE_LINKED,	/* hard links */
	WHOLE_NAMELESS,
	WHOLE_UNWATCHED, /* the profile does not tell which code ran */
	WHOLES
};

const char *plan_whole_name(enum plan_whole why);
const char *plan_whole_text(enum plan_whole why);

struct plan_entry {
	bool keep;
	enum plan_content content;
	enum plan_reason reason;
	uint32_t via; /* image entry that brought it in (the ELF file, the link), or IMAGE_NONE */
};

/* A library that is a stub, by the name under which it tells that it was called. */
struct plan_stub {
	uint32_t entry;
	struct span soname;
};

struct plan_library { /* kept as it is, where stubs are asked for */
	uint32_t entry;
	enum plan_whole why;
	struct span detail; /* "it has 2 constructors"; empty: no more is known */
};

/* New content for a kept path: a rewritten package database, zeros, a stub. */
struct plan_rewrite {
	uint32_t entry;
	struct span content;
};

enum component_fate {
	FATE_KEPT,    /* code of it is left, or may be: stays on record */
	FATE_REMOVED, /* nothing of it is left */
	FATE_DATA,    /* only data is left: off the record, the data listed with its origin */
};

const char *component_fate_name(enum component_fate fate); /* "kept" */

struct plan_component {
	enum component_fate fate;
	uint32_t files_kept; /* of those it owns (directories and links to them not counted) */
	uint32_t files_total;
	uint32_t because; /* image entry of the first code file that keeps it on record, or
			     IMAGE_NONE */
};

/* A kept data file of a component that went off the record: listed in the evidence. */
struct plan_orphan {
	uint32_t entry;	    /* in image.entries */
	uint32_t component; /* in inventory.components: where it came from */
};

enum plan_granularity { GRANULARITY_FILE, GRANULARITY_PACKAGE };

struct plan {
	struct arena *arena;
	enum plan_granularity granularity;
	const struct commands *commands; /* with a table in the shells' place; NULL: none */
	const struct start *start;	 /* in the place of the config's; NULL: none */
	struct plan_entry *entries;	 /* one per image entry, same order */
	size_t entry_count;
	struct plan_component *components; /* one per inventory component, same order */
	size_t component_count;
	struct plan_rewrite *rewrites; /* by entry; each of them is kept */
	size_t rewrite_count;
	struct plan_stub *stubs; /* by entry */
	size_t stub_count;
	struct plan_library *libraries; /* by entry; none where stubs are not asked for */
	size_t library_count;
	struct plan_orphan *orphans; /* by component, then as the component lists its files */
	size_t orphan_count;
	uint32_t kept;	     /* entries, those without their content as well */
	uint32_t hollow;     /* entries */
	uint64_t kept_bytes; /* content, hard links once */
	uint64_t total_bytes;
	struct gap_list gaps;
};

/* Whether the path stays with its content. */
static inline bool
plan_has(const struct plan *plan, uint32_t entry)
{
	return plan->entries[entry].keep && plan->entries[entry].content == CONTENT_WHOLE;
}

/* NULL: it is a stub, or no library, or none were asked for. */
const struct plan_library *plan_find_library(const struct plan *plan, uint32_t entry);
void plan_free(struct plan *plan);
void plan_cleanup(struct plan **plan);
