/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hardened_image OUTPUT [gzip|zstd|none]: builds the image of hardened.h, prints its manifest
 * digest and one line a kept path: "type mode uid gid seconds path target", as
 * `find -printf '%y %m %U %G %T@ %p %l\n'` would with whole seconds.
 */
#include "hardened.h"

#include "base/cleanup.h"
#include "stage/build.h"

#include <stdio.h>

static void
print_paths(const struct image *image, const struct plan *plan)
{
	static const char types[] = {
		[IMAGE_FILE] = 'f',	 [IMAGE_DIRECTORY] = 'd', [IMAGE_SYMLINK] = 'l',
		[IMAGE_CHARACTER] = 'c', [IMAGE_BLOCK] = 'b',	  [IMAGE_FIFO] = 'p'};

	for (uint32_t i = 0; i < image->entry_count; i++) {
		const struct image_entry *inode = image_inode(image, i);

		if (!plan->entries[i].keep)
			continue;
		(void)printf("%c %o %u %u %lld %.*s %.*s\n", types[inode->type], inode->mode,
			     inode->uid, inode->gid, (long long)inode->mtime,
			     SPAN_ARG(image->entries[i].path), SPAN_ARG(inode->link));
	}
}

int
main(int argc, char **argv)
{
	struct build_options options = {
		.output = argc > 1 ? argv[1] : "",
		.compression = LAYER_GZIP,
	};
	struct fixture fixture = {0};
	CLEANUP(plan_cleanup) struct plan *plan = NULL;
	CLEANUP(built_cleanup) struct built *built = NULL;
	struct err err = ERR_INIT;
	char text[DIGEST_TEXT];

	if (argc > 2)
		options.compression = argv[2][0] == 'z'	  ? LAYER_ZSTD
				      : argv[2][0] == 'n' ? LAYER_PLAIN
							  : LAYER_GZIP;
	if (hardened_make(&fixture, &plan, &err) < 0 ||
	    build_write(fixture.image, fixture.contents, plan, &options, &built, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		fixture_free(&fixture);
		return err_exit_code(err.kind);
	}
	(void)printf("%s\n", digest_format(&built->manifest_digest, text));
	print_paths(fixture.image, plan);
	fixture_free(&fixture);
	return 0;
}
