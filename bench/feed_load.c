/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What reading a feed's document costs on one core, each in turn: inflating and scanning it alone
 * (the floor; of an archive, inflating), and all that one process of an update does with it:
 * inflating, scanning, naming, parsing, judging, rows. Prints megabytes, then MB/s of both, of
 * inflated bytes. usage: feed_load FEED FILE [ROUNDS]
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "codec/json.h"
#include "port/feed_archive.h"
#include "port/feed_file.h"
#include "stage/update/reading.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static double
seconds(int who)
{
	struct rusage usage;

	(void)getrusage(who, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static int
pass_over(void *context, const struct json_member *member, struct err *err)
{
	(void)err;
	*(uint64_t *)context = member->end;
	return 0;
}

static const char *
path_of(const struct feed_type *type)
{
	if (type->table == ADVISORIES_SCORES || type->table == ADVISORIES_EXPLOITED)
		return "vulnerabilities";
	return type->document_count > 1 ? "packages" : "";
}

static int
pass_member(void *context, struct span name, struct span bytes, struct err *err)
{
	(void)name;
	(void)err;
	*(uint64_t *)context += bytes.n;
	return 0;
}

static int
scan(const struct feed_type *type, int fd, uint64_t *ret_bytes, struct err *err)
{
	CLEANUP(feed_file_cleanup) struct feed_file *file = NULL;
	int r;

	*ret_bytes = 0;
	if (type->import_file)
		return feed_archive_each(fd, NULL, pass_member, ret_bytes, err);
	r = feed_file_open(fd, &file, err);
	if (r < 0)
		return r;
	struct feed_input input = feed_file_input(file);
	return json_each(input.read, input.context, path_of(type), false, pass_over, ret_bytes,
			 err);
}

static int
count(void *context, const struct advisory_record *record, struct err *err)
{
	(void)err;
	*(uint64_t *)context += record->records;
	return 0;
}

static int
measure(const struct feed_type *type, int fd, size_t rounds, struct err *err)
{
	const struct record_feed nothing = {0};
	const struct fingerprint_key key = {{1}};
	const struct reading reading = {.type = type,
					.document = type->documents,
					.fd = fd,
					.known = &nothing,
					.key = &key,
					.readers = 1};
	uint64_t bytes = 0;
	uint64_t rows = 0;
	double floor = 0;
	double full = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < rounds; i++) {
		double before = seconds(RUSAGE_SELF);

		r = scan(type, fd, &bytes, err);
		floor += seconds(RUSAGE_SELF) - before;
		before = seconds(RUSAGE_CHILDREN);
		if (r == 0)
			r = document_read(&reading, count, &rows, err);
		full += seconds(RUSAGE_CHILDREN) - before;
	}
	double megabytes = (double)bytes * (double)rounds / 1e6;
	if (r == 0)
		(void)printf("%.1f MB, %llu rows: inflating and scanning %.0f MB/s, reading %.0f "
			     "MB/s, ratio %.2f\n",
			     (double)bytes / 1e6, (unsigned long long)(rows / rounds),
			     megabytes / floor, megabytes / full, full / floor);
	return r;
}

int
main(int argc, char **argv)
{
	struct err err = ERR_INIT;
	size_t rounds = argc > 3 ? strtoul(argv[3], NULL, 10) : 5;
	CLEANUP(fd_cleanup) int fd = argc > 2 ? open(argv[2], O_RDONLY | O_CLOEXEC) : -1;

	for (size_t i = 0; fd >= 0 && rounds > 0 && i < FEEDS; i++) {
		if (strcmp(feed_types[i].name, argv[1]) != 0)
			continue;
		if (measure(&feed_types[i], fd, rounds, &err) == 0)
			return 0;
		(void)fprintf(stderr, "feed_load: %s\n", err.text);
		return 1;
	}
	(void)fprintf(stderr, "usage: feed_load FEED FILE [ROUNDS]\n");
	return 2;
}
