/* SPDX-License-Identifier: Apache-2.0 */
/* Random access to the members of a tar file: one pass notes where each one's bytes are. */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/proc.h"
#include "base/vec.h"
#include "port/source/store.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 65536 };

struct member {
	uint64_t offset;
	uint64_t size;
	struct span link; /* a link to this member; empty when it is a file */
	bool scattered;	  /* sparse: its bytes are not in one piece */
};

struct tar {
	struct store store;
	struct arena *arena;
	struct map *by_name;
	VEC(struct member) members;
	int fd;
};

static void
archive_cleanup(struct archive **archive)
{
	if (*archive)
		(void)archive_read_free(*archive);
	*archive = NULL;
}

static int
archive_failed(struct archive *archive, struct err *err)
{
	const char *text = archive_error_string(archive);

	return err_set(err, ERR_INVALID, "not a readable tar archive: %.120s",
		       text ? text : "unknown reason");
}

/*
 * A name as a key: `name` seen from `base` (a folder, for relative links), without "." and "..",
 * and without what would lead out of the archive. .p NULL when it is too long or without memory.
 */
static struct span
member_key(struct tar *tar, struct span base, struct span name)
{
	struct span joined =
		name.n && name.p[0] == '/'
			? arena_copy(tar->arena, name)
			: arena_printf(tar->arena, "%.*s/%.*s", SPAN_ARG(base), SPAN_ARG(name));
	struct span parts[IMAGE_DEPTH_MAX];
	size_t count = 0;
	size_t n = 0;

	if (!joined.p || joined.n > IMAGE_PATH_MAX)
		return (struct span){NULL, 0};
	for (struct span rest = joined; rest.p;) {
		struct span part = span_cut(&rest, '/');

		if (part.n == 0 || span_equal(part, SPAN(".")))
			continue;
		if (span_equal(part, SPAN(".."))) {
			count -= count > 0;
			continue;
		}
		if (count == IMAGE_DEPTH_MAX)
			return (struct span){NULL, 0};
		parts[count++] = part;
	}
	char *key = arena_alloc(tar->arena, joined.n + 1);
	if (!key)
		return (struct span){NULL, 0};
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			key[n++] = '/';
		memcpy(key + n, parts[i].p, parts[i].n);
		n += parts[i].n;
	}
	return (struct span){key, n};
}

static struct span
folder_of(struct span key)
{
	size_t slash = span_find_last(key, '/');

	return slash == key.n ? SPAN("") : span_slice(key, 0, slash);
}

static int
note_member(struct tar *tar, struct archive *archive, struct archive_entry *entry, struct err *err)
{
	const char *name = archive_entry_pathname(entry);
	const char *hard = archive_entry_hardlink(entry);
	const char *soft = archive_entry_symlink(entry);
	struct member member = {0};

	if (!name || (!hard && !soft && archive_entry_filetype(entry) != AE_IFREG))
		return 0;
	struct span key = member_key(tar, SPAN(""), span_from(name));
	if (hard || soft)
		member.link = member_key(tar, hard ? SPAN("") : folder_of(key),
					 span_from(hard ? hard : soft));
	if (!key.p || ((hard || soft) && !member.link.p))
		return err_set(err, ERR_LIMIT, "a member's name is too long: %.80s...", name);
	int64_t size = archive_entry_size(entry);
	la_int64_t at = archive_filter_bytes(archive, 0); /* headers are behind us: data is next */
	if (size < 0 || at < 0)
		return err_set(err, ERR_INVALID, "member %.100s has no size", name);
	member.size = (uint64_t)size;
	member.offset = (uint64_t)at;
	member.scattered = archive_entry_sparse_count(entry) > 0;
	int r = vec_push(&tar->members, &member, ARCHIVE_MEMBERS_MAX, err);
	if (r < 0)
		return err_wrap(err, "members of the archive");
	return map_put(tar->by_name, key, tar->members.count - 1, err);
}

