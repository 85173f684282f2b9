/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fingerprint.h"

#include "base/bytes.h"
#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>
#include <xxhash.h>

enum { CHUNK = 256 * 1024, LENGTH = 8 };

_Static_assert(FINGERPRINT_KEY >= XXH3_SECRET_SIZE_MIN, "xxhash wants longer keys");

static void
state_cleanup(XXH3_state_t **state)
{
	(void)XXH3_freeState(*state);
}

/* The same bytes on every machine. */
static void
put_hash(XXH128_hash_t hash, uint8_t to[FINGERPRINT_BYTES])
{
	XXH128_canonical_t canonical;

	XXH128_canonicalFromHash(&canonical, hash);
	memcpy(to, canonical.digest, FINGERPRINT_BYTES);
}

int
fingerprint_key_new(struct fingerprint_key *ret, struct err *err)
{
	struct fingerprint_key key;

	if (TEMP_FAILURE_RETRY(getrandom(key.bytes, sizeof(key.bytes), 0)) !=
	    (ssize_t)sizeof(key.bytes))
		return err_sys(err, ERR_IO, errno, "no random bytes");
	*ret = key;
	return 0;
}

void
fingerprint_of(const struct fingerprint_key *key, const struct span *parts, size_t count,
	       struct fingerprint *ret)
{
	uint8_t all[FINGERPRINT_PARTS_MAX][FINGERPRINT_BYTES + LENGTH];

	for (size_t i = 0; i < count; i++) {
		put_hash(XXH3_128bits_withSecret(parts[i].n ? parts[i].p : "", parts[i].n,
						 key->bytes, sizeof(key->bytes)),
			 all[i]);
		bytes_put(all[i] + FINGERPRINT_BYTES, parts[i].n, LENGTH, false);
	}
	put_hash(XXH3_128bits_withSecret(all, count * sizeof(all[0]), key->bytes,
					 sizeof(key->bytes)),
		 ret->bytes);
}

int
fingerprint_of_file(const struct fingerprint_key *key, int fd, struct fingerprint *ret,
		    struct err *err)
{
	CLEANUP(state_cleanup) XXH3_state_t *state = XXH3_createState();
	CLEANUP(free_cleanup) char *chunk = malloc(CHUNK);
	off_t at = 0;
	ssize_t got;

	if (!state || !chunk)
		return err_memory(err);
	(void)XXH3_128bits_reset_withSecret(state, key->bytes, sizeof(key->bytes));
	while ((got = TEMP_FAILURE_RETRY(pread(fd, chunk, CHUNK, at))) != 0) {
		if (got < 0)
			return err_sys(err, ERR_IO, errno, "cannot read");
		(void)XXH3_128bits_update(state, chunk, (size_t)got);
		at += got;
	}
	put_hash(XXH3_128bits_digest(state), ret->bytes);
	return 0;
}
