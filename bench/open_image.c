/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens an image and prints milliseconds, peak resident KiB (its own, and twice that of its
 * biggest child: a layer has two at once; what they share counts each time), entries and the
 * compressed layers' digests, for bench/scan.sh.
 */
#include "base/clock.h"
#include "stage/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

int
main(int argc, char **argv)
{
	struct image_options options = {0};
	struct contents *contents = NULL;
	struct image *image = NULL;
	struct err err = ERR_INIT;
	uint64_t start = clock_ms();
	struct rusage usage;
	struct rusage children;
	char text[DIGEST_TEXT];

	if (argc != 2 || image_open(span_from(argv[1]), &options, &image, &contents, &err) < 0) {
		(void)fprintf(stderr, "usage: open_image REFERENCE: %s\n", err.text);
		return EXIT_FAILURE;
	}
	uint64_t ms = clock_ms() - start;
	(void)getrusage(RUSAGE_SELF, &usage);
	(void)getrusage(RUSAGE_CHILDREN, &children);
	(void)printf("%llu %ld %zu", (unsigned long long)ms,
		     usage.ru_maxrss + 2 * children.ru_maxrss, image->entry_count);
	for (size_t i = 0; i < image->layer_count; i++)
		(void)printf(" %s", digest_format(&image->layers[i].digest, text));
	(void)printf("\n");
	contents_free(contents);
	image_free(image);
	return EXIT_SUCCESS;
}
