/* SPDX-License-Identifier: Apache-2.0 */
/* As another user than root. */
#include "stage/entrypoint/compiler.h"

int
vary_user(struct compiler *compiler, struct err *err)
{
	struct span ignored_items[] = {SPAN("user"),	SPAN("groups"),	  SPAN("capabilities/"),
				       SPAN("change/"), SPAN("content/"), SPAN("variable/HOME")};
	const struct span_list ignored = {ignored_items, 6};
	struct start_trial trial = {.user = SPAN("12345:12345")};
	struct start_state *state = NULL;
	struct facts facts = {0};

	if (compiler->zero->uid != 0)
		return 0;
	int r = compiler_try(compiler, &trial, &state, NULL, err);
	if (r < 0 || !state || !state->reached || state->uid != 12345 || state->change_count)
		return r;
	r = facts_make(state, compiler->arena, &facts, err);
	if (r == 0)
		compiler->others = facts_same(&compiler->base_facts, NULL, 0, &facts, &ignored,
					      compiler->arena, NULL);
	return r;
}
