/* SPDX-License-Identifier: Apache-2.0 */
/* The launcher's plan, and what it decides by it. */
#include "launcher/decide.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 4 * 1024 * 1024 };

static struct text arguments[] = {{"app", 3}, {"--port=1", 8}};
static struct text environment[] = {{"PORT=80", 7}, {"EMPTY=", 6}, {"odd", 3}};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char room[ROOM];
	struct region region = {room, sizeof(room), 0};
	struct refusal refusal = {.n = 0};
	struct decision decision;
	struct plan plan;

	if (!plan_read((struct text){(const char *)data, size}, &region, &plan))
		return 0;
	struct situation situation = {
		.arguments = {arguments, 2},
		.environment = {environment, 3},
		.host = {"box", 3},
		.user = plan.from,
	};
	if (!decide(&plan, &situation, &region, &decision, &refusal)) {
		if (refusal.n == 0)
			abort();
		return 0;
	}
	for (size_t i = 0; i < plan.effect_count; i++)
		(void)pattern_fill(&plan.effects[i].content, &decision, &region);
	if (!decision.argv || !decision.environment)
		abort();
	return 0;
}
