/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "port/advisories.h"
#include "port/advisories/schema.h"

enum reader_query {
	READER_META,
	READER_COVERS,
	READER_EACH,
	READER_ALL,
	READER_CVE,
	READER_FEEDS,
	READER_RELEASES,
	READER_QUERIES,
};

struct advisories {
	struct arena *arena; /* of the origin's texts */
	struct advisory_origin origin;
	uint64_t pages_end; /* offset behind the last page, where the origin stands */
	sqlite3 *sqlite;
	sqlite3_stmt *statements[READER_QUERIES];
};
