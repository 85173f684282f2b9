/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The start plan (/.mohs/start.json): how a container starts, and under which circumstances.
 * docs/entrypoint.md has the document; everything here points into the region it was read to.
 */
#pragma once

#include "launcher/tree.h"

enum { PLAN_VERSION = 1, PLAN_LIMITS = 16 };

/* Text with values in it. */
struct part {
	bool is_variable;
	struct text text; /* the name of the variable, or the text itself */
};

struct pattern {
	struct part *parts;
	size_t count;
};

/* A variable the start depends on. */
struct variable {
	struct text name;
	bool is_set; /* at the observation */
	struct text value;
	bool has_digest; /* instead of the value, which is a secret */
	uint8_t digest[32];
	bool is_free;	   /* any value will do: it is put where the patterns name it */
	bool has_fallback; /* what a free one is when it is not set */
	struct text fallback;
	bool empty_is_unset;
	bool is_plain; /* only letters, digits and `._:/-` were proven */
	bool is_host;  /* the value is the host name's */
};

struct setting {
	struct text name;
	struct pattern value;
	bool own; /* not for another user than the observed one */
};

struct arguments {
	struct texts observed;
	size_t same; /* so many first ones must be as observed, any may follow; 0: all of them */
	struct pattern *then; /* what stands before those that follow */
	size_t then_count;
	bool options; /* a first one that starts with `-` goes behind `lead` */
	struct pattern *lead;
	size_t lead_count;
	struct texts refused; /* the script acts on these */
};

struct identity {
	uint32_t uid;
	uint32_t gid;
};

struct same_file {
	struct text path;
	uint8_t digest[32];
};

struct listing {
	struct text path;
	struct texts names;
};

struct guards {
	struct texts missing;	/* must not be there */
	struct texts present;	/* must be there */
	struct same_file *same; /* must not be there, or have this content */
	size_t same_count;
	struct listing *listed; /* must not be there, or hold these names at most */
	size_t listed_count;
};

enum effect_kind {
	EFFECT_DIRECTORY,
	EFFECT_FILE,
	EFFECT_LINK,
	EFFECT_FIFO,
	EFFECT_ATTRIBUTES, /* of something that is there */
	EFFECT_REMOVE,
	EFFECT_OWN, /* everything below */
	EFFECT_KINDS,
};

enum { PLAN_UNCHANGED = UINT32_MAX };

struct effect {
	enum effect_kind kind;
	struct text path;
	uint32_t mode;
	uint32_t uid; /* PLAN_UNCHANGED: as it is */
	uint32_t gid;
	bool on_existing; /* owner and mode also of one that is there already; EFFECT_OWN: itself
			     too */
	struct pattern content;
	struct text target;
	bool has_before; /* it replaces a file of this content */
	uint8_t before[32];
};

struct limit {
	uint32_t resource;
	uint64_t soft;
	uint64_t hard;
};

struct plan {
	struct text program;
	struct pattern *argv;
	size_t argv_count;
	struct arguments arguments;
	struct variable *variables;
	size_t variable_count;
	struct texts prefixes; /* no variable of such a name but those observed */
	struct setting *set;
	size_t set_count;
	struct texts unset;
	struct identity from;
	bool others; /* another user starts the same, and changes nothing */
	bool becomes;
	struct identity to;
	uint32_t *groups;
	size_t group_count;
	struct text directory;
	uint32_t umask;
	bool no_new_privileges;
	struct limit *limits;
	size_t limit_count;
	struct guards guards;
	struct effect *effects;
	size_t effect_count;
};

/* False when it is no plan of this version. */
bool plan_read(struct text document, struct region *region, struct plan *ret);
