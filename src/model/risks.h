/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removed paths that something kept can still ask for although no run did, each with the reason:
 * a static net below what was observed. docs/confidence.md. Const once built.
 */
#pragma once

#include "model/image.h"

enum risk_kind {
	RISK_LIBRARY, /* its name is in the text of a kept program or library */
	RISK_SIBLING, /* a file of the same kind and folder was used: plug-ins */
	RISK_PYTHON,  /* a kept Python file imports it */
	RISK_PERL,    /* a kept Perl file uses it */
	RISK_RUBY,    /* a kept Ruby file requires it */
	RISK_NSS,     /* nsswitch.conf names it for what a kept program looks up */
	RISK_GCONV,   /* a folder of character sets; a kept program converts between such */
	RISK_LOCALE,  /* a folder of locales; a kept program sets one */
	RISK_TEXTS,   /* a folder of translations; a kept program asks for such */
	RISK_KINDS,
};

const char *risk_name(enum risk_kind kind); /* "library" */
const char *risk_text(enum risk_kind kind); /* a phrase for people, before "via" */

struct risk {
	uint32_t entry; /* a removed file or link, or a folder with removed files below */
	uint32_t via;	/* the kept entry that can ask for it */
	enum risk_kind kind;
	uint32_t files; /* removed files: 1, or those below the folder */
};

struct risks {
	struct arena *arena;
	struct risk *items; /* by entry; at most RISKS_MAX */
	size_t count;
	uint32_t found;	      /* all there are, listed or not */
	struct gap_list gaps; /* kept files that could not be searched */
};

void risks_free(struct risks *risks);
void risks_cleanup(struct risks **risks);

/* The risk that covers an entry: its own, or that of a folder above. NULL: none. */
const struct risk *risks_find(const struct risks *risks, const struct image *image, uint32_t entry);
