/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of from_grype.c: how grave Grype's database says vulnerabilities are. */
#pragma once

#include "port/grype_rows.h"
#include "stage/update/others.h"

/* What a vulnerability's own record says. */
struct grype_rating {
	int64_t id;
	struct span vector; /* may be empty */
	double score;	    /* of `vector`; < 0: none */
	enum severity severity;
	bool withdrawn;
};

struct grype_ratings;

/* Reads them all, texts into `arena`; what NVD says becomes rows of scores. */
int grype_ratings_read(struct others *others, struct grype_rows *rows, struct arena *arena,
		       struct grype_ratings **ret, struct err *err);
void grype_ratings_free(struct grype_ratings *ratings);
void grype_ratings_cleanup(struct grype_ratings **ratings);

/* By the number of its record; NULL when there is none. */
const struct grype_rating *grype_ratings_find(const struct grype_ratings *ratings, int64_t id);
