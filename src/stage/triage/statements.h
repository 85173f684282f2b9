/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/triage: which statements are about a finding. */
#pragma once

#include "stage/triage.h"

struct statement_index;

/* The statements by vulnerability. The request must outlive it. ERR_MEMORY. */
int statements_new(const struct triage_subject *subject, const struct triage_request *request,
		   struct arena *arena, struct statement_index **ret, struct err *err);
void statements_free(struct statement_index *index);

/* One of a document. */
struct statement_place {
	const struct triage_vex *vex; /* NULL: none applies */
	const struct vex_statement *statement;
};

/*
 * The latest statement about the finding, whatever it states; of equally old ones, the last in the
 * order given. ERR_MEMORY.
 */
int statements_find(struct statement_index *index, const struct finding *finding,
		    struct statement_place *ret, struct err *err);
