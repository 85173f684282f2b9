/* SPDX-License-Identifier: Apache-2.0 */
#include "layer.h"
#include "test.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/oci.h"

#include <isa-l/igzip_lib.h>
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

enum { RECORD = 512 };

static void
pad(struct buf *tar)
{
	while (tar->n % RECORD)
		assert_good(buf_byte(tar, 0, err));
}

static void
put_header(struct buf *tar, const struct tar_member *member, char type, uint64_t size)
{
	char header[RECORD] = {0};
	unsigned sum = 0;

	assert_true(strlen(member->path) <= 100);
	memcpy(header, member->path, strlen(member->path));
	(void)snprintf(header + 100, 8, "%07o",
		       member->mode ? member->mode : (type == '5' ? 0755U : 0644U));
	(void)snprintf(header + 108, 8, "%07o", member->uid);
	(void)snprintf(header + 116, 8, "%07o", member->gid);
	(void)snprintf(header + 124, 12, "%011llo", (unsigned long long)size);
	(void)snprintf(header + 136, 12, "%011llo", (unsigned long long)member->mtime);
	header[156] = type;
	if (member->link) {
		assert_true(strlen(member->link) <= 100);
		memcpy(header + 157, member->link, strlen(member->link));
	}
	memcpy(header + 257, "ustar\00000", 8);
	(void)snprintf(header + 329, 8, "%07o", member->major);
	(void)snprintf(header + 337, 8, "%07o", member->minor);
	memset(header + 148, ' ', 8);
	for (size_t i = 0; i < sizeof(header); i++)
		sum += (unsigned char)header[i];
	(void)snprintf(header + 148, 8, "%06o", sum);
	assert_good(buf_append(tar, (struct span){header, sizeof(header)}, err));
}

void
tar_put(struct buf *tar, const struct tar_member *member)
{
	char type = member->type ? member->type : '0';
	uint64_t size = member->size;

	if (member->content && size == 0)
		size = strlen(member->content);
	if (member->pax.n) {
		struct tar_member extension = {.path = "PaxHeaders/x"};

		put_header(tar, &extension, 'x', member->pax.n);
		assert_good(buf_append(tar, member->pax, err));
		pad(tar);
	}
	put_header(tar, member, type, size);
	if (member->content)
		assert_good(buf_append(tar, (struct span){member->content, size}, err));
	pad(tar);
}

void
tar_put_all(struct buf *tar, const struct tar_member *members, size_t count)
{
	for (size_t i = 0; i < count; i++)
		tar_put(tar, &members[i]);
}

void
tar_end(struct buf *tar)
{
	static const char zeroes[2 * RECORD];

	assert_good(buf_append(tar, (struct span){zeroes, sizeof(zeroes)}, err));
}

/* "LENGTH KEY=VALUE\n", the length including its own digits. */
void
pax_put(struct buf *records, const char *key, struct span value)
{
	size_t rest = 1 + strlen(key) + 1 + value.n + 1;
	size_t n = rest + 1;
	char digits[24];

	while ((size_t)snprintf(digits, sizeof(digits), "%zu", n) + rest != n)
		n++;
	assert_good(buf_printf(records, err, "%zu %s=", n, key));
	assert_good(buf_append(records, value, err));
	assert_good(buf_byte(records, '\n', err));
}

void
gzip_put(struct buf *to, struct span plain)
{
	size_t room = plain.n + plain.n / 4 + 4096;
	CLEANUP(free_cleanup) uint8_t *level = malloc(ISAL_DEF_LVL1_DEFAULT);
	CLEANUP(free_cleanup) struct isal_zstream *stream = calloc(1, sizeof(*stream));

	assert_non_null(level);
	assert_non_null(stream);
	assert_good(buf_reserve(to, room, err));
	isal_deflate_init(stream);
	stream->level = 1;
	stream->level_buf = level;
	stream->level_buf_size = ISAL_DEF_LVL1_DEFAULT;
	stream->gzip_flag = IGZIP_GZIP;
	stream->end_of_stream = 1;
	stream->flush = NO_FLUSH;
	stream->next_in = (uint8_t *)(uintptr_t)plain.p;
	stream->avail_in = (uint32_t)plain.n;
	stream->next_out = (uint8_t *)to->p + to->n;
	stream->avail_out = (uint32_t)room;
	assert_int_equal(isal_deflate(stream), COMP_OK);
	assert_int_equal(stream->avail_in, 0);
	to->n += stream->total_out;
}

void
zstd_put(struct buf *to, struct span plain)
{
	size_t room = ZSTD_compressBound(plain.n);

	assert_good(buf_reserve(to, room, err));
	size_t n = ZSTD_compress(to->p + to->n, room, plain.p, plain.n, 1);
	assert_false(ZSTD_isError(n));
	to->n += n;
}

static struct span
blob_of(const struct layout_layer *layer)
{
	return layer->blob.p ? layer->blob : layer->tar;
}

static void
write_blob(struct arena *arena, const char *path, struct span content, struct digest *ret)
{
	char text[DIGEST_TEXT];

	digest_of(content, ret);
	struct span name =
		arena_printf(arena, "%s/blobs/sha256/%s", path, digest_format(ret, text) + 7);
	assert_good(file_replace(name.p, content, 0644, err));
}

