/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docker-archive:FILE[:NAME:TAG] - what `docker load` and `podman load` read: a tar of
 *
 *	blobs/sha256/LAYER   (written first, its header filled in at the end)
 *	blobs/sha256/CONFIG
 *	manifest.json
 */
#include "base/fd.h"
#include "codec/oci_write.h"
#include "port/sink/staged.h"
#include "port/sink/types.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { BLOCK = 512, END_BLOCKS = 2, NAME_SIZE = 100 };

struct archive_sink {
	struct sink sink;
	struct staged file;
	const char *path;
	struct span tag; /* "NAME:TAG" or empty */
};

/* ustar header (POSIX.1-2017 pax, "ustar Interchange Format"). */
struct header {
	char name[NAME_SIZE];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6];
	char version[2];
	char rest[247];
};

_Static_assert(sizeof(struct header) == BLOCK, "a ustar header is one block");

/* Octal, or base 256 as GNU and star write what does not fit 8 GiB. */
static void
put_size(char field[12], uint64_t size)
{
	if (size < (uint64_t)1 << 33) {
		(void)snprintf(field, 12, "%011llo", (unsigned long long)size);
		return;
	}
	memset(field, 0, 12);
	field[0] = (char)0x80;
	for (int i = 11; i > 3; i--, size >>= 8)
		field[i] = (char)(size & 0xff);
}

static void
make_header(struct header *header, struct span name, uint64_t size)
{
	const unsigned char *bytes = (const unsigned char *)header;
	unsigned sum = 0;

	*header = (struct header){
		.mode = "0000644",
		.uid = "0000000",
		.gid = "0000000",
		.mtime = "00000000000",
		.type = '0',
		.magic = "ustar",
		.version = {'0', '0'},
	};
	memcpy(header->name, name.p, name.n < NAME_SIZE ? name.n : NAME_SIZE - 1);
	put_size(header->size, size);
	memset(header->checksum, ' ', sizeof(header->checksum));
	for (size_t i = 0; i < BLOCK; i++)
		sum += bytes[i];
	(void)snprintf(header->checksum, sizeof(header->checksum), "%06o", sum);
	header->checksum[7] = ' ';
}

static int
write_padding(int fd, uint64_t size, struct err *err)
{
	static const char zeroes[BLOCK];
	size_t over = (size_t)(size % BLOCK);

	return over ? fd_write_full(fd, (struct span){zeroes, BLOCK - over}, err) : 0;
}

static int
write_member(int fd, struct span name, struct span content, struct err *err)
{
	struct header header;

	make_header(&header, name, content.n);
	int r = fd_write_full(fd, (struct span){(const char *)&header, BLOCK}, err);
	if (r == 0)
		r = fd_write_full(fd, content, err);
	return r < 0 ? r : write_padding(fd, content.n, err);
}

static struct span
blob_name(struct arena *arena, const struct digest *digest)
{
	char text[DIGEST_TEXT];

	return arena_printf(arena, "blobs/sha256/%s", digest_format(digest, text) + 7);
}

/* What stands behind the layer, and the layer's own header. */
static int
write_rest(struct archive_sink *archive, const struct sink_image *image, struct err *err)
{
	static const char end[BLOCK * END_BLOCKS];
	struct arena *arena = archive->sink.arena;
	struct span layer = blob_name(arena, &image->layer_digest);
	struct span config = blob_name(arena, &image->config_digest);
	int fd = archive->file.fd;
	struct header header;
	struct span list;

	if (!layer.p || !config.p)
		return err_memory(err);
	int r = oci_write_archive(config, layer, archive->tag, arena, &list, err);
	if (r < 0)
		return r;
	make_header(&header, layer, image->layer_size);
	if (pwrite(fd, &header, BLOCK, 0) != BLOCK)
		return err_sys(err, ERR_IO, errno, "cannot write");
	if (lseek(fd, (off_t)(BLOCK + image->layer_size), SEEK_SET) < 0)
		return err_sys(err, ERR_IO, errno, "cannot seek");
	r = write_padding(fd, image->layer_size, err);
	if (r == 0)
		r = write_member(fd, config, image->config, err);
	if (r == 0)
		r = write_member(fd, SPAN("manifest.json"), list, err);
	return r < 0 ? r : fd_write_full(fd, (struct span){end, sizeof(end)}, err);
}

