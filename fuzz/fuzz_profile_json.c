/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/profile_json.h"

#include "codec/suite_json.h"
#include "stage/profile.h"
#include "starved.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Written and read again it is the same; united with itself it holds the same paths. */
static void
round_trip(const struct profile *profile)
{
	struct arena *arena = arena_new(0);
	const struct profile *twice[] = {profile, profile};
	struct profile *back = NULL;
	struct profile *united = NULL;
	struct err err = ERR_INIT;
	struct span first;
	struct span second;
	int r = arena ? profile_json_write(profile, arena, &first, &err) : err_memory(&err);

	if (r == 0)
		r = profile_json_read(first, &back, &err);
	if (r == 0)
		r = profile_json_write(back, arena, &second, &err);
	if (r == 0 ? !span_equal(first, second) : !starved())
		abort();
	if (profile_unite(twice, 2, &united, &err) == 0 &&
	    united->path_count != profile->path_count)
		abort();
	profile_free(united);
	profile_free(back);
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct err err = ERR_INIT;
	struct profile *profile = NULL;
	struct suite *suite = NULL;

	if (profile_json_read(text, &profile, &err) == 0)
		round_trip(profile);
	profile_free(profile);
	(void)suite_json_read(text, &suite, &err);
	suite_free(suite);
	return 0;
}
