/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads an image through its source and nothing else: prints the digest of the platform's manifest
 * (or of the config, where there is no manifest) and checks every blob against its digest.
 * usage: fetch [--platform P] [--plain-http] [--cache DIR] [--certs DIR] REFERENCE
 */
#include "base/cleanup.h"
#include "base/limits.h"
#include "port/source.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static int
digest_blob(struct blob *blob, struct digest *ret, uint64_t *ret_size, struct err *err)
{
	enum { CHUNK = 65536 };
	CLEANUP(digest_stream_cleanup) struct digest_stream *stream = digest_stream_new();
	CLEANUP(free_cleanup) char *chunk = malloc(CHUNK);
	uint64_t total = 0;
	size_t got;

	if (!stream || !chunk)
		return err_memory(err);
	do {
		int r = blob->read(blob->context, chunk, CHUNK, &got, err);
		if (r < 0)
			return r;
		digest_stream_update(stream, chunk, got);
		total += got;
	} while (got > 0);
	digest_stream_finish(stream, ret);
	*ret_size = total;
	return 0;
}

static int
check_blob(struct source *source, const struct oci_descriptor *descriptor, struct err *err)
{
	CLEANUP(blob_cleanup) struct blob blob = {0};
	struct digest digest;
	char text[DIGEST_TEXT];
	uint64_t size;

	if (source->blob(source, &descriptor->digest, &blob, err) < 0 ||
	    digest_blob(&blob, &digest, &size, err) < 0)
		return -(int)err->kind;
	if (size != descriptor->size || !digest_equal(&digest, &descriptor->digest))
		return err_set(err, ERR_DIGEST, "blob %s does not match",
			       digest_format(&descriptor->digest, text));
	(void)printf("blob %s %llu\n", digest_format(&digest, text), (unsigned long long)size);
	return 0;
}

static int
fetch_oci(struct source *source, const struct source_options *options, struct err *err)
{
	const struct oci_descriptor *blobs[LAYERS_MAX + 1];
	struct oci_selected selected;
	struct oci_config config;
	struct span document;
	char text[DIGEST_TEXT];
	size_t count = 0;
	int r = source_select(source, options, source->arena, &selected, err);

	if (r < 0)
		return r;
	(void)printf("manifest %s\n", digest_format(&selected.digest, text));
	r = source_document(source, &selected.manifest.config, source->arena, &document, err);
	if (r == 0)
		r = oci_read_config(document, source->arena, &config, err);
	if (r < 0)
		return r;
	if (config.diff_id_count != selected.manifest.layer_count)
		return err_set(err, ERR_MISMATCH, "%zu diff_ids for %zu layers",
			       config.diff_id_count, selected.manifest.layer_count);
	blobs[count++] = &selected.manifest.config;
	for (size_t i = 0; i < selected.manifest.layer_count; i++)
		blobs[count++] = &selected.manifest.layers[i];
	if (source->prefetch)
		r = source->prefetch(source, blobs, count, err);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = check_blob(source, blobs[i], err);
	return r;
}

static int
fetch_docker(struct source *source, struct err *err)
{
	CLEANUP(blob_cleanup) struct blob config = {0};
	struct oci_archive_image image;
	struct oci_config read;
	struct span document;
	struct digest digest;
	char text[DIGEST_TEXT];
	int r = source->archive(source, &image, err);

	if (r < 0 || source->member(source, image.config, &config, err) < 0 ||
	    blob_load(&config, CONFIG_MAX, source->arena, &document, err) < 0 ||
	    oci_read_config(document, source->arena, &read, err) < 0)
		return -(int)err->kind;
	digest_of(document, &digest);
	(void)printf("config %s\n", digest_format(&digest, text));
	for (size_t i = 0; i < image.layers.count; i++) {
		CLEANUP(blob_cleanup) struct blob layer = {0};
		uint64_t size;

		r = source->member(source, image.layers.items[i], &layer, err);
		if (r == 0)
			r = digest_blob(&layer, &digest, &size, err);
		if (r < 0)
			return r;
		(void)printf("%s %s %llu\n",
			     i < read.diff_id_count && digest_equal(&digest, &read.diff_ids[i])
				     ? "diff_id"
				     : "layer",
			     digest_format(&digest, text), (unsigned long long)size);
	}
	return 0;
}

static void
print_note(void *context, const char *text)
{
	(void)context;
	(void)fprintf(stderr, "note: %s\n", text);
}

static int
fetch(const char *reference, const struct source_options *options, struct err *err)
{
	CLEANUP(source_cleanup) struct source *source = NULL;
	int r = source_open(span_from(reference), options, &source, err);

	if (r < 0)
		return r;
	(void)printf("reference %.*s\n", SPAN_ARG(source->reference));
	switch (source->kind) {
	case SOURCE_OCI:
		return fetch_oci(source, options, err);
	case SOURCE_DOCKER:
		return fetch_docker(source, err);
	case SOURCE_ROOTFS:
		(void)printf("folder %.*s\n", SPAN_ARG(source->folder));
		break;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{"platform", required_argument, NULL, 'p'},
		{"cache", required_argument, NULL, 'c'},
		{"certs", required_argument, NULL, 'C'},
		{"plain-http", no_argument, NULL, 'P'},
		{0},
	};
	static const struct progress progress = {.note = print_note};
	struct source_options options = {.progress = &progress};
	struct err err = ERR_INIT;

	for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
		if (c == 'p')
			options.platform = optarg;
		else if (c == 'c')
			options.cache = optarg;
		else if (c == 'C')
			options.certs = optarg;
		else if (c == 'P')
			options.plain_http = true;
		else
			return 2;
	}
	if (optind + 1 != argc)
		return 2;
	if (fetch(argv[optind], &options, &err) < 0) {
		(void)fprintf(stderr, "%s: %s\n", err_name(err.kind), err.text);
		return err_exit_code(err.kind);
	}
	return 0;
}
