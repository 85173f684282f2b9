/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/fingerprint.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct fingerprint
of(const struct fingerprint_key *key, const char *a, const char *b)
{
	const struct span parts[] = {span_from(a), span_from(b)};
	struct fingerprint fingerprint;

	fingerprint_of(key, parts, 2, &fingerprint);
	return fingerprint;
}

static bool
same(struct fingerprint a, struct fingerprint b)
{
	return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

static void
keys_make_others(void **state)
{
	struct fingerprint_key one;
	struct fingerprint_key other;

	(void)state;
	assert_good(fingerprint_key_new(&one, err));
	assert_good(fingerprint_key_new(&other, err));
	assert_true(same(of(&one, "a", "b"), of(&one, "a", "b")));
	assert_false(same(of(&one, "a", "b"), of(&other, "a", "b")));
}

static void
parts_stand_apart(void **state)
{
	const struct fingerprint_key key = {{7}};

	(void)state;
	assert_false(same(of(&key, "a", "bc"), of(&key, "ab", "c")));
	assert_false(same(of(&key, "", "abc"), of(&key, "abc", "")));
	assert_false(same(of(&key, "a", "b"), of(&key, "b", "a")));
}

/* Whatever byte changes, of short and of long ones. */
static void
every_byte_counts(void **state)
{
	enum { LONGEST = 3000, STEP = 17 };
	const struct fingerprint_key key = {{7}};
	char text[LONGEST + 1];

	(void)state;
	for (size_t n = 1; n <= LONGEST; n = n * 3 + 1) {
		memset(text, 'x', n);
		text[n] = '\0';
		struct fingerprint before = of(&key, "key", text);
		for (size_t i = 0; i < n; i += STEP) {
			text[i] = 'y';
			assert_false(same(before, of(&key, "key", text)));
			text[i] = 'x';
		}
		text[n - 1] = '\0';
		assert_false(same(before, of(&key, "key", text)));
	}
}

static void
files_count_whole(void **state)
{
	enum { SIZE = 700 * 1000 };
	const struct fingerprint_key key = {{7}};
	CLEANUP(fd_cleanup) int fd = memfd_create("fingerprint", MFD_CLOEXEC);
	CLEANUP(free_cleanup) char *bytes = calloc(1, SIZE);
	struct fingerprint whole;
	struct fingerprint again;
	struct fingerprint cut;
	struct fingerprint changed;

	(void)state;
	assert_true(fd >= 0 && bytes);
	assert_good(fd_write_full(fd, (struct span){bytes, SIZE}, err));
	assert_good(fingerprint_of_file(&key, fd, &whole, err));
	assert_good(fingerprint_of_file(&key, fd, &again, err));
	assert_true(same(whole, again));
	assert_int_equal(pwrite(fd, "x", 1, SIZE - 1), 1);
	assert_good(fingerprint_of_file(&key, fd, &changed, err));
	assert_false(same(whole, changed));
	assert_int_equal(ftruncate(fd, SIZE - 1), 0);
	assert_good(fingerprint_of_file(&key, fd, &cut, err));
	assert_false(same(whole, cut));
	assert_fails(ERR_IO, fingerprint_of_file(&key, -1, &cut, err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_make_others),
		cmocka_unit_test(parts_stand_apart),
		cmocka_unit_test(every_byte_counts),
		cmocka_unit_test(files_count_whole),
	};

	return cmocka_run_group_tests_name("fingerprint", tests, NULL, NULL);
}
