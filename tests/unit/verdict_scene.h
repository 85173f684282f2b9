/* SPDX-License-Identifier: Apache-2.0 */
/* What a verdict is about, and what becomes of it when one thing is otherwise. */
#pragma once

#include "model/service.h"
#include "stage/verdict.h"

enum { DAY = 86400, NOW = 1000 * DAY };

/* Everything a verdict may be about, in a state where all that can pass does. */
struct verdict_scene {
	struct policy *policy;
	struct service service;
	struct findings before;
	struct findings after;
	struct finding items[4];
	struct inventory remaining;
	struct component components[2];
	struct profile profile;
	struct profile_phase phases[2];
	struct suite suite;
	struct suite_case cases[2];
	struct profile run;
	struct extension extension;
	struct extension_wanted wanted[5];
	struct built built;
	struct shells shells;
	struct shell shell[2];
	struct gap gap;
	struct waiver waivers[3];
	struct proof proof;
	struct proof_document documents[4];
	struct span key;
	struct span stored;
	struct verdict_input input;
};

/* So many findings, all of them high, of a matching that was done. */
void verdict_counts(struct findings *findings, uint32_t total, uint32_t distinct);

int verdict_scene_set_up(void **state);
int verdict_scene_tear_down(void **state);

/* One change to the scene and what the row of one check must say then. */
struct verdict_turn {
	const char *name;
	void (*change)(struct verdict_scene *scene); /* NULL: none */
	enum check check;
	enum check_state state;
	const char *measured; /* parts of the texts, or NULL */
	const char *detail;
};

/* Each in a scene of its own; the verdict as a whole must go by its rows. */
void verdict_turns(const struct verdict_turn *turns, size_t count);