static int
index_members(struct tar *tar, struct err *err)
{
	CLEANUP(archive_cleanup) struct archive *archive = archive_read_new();
	struct archive_entry *entry;
	int r;

	if (!archive)
		return err_memory(err);
	if (lseek(tar->fd, 0, SEEK_SET) < 0)
		return err_sys(err, ERR_IO, errno, "cannot seek");
	(void)archive_read_support_format_tar(archive);
	if (archive_read_open_fd(archive, tar->fd, BLOCK) != ARCHIVE_OK)
		return archive_failed(archive, err);
	while ((r = archive_read_next_header(archive, &entry)) != ARCHIVE_EOF) {
		if (proc_cancel)
			return err_set(err, ERR_CANCELLED, "interrupted");
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return archive_failed(archive, err);
		r = note_member(tar, archive, entry, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static const struct {
	struct span magic;
	const char *name;
} compressions[] = {
	{SPAN_INIT("\x1f\x8b"), "gzip"},
	{SPAN_INIT("\x28\xb5\x2f\xfd"), "zstd"},
	{SPAN_INIT("BZh"), "bzip2"},
	{SPAN_INIT("\xfd\x37zXZ"), "xz"},
};

static bool
is_compressed(int fd)
{
	char head[6] = "";
	ssize_t got = pread(fd, head, sizeof(head), 0);

	for (size_t i = 0; got > 0 && i < sizeof(compressions) / sizeof(compressions[0]); i++) {
		if (span_starts_with((struct span){head, (size_t)got}, compressions[i].magic))
			return true;
	}
	return false;
}

static int
copy_inflated(struct archive *archive, int to, struct err *err)
{
	CLEANUP(free_cleanup) char *chunk = malloc(BLOCK);
	uint64_t total = 0;

	if (!chunk)
		return err_memory(err);
	for (;;) {
		la_ssize_t got = archive_read_data(archive, chunk, BLOCK);

		if (proc_cancel)
			return err_set(err, ERR_CANCELLED, "interrupted");
		if (got < 0)
			return archive_failed(archive, err);
		if (got == 0)
			return 0;
		total += (uint64_t)got;
		int64_t taken = archive_filter_bytes(archive, -1);
		uint64_t packed = taken > 0 ? (uint64_t)taken : 0;
		if (total > LAYER_INFLATED_MAX ||
		    (total > LAYER_RATIO_GRACE && total / LAYER_RATIO_MAX > packed))
			return err_set(err, ERR_LIMIT,
				       "archive inflates to more than %lu GiB, or %d to 1",
				       LAYER_INFLATED_MAX / GIB, LAYER_RATIO_MAX);
		int r = fd_write_full(to, (struct span){chunk, (size_t)got}, err);
		if (r < 0)
			return r;
	}
}

/* Replaces *fd by an unlinked file with what is in the compressed one. */
static int
inflate_whole(int *fd, struct err *err)
{
	CLEANUP(archive_cleanup) struct archive *archive = archive_read_new();
	CLEANUP(fd_cleanup) int plain = -1;
	struct archive_entry *entry;

	if (!archive)
		return err_memory(err);
	int r = file_unnamed(&plain, err);
	if (r < 0)
		return r;
	(void)archive_read_support_filter_gzip(archive);
	(void)archive_read_support_filter_zstd(archive);
	(void)archive_read_support_filter_bzip2(archive);
	(void)archive_read_support_filter_xz(archive);
	(void)archive_read_support_format_raw(archive);
	if (lseek(*fd, 0, SEEK_SET) < 0 ||
	    archive_read_open_fd(archive, *fd, BLOCK) != ARCHIVE_OK ||
	    archive_read_next_header(archive, &entry) != ARCHIVE_OK)
		return archive_failed(archive, err);
	r = copy_inflated(archive, plain, err);
	if (r < 0)
		return r;
	fd_cleanup(fd);
	*fd = TAKE_FD(plain);
	return 0;
}

static int
tar_open(struct store *store, const char *name, struct blob *ret, struct err *err)
{
	struct tar *tar = (struct tar *)store;
	struct span key = member_key(tar, SPAN(""), span_from(name));

	for (int hops = 0; key.p && hops <= SYMLINK_HOPS_MAX; hops++) {
		uint64_t index;

		if (!map_get(tar->by_name, key, &index))
			return err_set(err, ERR_NOT_FOUND, "the archive has no %.160s", name);
		const struct member *member = &tar->members.items[index];
		if (!member->link.p && member->scattered)
			return err_set(err, ERR_UNSUPPORTED, "%.160s is stored as a sparse file",
				       name);
		if (!member->link.p)
			return blob_of_file(tar->fd, false, member->offset, member->size, ret, err);
		key = member->link;
	}
	return err_set(err, ERR_INVALID, "%.160s is a link that goes round in circles", name);
}

static void
tar_free(struct store *store)
{
	struct tar *tar = (struct tar *)store;

	fd_cleanup(&tar->fd);
	vec_free(&tar->members);
	map_free(tar->by_name);
	arena_free(tar->arena);
	free(tar);
}

int
store_tar_fd(int fd, struct store **ret, struct err *err)
{
	CLEANUP(store_cleanup) struct store *owner = NULL;
	CLEANUP(fd_cleanup) int taken = fd;
	struct tar *tar = calloc(1, sizeof(*tar));

	if (!tar)
		return err_memory(err);
	owner = &tar->store;
	tar->store = (struct store){tar_open, tar_free};
	tar->fd = TAKE_FD(taken);
	tar->arena = arena_new(0);
	tar->by_name = map_new(0);
	if (!tar->arena || !tar->by_name)
		return err_memory(err);
	int r = is_compressed(tar->fd) ? inflate_whole(&tar->fd, err) : 0;
	if (r == 0)
		r = index_members(tar, err);
	if (r < 0)
		return r;
	*ret = TAKE(owner);
	return 0;
}

int
store_tar(const char *path, struct store **ret, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return err_sys(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno,
			       "cannot open %s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return err_set(err, ERR_INVALID, "%s is not a plain file", path);
	}
	if (store_tar_fd(fd, ret, err) < 0)
		return err_wrap(err, "%s", path);
	return 0;
}
