/* SPDX-License-Identifier: Apache-2.0 */
#include "port/published.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "port/depot.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 128 * 1024, SNIFF = 512, TAR_MAGIC_AT = 257 };

struct opening {
	const struct published_kind *kind;
	const struct published_options *options;
	struct arena *arena;
	struct published published;
};

void
published_cleanup(struct published *published)
{
	if (published->bytes)
		(void)munmap(published->bytes, published->size);
	published->bytes = NULL;
	fd_cleanup(&published->fd);
}

/* ---- archives ---- */

static int
failed(struct archive *archive, struct err *err)
{
	const char *text = archive_error_string(archive);
	enum err_kind kind = archive_errno(archive) == ENOMEM ? ERR_MEMORY : ERR_INVALID;

	return err_set(err, kind, "cannot unpack: %.150s", text ? text : "malformed");
}

static int
unpack_member(struct opening *opening, struct archive *archive, int *ret_fd, struct err *err)
{
	CLEANUP(fd_cleanup) int fd = -1;
	CLEANUP(free_cleanup) char *block = malloc(BLOCK);
	uint64_t total = 0;
	la_ssize_t n;
	int r = block ? file_unnamed_in(opening->options->folder, &fd, err) : err_memory(err);

	if (r < 0)
		return r;
	while ((n = archive_read_data(archive, block, BLOCK)) > 0) {
		total += (uint64_t)n;
		if (total > PUBLISHED_DATABASE_MAX)
			return err_set(err, ERR_LIMIT,
				       "%s is longer than PUBLISHED_DATABASE_MAX (%lu)",
				       opening->kind->file, PUBLISHED_DATABASE_MAX);
		r = fd_write_full(fd, (struct span){block, (size_t)n}, err);
		if (r < 0)
			return r;
		progress_step(opening->options->progress, total, 0, "%s", opening->kind->file);
	}
	if (n < 0)
		return failed(archive, err);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int
take_about(struct opening *opening, struct archive *archive, struct err *err)
{
	char *text = arena_alloc(opening->arena, PUBLISHED_ABOUT_MAX + 1);
	size_t total = 0;
	la_ssize_t n = 1;

	if (!text)
		return err_memory(err);
	while (n > 0 && total <= PUBLISHED_ABOUT_MAX) {
		n = archive_read_data(archive, text + total, PUBLISHED_ABOUT_MAX + 1 - total);
		total += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		return failed(archive, err);
	if (total > PUBLISHED_ABOUT_MAX)
		return err_set(err, ERR_LIMIT, "%s is longer than PUBLISHED_ABOUT_MAX (%lu)",
			       opening->kind->about, PUBLISHED_ABOUT_MAX);
	opening->published.about = (struct span){text, total};
	return 0;
}

static bool
is_called(const char *path, const char *name)
{
	return name && span_equal(span_base_name(span_from(path)), span_from(name));
}

static void
archive_cleanup(struct archive **archive)
{
	if (*archive)
		(void)archive_read_free(*archive);
}

/* Takes what is wanted out of the tar that `fd` reads. */
static int
unpack(struct opening *opening, int fd, struct err *err)
{
	CLEANUP(archive_cleanup) struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	uint64_t stated = 0; /* bytes of all members, those that are passed over too */
	size_t members = 0;
	int code;
	int r = 0;

	if (!archive)
		return err_memory(err);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, ERR_IO, errno, "cannot read it");
	(void)archive_read_support_filter_gzip(archive);
	(void)archive_read_support_filter_zstd(archive);
	(void)archive_read_support_format_tar(archive);
	if (archive_read_open_fd(archive, fd, BLOCK) != ARCHIVE_OK)
		return failed(archive, err);
	while (r == 0 && (code = archive_read_next_header(archive, &entry)) != ARCHIVE_EOF) {
		const char *path = code == ARCHIVE_OK || code == ARCHIVE_WARN
					   ? archive_entry_pathname(entry)
					   : NULL;
		if (!path)
			return failed(archive, err);
		int64_t size = archive_entry_size(entry);
		if (++members > PUBLISHED_MEMBERS_MAX)
			return err_set(err, ERR_LIMIT, "more than PUBLISHED_MEMBERS_MAX (%d) files",
				       PUBLISHED_MEMBERS_MAX);
		if (size < 0 || __builtin_add_overflow(stated, (uint64_t)size, &stated) ||
		    stated > PUBLISHED_DATABASE_MAX + PUBLISHED_ABOUT_MAX)
			return err_set(err, ERR_LIMIT,
				       "its files are longer than PUBLISHED_DATABASE_MAX (%lu)",
				       PUBLISHED_DATABASE_MAX);
		if (archive_entry_filetype(entry) != AE_IFREG)
			continue;
		if (is_called(path, opening->kind->file) && opening->published.fd < 0)
			r = unpack_member(opening, archive, &opening->published.fd, err);
		else if (is_called(path, opening->kind->about) && opening->published.about.n == 0)
			r = take_about(opening, archive, err);
	}
	if (r == 0 && opening->published.fd < 0)
		return err_set(err, ERR_NOT_FOUND, "no %s in the archive", opening->kind->file);
	return r;
}

/* ---- files ---- */

static bool
is_archive(const char head[SNIFF], size_t n)
{
	struct span start = {head, n};

	return span_starts_with(start, SPAN("\x1f\x8b")) ||
	       span_starts_with(start, SPAN("\x28\xb5\x2f\xfd")) ||
	       (n == SNIFF && memcmp(head + TAR_MAGIC_AT, "ustar", 5) == 0);
}

static int
take_file(struct opening *opening, int fd, struct err *err)
{
	char head[SNIFF];
	ssize_t n = pread(fd, head, sizeof(head), 0);

	if (n < 0)
		return err_sys(err, ERR_IO, errno, "cannot read it");
	if (is_archive(head, (size_t)n))
		return unpack(opening, fd, err);
	opening->published.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return opening->published.fd < 0 ? err_sys(err, ERR_IO, errno, "cannot keep it open") : 0;
}

/* What stands beside the file; that it is not there is no error. */
static int
read_about(struct opening *opening, const char *folder, struct err *err)
{
	struct span path = arena_printf(opening->arena, "%s/%s", folder,
					opening->kind->about ? opening->kind->about : "");

	if (!path.p)
		return err_memory(err);
	if (!opening->kind->about || access(path.p, F_OK) < 0)
		return 0;
	return file_load(path.p, PUBLISHED_ABOUT_MAX, opening->arena, &opening->published.about,
			 err);
}

/* A folder has the file, or has it in "db" as the cache of its program does. */
static int
open_path(struct opening *opening, const char *path, struct err *err)
{
	static const char *const places[] = {"/", "/db/"};
	CLEANUP(fd_cleanup) int fd = -1;
	struct span file = span_from(path);
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(err, ERR_NOT_FOUND, errno, "%.180s", path);
	for (size_t i = 0; S_ISDIR(st.st_mode) && i < sizeof(places) / sizeof(places[0]); i++) {
		file = arena_printf(opening->arena, "%s%s%s", path, places[i], opening->kind->file);
		if (!file.p)
			return err_memory(err);
		if (access(file.p, F_OK) == 0)
			break;
	}
	int r = file_open(file.p, &st, &fd, err);
	if (r == 0)
		r = take_file(opening, fd, err);
	if (r < 0 || opening->published.about.n > 0)
		return r;
	size_t slash = span_find_last(file, '/');
	struct span folder = slash < file.n
				     ? arena_copy(opening->arena, span_slice(file, 0, slash + 1))
				     : SPAN(".");
	return folder.p ? read_about(opening, folder.p, err) : err_memory(err);
}

/* ---- artifacts ---- */

static int
open_artifact(struct opening *opening, struct span reference, struct err *err)
{
	const struct depot_options options = {.plain_http = opening->options->plain_http,
					      .progress = opening->options->progress};
	CLEANUP(depot_cleanup) struct depot *depot = NULL;
	CLEANUP(fd_cleanup) int fd = -1;
	struct depot_document top;
	struct oci_document document = {.kind = OCI_INDEX};
	int r = depot_open(reference, &options, &depot, err);

	if (r == 0)
		r = depot->top(depot, opening->arena, &top, err);
	if (r == 0)
		r = oci_read(top.document, top.media_type, opening->arena, &document, err);
	if (r < 0)
		return r;
	for (size_t i = 0; document.kind == OCI_MANIFEST && i < document.manifest.layer_count;
	     i++) {
		const struct oci_descriptor *layer = &document.manifest.layers[i];
		const struct depot_blob blob = {layer->digest, layer->size};

		if (!span_equal(layer->media_type, span_from(opening->kind->media_type)))
			continue;
		r = depot->open_blob(depot, &blob, &fd, err);
		return r < 0 ? r : unpack(opening, fd, err);
	}
	return err_set(err, ERR_INVALID, "no artifact with a layer of %s",
		       opening->kind->media_type);
}

/* ---- all ---- */

static int
map_file(struct published *published, struct err *err)
{
	struct stat st;

	if (fstat(published->fd, &st) < 0)
		return err_sys(err, ERR_IO, errno, "cannot read it");
	if (st.st_size == 0)
		return err_set(err, ERR_INVALID, "it is empty");
	if ((uint64_t)st.st_size > PUBLISHED_DATABASE_MAX)
		return err_set(err, ERR_LIMIT, "longer than PUBLISHED_DATABASE_MAX (%lu)",
			       PUBLISHED_DATABASE_MAX);
	void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			   published->fd, 0);
	if (bytes == MAP_FAILED)
		return err_sys(err, ERR_IO, errno, "cannot map it");
	published->bytes = bytes;
	published->size = (size_t)st.st_size;
	return 0;
}

int
published_open(struct span where, const struct published_kind *kind,
	       const struct published_options *options, struct arena *arena, struct published *ret,
	       struct err *err)
{
	struct opening opening = {kind, options, arena, {.fd = -1, .about = {"", 0}}};
	struct span path = arena_copy(arena, where);
	int r;

	if (!path.p)
		return err_memory(err);
	if (where.n == 0)
		return err_set(err, ERR_USAGE, "where it is, is missing");
	if (!kind->media_type || access(path.p, F_OK) == 0 || path.p[0] == '/' || path.p[0] == '.')
		r = open_path(&opening, path.p, err);
	else
		r = open_artifact(&opening, path, err);
	if (r == 0)
		r = map_file(&opening.published, err);
	if (r < 0) {
		published_cleanup(&opening.published);
		return r;
	}
	*ret = opening.published;
	return 0;
}
