/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a bbolt database holds, in order: "/BUCKET" and "/BUCKET/KEY=VALUE" lines, all in hex.
 * bbolt_lines FILE. Each key is also looked up.
 */
#include "base/arena.h"
#include "base/fd.h"
#include "codec/bbolt.h"

#include <stdio.h>

static int
complain(const struct err *err)
{
	(void)fprintf(stderr, "bbolt_lines: %s\n", err->text);
	return 3;
}

static void
print_hex(struct span bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		(void)printf("%02x", (unsigned)(unsigned char)bytes.p[i]);
}

static int
show(struct bbolt *bolt, const struct bbolt_bucket *bucket, struct span *path, size_t depth,
     struct err *err)
{
	struct bbolt_cursor cursor;
	struct bbolt_item item;
	int r = bbolt_start(bolt, bucket, &cursor, err);

	while (r >= 0 && depth < BBOLT_DEPTH_MAX && (r = bbolt_next(&cursor, &item, err)) > 0) {
		struct bbolt_item again;

		path[depth] = item.key;
		for (size_t i = 0; i <= depth; i++) {
			(void)putchar('/');
			print_hex(path[i]);
		}
		if (!item.is_bucket)
			(void)putchar('=');
		print_hex(item.value);
		(void)putchar('\n');
		r = bbolt_find(bolt, bucket, item.key, &again, err);
		if (r == 0 || (r > 0 && again.value.p != item.value.p))
			return err_set(err, ERR_INVALID, "not found again");
		if (r > 0 && item.is_bucket)
			r = show(bolt, &item.bucket, path, depth + 1, err);
	}
	return r;
}

int
main(int argc, char **argv)
{
	struct arena *arena = arena_new(0);
	struct span path[BBOLT_DEPTH_MAX];
	struct err err = ERR_INIT;
	struct bbolt bolt;
	struct span bytes;

	if (argc != 2 || !arena)
		return 2;
	if (file_load(argv[1], GIB, arena, &bytes, &err) < 0 ||
	    bbolt_open(bytes, &bolt, &err) < 0 || show(&bolt, &bolt.root, path, 0, &err) < 0)
		return complain(&err);
	arena_free(arena);
	return 0;
}
