/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/entrypoint: the work in progress. */
#pragma once

#include "base/vec.h"
#include "codec/json.h"
#include "codec/script.h"
#include "stage/entrypoint.h"

/* ---- facts.c: a state as a list of texts, to be compared one by one ---- */

struct fact {
	struct span key; /* "argument/0001", "variable/HOME", "content/etc/app.conf" */
	struct span text;
};

struct facts {
	struct fact *items; /* by key */
	size_t count;
};

int facts_make(const struct start_state *state, struct arena *arena, struct facts *ret,
	       struct err *err);
const struct fact *facts_find(const struct facts *facts, struct span key);

/* A text that stands for another one. */
struct swap {
	struct span from;
	struct span to; /* .p NULL: nothing; a fact that is it alone is not there */
};

/*
 * Whether the facts with the swaps made in their texts are the others. *ret_key (may be NULL):
 * the first that is not. Keys in `ignored`, or below one that ends in a slash, are not looked at.
 */
bool facts_same(const struct facts *facts, const struct swap *swaps, size_t swap_count,
		const struct facts *others, const struct span_list *ignored, struct arena *arena,
		struct span *ret_key);

/* .p NULL without memory. */
struct span swap_all(struct span text, const struct swap *swaps, size_t count, struct arena *arena);

/* The one text that in all places makes `facts` of `others`, where `from` stands in them. */
bool facts_solve(const struct facts *facts, struct span from, const struct facts *others,
		 struct span *ret);

/* ---- the work ---- */

struct candidate {
	struct span name;
	struct span value; /* observed; .p NULL: not set */
	bool secret;	   /* it comes from mohs.yaml, and looks like what should stay there */
	bool differs;	   /* it makes a difference */
	bool is_free;
	bool host; /* the host name */
	bool has_fallback;
	struct span fallback;
	bool exports; /* the fallback is the service's variable as well */
	bool empty_is_unset;
	bool plain;	   /* not proven with other characters than a word's */
	struct span probe; /* what stands for it in `shape` */
};

struct compiler {
	const struct entrypoint_input *input;
	struct arena *arena; /* of `start` */
	struct start *start;
	struct span_list arguments; /* the command's, as observed */
	bool alone;		    /* there is no entrypoint: the command is the script */
	struct span executed;	    /* the program, by the name it is to be executed by */
	uint32_t runs;
	bool spent;	      /* no more runs */
	uint64_t patience_ms; /* for a start to come to the program; 0: not known yet */

	struct start_state *zero; /* as the runtime starts it, without the script */
	struct start_state *base;
	struct profile *used; /* by the script; owned */
	struct facts base_facts;
	struct facts shape; /* base with probes for the values of free variables */
	struct script_found found;
	struct span_list scripts; /* texts */
	VEC(struct candidate) candidates;

	/* by variation */
	size_t same_arguments;
	struct span_list then;
	bool options;
	struct span_list lead;
	struct span_list refused;
	bool others; /* another user starts it the same way */
	VEC(struct start_plant)
	owned;			  /* folders whose content gets an owner; themselves too when
				     `content.p` is set */
	VEC(struct span) settled; /* folders whose content makes no other difference */
	VEC(struct span) present;
	VEC(struct span) cleared; /* removed when they are there */

	VEC(struct span) carried;
	VEC(struct gap) left;
	VEC(struct gap) remarks;
};

int compiler_left(struct compiler *compiler, struct span subject, struct err *err,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));
int compiler_remark(struct compiler *compiler, struct span subject, struct err *err,
		    const char *format, ...) __attribute__((format(printf, 4, 5)));
int compiler_carried(struct compiler *compiler, struct err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether so many more runs may be made. */
bool compiler_has_runs(const struct compiler *compiler, uint32_t count);

/* Hints that this run will probably be asked for, and that it will not. */
void compiler_expect(const struct compiler *compiler, struct start_trial *trial);
void compiler_forget(const struct compiler *compiler, struct start_trial *trial);

/* One run; `ret_used` may be NULL. Without an error there is no state when runs are spent. */
int compiler_try(struct compiler *compiler, struct start_trial *trial, struct start_state **ret,
		 struct profile **ret_used, struct err *err);

/* ---- detect.c ---- */

/* Whether the image starts through a shell, and which file that is. */
int detect_shell(struct compiler *compiler, bool *ret, struct err *err);
bool detect_is_shell(const struct image *image, uint32_t entry);

/* Whether a runtime finds the service's program by this name. */
bool detect_names(const struct compiler *compiler, struct span name);

/* ---- observe.c: what the start comes to ---- */

int observe_base(struct compiler *compiler, struct err *err);

/* ---- names.c: what the script may act on ---- */

int names_find(struct compiler *compiler, struct err *err);

/* A variable that shells set by themselves. */
bool names_is_shells(struct span name);

/* ---- vary_*.c: what it does act on ---- */

int vary_arguments(struct compiler *compiler, struct err *err);
int vary_variables(struct compiler *compiler, struct err *err);
int vary_user(struct compiler *compiler, struct err *err);
int vary_data(struct compiler *compiler, struct err *err);

/* ---- guards.c, plan.c, form.c: what is made of that ---- */

int guards_make(struct compiler *compiler, json_t **ret, struct err *err);
int start_plan_make(struct compiler *compiler, struct span_list observed, json_t **ret,
		    struct err *err);
int form_choose(struct compiler *compiler, struct err *err);