static int
archive_commit(struct sink *sink, const struct sink_image *image, struct span *ret_layer_path,
	       struct err *err)
{
	struct archive_sink *archive = (struct archive_sink *)sink;
	int r = write_rest(archive, image, err);

	if (r < 0)
		return err_wrap(err, "%s", archive->path);
	r = staged_commit(&archive->file, archive->path, err);
	if (r < 0)
		return r;
	*ret_layer_path = SPAN("");
	return 0;
}

static void
archive_free(struct sink *sink)
{
	struct archive_sink *archive = (struct archive_sink *)sink;

	staged_close(&archive->file);
	arena_free(sink->arena); /* holds *archive itself */
}

/* FILE[:NAME[:TAG]]; a name without a tag gets "latest", as docker does. */
static int
split(struct archive_sink *archive, struct span rest, struct err *err)
{
	struct arena *arena = archive->sink.arena;
	struct span name = rest;
	struct span path = span_cut(&name, ':');

	if (path.n == 0 || span_ends_with(path, SPAN("/")))
		return err_set(err, ERR_USAGE,
			       "docker-archive: wants a file (docker-archive:FILE[:NAME:TAG])");
	if (name.p && name.n == 0)
		return err_set(err, ERR_USAGE, "docker-archive: the name behind the file is empty");
	if (name.p) {
		size_t slash = span_find_last(name, '/');
		struct span last = span_slice(name, slash == name.n ? 0 : slash, name.n);
		bool tagged = span_find(last, ':') < last.n;

		archive->tag =
			arena_printf(arena, "%.*s%s", SPAN_ARG(name), tagged ? "" : ":latest");
	}
	archive->path = arena_copy(arena, path).p;
	archive->sink.reference =
		arena_printf(arena, "docker-archive:%.*s%s%s", SPAN_ARG(path), name.p ? ":" : "",
			     name.p && archive->tag.p ? archive->tag.p : "");
	if (!archive->path || !archive->sink.reference.p || (name.p && !archive->tag.p))
		return err_memory(err);
	return 0;
}

static int
archive_start(struct archive_sink *archive, struct span rest, struct err *err)
{
	int r = split(archive, rest, err);

	if (r < 0)
		return r;
	size_t slash = span_find_last(span_from(archive->path), '/');
	bool here = archive->path[slash] == '\0';
	struct span folder = here ? SPAN(".") : span_slice(span_from(archive->path), 0, slash);
	folder = arena_copy(archive->sink.arena, folder.n ? folder : SPAN("/"));
	if (!folder.p)
		return err_memory(err);
	r = staged_open(&archive->file, folder.p, err);
	if (r == 0 && lseek(archive->file.fd, BLOCK, SEEK_SET) < 0)
		r = err_sys(err, ERR_IO, errno, "cannot seek in %s", archive->path);
	archive->sink.fd = archive->file.fd;
	return r;
}

static int
archive_open(struct span rest, const struct sink_options *options, struct sink **ret,
	     struct err *err)
{
	struct arena *arena = arena_new(0);
	struct archive_sink *archive = arena ? arena_alloc(arena, sizeof(*archive)) : NULL;

	(void)options;
	if (!archive) {
		arena_free(arena);
		return err_memory(err);
	}
	archive->file = (struct staged)STAGED_INIT;
	archive->sink = (struct sink){
		.type = &sink_docker_archive,
		.arena = arena,
		.fd = -1,
		.start = BLOCK,
		.commit = archive_commit,
		.free = archive_free,
	};
	int r = archive_start(archive, rest, err);
	if (r < 0) {
		archive_free(&archive->sink);
		return r;
	}
	*ret = &archive->sink;
	return 0;
}

const struct sink_type sink_docker_archive = {
	.prefix = "docker-archive",
	.syntax = "docker-archive:FILE[:NAME:TAG]",
	.open = archive_open,
};