static void
put_config(struct buf *config, const struct layout_layer *layers, size_t count)
{
	char text[DIGEST_TEXT];

	assert_good(buf_printf(config, err,
			       "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{"
			       "\"Env\":[\"PATH=/bin\"]},\"rootfs\":{\"type\":\"layers\","
			       "\"diff_ids\":["));
	for (size_t i = 0; i < count; i++) {
		struct digest digest;

		digest_of(layers[i].tar, &digest);
		assert_good(buf_printf(
			config, err, "%s\"%s\"", i ? "," : "",
			digest_format(layers[i].diff_id ? layers[i].diff_id : &digest, text)));
	}
	assert_good(buf_printf(config, err, "]}}"));
}

static void
put_layers(struct arena *arena, struct buf *manifest, const char *path,
	   const struct layout_layer *layers, size_t count)
{
	char text[DIGEST_TEXT];

	for (size_t i = 0; i < count; i++) {
		struct span blob = blob_of(&layers[i]);
		const char *type = layers[i].media_type;
		struct digest digest;

		digest_of(blob, &digest);
		if (!layers[i].absent)
			write_blob(arena, path, blob, &digest);
		if (layers[i].digest) { /* the blob under the name of another */
			struct span from = arena_printf(arena, "%s/blobs/sha256/%s", path,
							digest_format(&digest, text) + 7);
			digest = *layers[i].digest;
			struct span to = arena_printf(arena, "%s/blobs/sha256/%s", path,
						      digest_format(&digest, text) + 7);
			assert_int_equal(rename(from.p, to.p), 0);
		}
		assert_good(buf_printf(
			manifest, err, "%s{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%llu}",
			i ? "," : "", type ? type : "application/vnd.oci.image.layer.v1.tar",
			digest_format(&digest, text),
			(unsigned long long)(layers[i].size ? layers[i].size : blob.n)));
	}
}

void
layout_write(const char *path, const struct layout_layer *layers, size_t count)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(buf_cleanup) struct buf config = BUF_INIT(1 << 20);
	CLEANUP(buf_cleanup) struct buf manifest = BUF_INIT(1 << 20);
	CLEANUP(buf_cleanup) struct buf index = BUF_INIT(1 << 16);
	struct digest digest;
	char text[DIGEST_TEXT];

	assert_good(directory_make(arena_printf(arena, "%s/blobs/sha256", path).p, 0755, err));
	put_config(&config, layers, count);
	write_blob(arena, path, buf_span(&config), &digest);
	assert_good(buf_printf(&manifest, err,
			       "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{"
			       "\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[",
			       OCI_TYPE_MANIFEST, OCI_TYPE_CONFIG, digest_format(&digest, text),
			       config.n));
	put_layers(arena, &manifest, path, layers, count);
	assert_good(buf_printf(&manifest, err, "]}"));
	write_blob(arena, path, buf_span(&manifest), &digest);
	assert_good(buf_printf(&index, err,
			       "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"%s\","
			       "\"digest\":\"%s\",\"size\":%zu,\"annotations\":{\"%s\":"
			       "\"latest\"}}]}",
			       OCI_TYPE_MANIFEST, digest_format(&digest, text), manifest.n,
			       OCI_REF_NAME));
	assert_good(file_replace(arena_printf(arena, "%s/index.json", path).p, buf_span(&index),
				 0644, err));
	assert_good(file_replace(arena_printf(arena, "%s/oci-layout", path).p,
				 SPAN("{\"imageLayoutVersion\":\"1.0.0\"}"), 0644, err));
}

void
docker_archive_write(const char *path, const struct layout_layer *layers, size_t count)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(buf_cleanup) struct buf config = BUF_INIT(1 << 20);
	CLEANUP(buf_cleanup) struct buf manifest = BUF_INIT(1 << 20);
	CLEANUP(buf_cleanup) struct buf tar = BUF_INIT(GIB);
	struct digest digest;
	char text[DIGEST_TEXT];

	put_config(&config, layers, count);
	digest_of(buf_span(&config), &digest);
	struct span name = arena_printf(arena, "%s.json", digest_format(&digest, text) + 7);
	tar_put(&tar, &(struct tar_member){.path = name.p, .content = config.p, .size = config.n});
	assert_good(buf_printf(&manifest, err,
			       "[{\"Config\":\"%s\",\"RepoTags\":[\"x:1\"],\"Layers\":[", name.p));
	for (size_t i = 0; i < count; i++) {
		struct span blob = blob_of(&layers[i]);
		struct span member = arena_printf(arena, "layer%zu/layer.tar", i);

		tar_put(&tar,
			&(struct tar_member){.path = member.p, .content = blob.p, .size = blob.n});
		assert_good(buf_printf(&manifest, err, "%s\"%s\"", i ? "," : "", member.p));
	}
	assert_good(buf_printf(&manifest, err, "]}]"));
	tar_put(&tar, &(struct tar_member){
			      .path = "manifest.json", .content = manifest.p, .size = manifest.n});
	tar_end(&tar);
	assert_good(file_replace(path, buf_span(&tar), 0644, err));
}
