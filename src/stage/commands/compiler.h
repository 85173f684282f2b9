/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/commands: the work in progress. */
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "codec/command_table.h"
#include "codec/shell_log.h"
#include "stage/commands.h"

/* One command line as it was seen, the host's name marked in it. */
struct observed {
	struct table_line table;
	struct span from;
	uint32_t runs;
	bool merged; /* a pattern stands for it */
};

struct compiler {
	const struct image *image;
	struct span host;
	struct arena *arena; /* the result's own */
	struct commands *commands;
	struct map *known; /* line -> index in `lines` */
	VEC(struct observed) lines;
	VEC(struct span_list) inputs;
	VEC(struct gap) left;
	VEC(struct span) shells;
};

/* A reason why the shell stays; the same one only once. */
int left_add(struct compiler *compiler, struct span subject, const char *text, struct err *err);

/* collect.c: from runs to distinct lines. */
int collect_lines(struct compiler *compiler, const struct shell_log *log, struct err *err);

/* places.c: lines that differ in places become one. */
int places_find(struct compiler *compiler, struct err *err);
