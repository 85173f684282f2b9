/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file_load read|stat COUNT FOLDER: opens and reads (up to 4 KiB of) or stats the files below
 * FOLDER in turn until COUNT are done; prints milliseconds.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FILES_MAX = 2000 };

static char *files[FILES_MAX];
static size_t file_count;

static int
keep(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)at;
	if (type == FTW_F && file_count < FILES_MAX)
		files[file_count++] = strdup(path);
	return 0;
}

static int
touch(const char *path, int by_reading)
{
	char bytes[4096];
	struct stat st;

	if (!by_reading)
		return stat(path, &st);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
	if (fd >= 0)
		(void)close(fd);
	return n < 0 ? -1 : 0;
}

int
main(int argc, char **argv)
{
	struct timespec a;
	struct timespec b;

	if (argc != 4)
		return 2;
	long count = strtol(argv[2], NULL, 10);
	int by_reading = strcmp(argv[1], "read") == 0;
	(void)nftw(argv[3], keep, 32, FTW_PHYS);
	if (file_count == 0)
		return 3;
	(void)clock_gettime(CLOCK_MONOTONIC, &a);
	for (long i = 0; i < count; i++)
		if (touch(files[(size_t)i % file_count], by_reading) != 0)
			return 3;
	(void)clock_gettime(CLOCK_MONOTONIC, &b);
	(void)printf("%.1f\n",
		     (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6);
	return 0;
}
