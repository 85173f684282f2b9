/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attaches a small artifact to an image, or lists what is attached: port/referrers.h on its own.
 * usage: attach [--cache DIR] [--chunk BYTES] REFERENCE TYPE TEXT
 *        attach [--cache DIR] --list REFERENCE [TYPE]
 *        attach [--cache DIR] [--chunk BYTES] --blob REFERENCE FILE DIGEST
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "port/referrers.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static int
attach(struct depot *depot, const char *type, const char *text, struct err *err)
{
	const struct image_label note = {SPAN_INIT("dev.mohs.note"), span_from(text)};
	const struct oci_write_layer layer = {.media_type = SPAN_INIT("text/plain"),
					      .content = span_from(text)};
	struct oci_write_artifact artifact = {
		.type = span_from(type),
		.layers = &layer,
		.layer_count = 1,
		.annotations = &note,
		.annotation_count = 1,
	};
	struct depot_document top;
	CLEANUP(referrers_batch_cleanup) struct referrers_batch batch = {0};
	struct span document;
	struct digest made;
	char digest[DIGEST_TEXT];
	int r = depot->top(depot, depot->arena, &top, err);

	if (r < 0)
		return r;
	artifact.subject = (struct oci_descriptor){
		.media_type = top.media_type, .digest = top.digest, .size = top.document.n};
	r = referrers_put_artifact(depot, &artifact, &batch, err);
	if (r == 0)
		r = referrers_commit(depot, &batch, err);
	if (r == 0)
		r = oci_write_artifact(&artifact, depot->arena, &document, err);
	if (r < 0)
		return r;
	digest_of(document, &made);
	(void)printf("%s\n", digest_format(&made, digest));
	return 0;
}

static int
list(struct depot *depot, const char *type, struct err *err)
{
	struct oci_descriptor *items = NULL;
	struct depot_document top;
	size_t count = 0;
	int r = depot->top(depot, depot->arena, &top, err);

	if (r == 0)
		r = referrers_list(depot, &top.digest, span_from(type ? type : ""), depot->arena,
				   &items, &count, err);
	for (size_t i = 0; r == 0 && i < count; i++) {
		char digest[DIGEST_TEXT];
		struct span note = oci_annotation(items[i].annotations, items[i].annotation_count,
						  SPAN("dev.mohs.note"));

		(void)printf("%s %.*s %.*s\n", digest_format(&items[i].digest, digest),
			     SPAN_ARG(items[i].artifact_type), (int)note.n, note.n ? note.p : "");
	}
	return r;
}

static int
push(struct depot *depot, const char *path, const char *digest, struct err *err)
{
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct depot_blob blob;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, ERR_USAGE, "cannot open %s", path);
	blob.size = (uint64_t)st.st_size;
	int r = digest_parse(span_from(digest), &blob.digest, err);
	return r < 0 ? r : depot->put_blob(depot, &blob, fd, err);
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{"cache", required_argument, NULL, 'c'},
		{"chunk", required_argument, NULL, 'n'},
		{"list", no_argument, NULL, 'l'},
		{"blob", no_argument, NULL, 'b'},
		{0},
	};
	struct depot_options options = {0};
	struct err err = ERR_INIT;
	struct depot *depot = NULL;
	int mode = 'a';
	int option;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (option == 'c')
			options.cache = optarg;
		else if (option == 'n')
			options.chunk = strtoull(optarg, NULL, 10);
		else if (option == '?')
			return 2;
		else
			mode = option;
	}
	if (argc - optind < (mode == 'l' ? 1 : 3))
		return 2;
	int r = depot_open(span_from(argv[optind]), &options, &depot, &err);
	if (r == 0)
		r = mode == 'l'	  ? list(depot, argv[optind + 1], &err)
		    : mode == 'b' ? push(depot, argv[optind + 1], argv[optind + 2], &err)
				  : attach(depot, argv[optind + 1], argv[optind + 2], &err);
	depot_free(depot);
	if (r < 0)
		(void)fprintf(stderr, "%s: %s\n", err_name(err.kind), err.text);
	return r < 0 ? err_exit_code(err.kind) : 0;
}
