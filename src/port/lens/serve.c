/* SPDX-License-Identifier: Apache-2.0 */
/* The FUSE operations. Inode number = index of the inode's first entry + 1. */
#include "port/lens/serve.h"

#include "base/buf.h"
#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

enum {
	SECONDS_KEPT = 86400 * 365, /* how long the kernel may keep names and attributes */
	BLOCK = 4096,
	READ_MAX = 1024 * 1024, /* bytes one request may ask for */
	LIST_MAX = 1024 * 1024,
};

static const mode_t mode_of_type[] = {
	[IMAGE_FILE] = S_IFREG,	     [IMAGE_DIRECTORY] = S_IFDIR, [IMAGE_SYMLINK] = S_IFLNK,
	[IMAGE_CHARACTER] = S_IFCHR, [IMAGE_BLOCK] = S_IFBLK,	  [IMAGE_FIFO] = S_IFIFO,
};

static struct lens_server *
server_of(fuse_req_t req)
{
	struct lens_server *server = fuse_req_userdata(req);

	atomic_fetch_add_explicit(&server->records.header->requests, 1, memory_order_relaxed);
	return server;
}

/* NULL for a number the kernel was never given. */
static const struct image_entry *
inode_at(const struct lens_server *server, fuse_ino_t ino)
{
	const struct image *image = server->image;

	if (ino == 0 || ino > image->entry_count || image->entries[ino - 1].inode != ino - 1)
		return NULL;
	return &image->entries[ino - 1];
}

/* By the name this inode was last looked up by: a request on an inode does not say. */
static void
use_inode(struct lens_server *server, fuse_ino_t ino, enum profile_use use, fuse_req_t req)
{
	uint32_t entry = atomic_load_explicit(&server->last_name[ino - 1], memory_order_relaxed);

	lens_use(server, entry, use, fuse_req_ctx(req)->pid);
}

static void
know(struct lens_server *server, uint32_t entry, enum lens_known what)
{
	atomic_fetch_or_explicit(&server->known[entry], (uint8_t)what, memory_order_relaxed);
}

static uint64_t
stored_bytes(const struct image *image, const struct image_entry *inode)
{
	uint64_t sum = 0;

	if (!inode->extents)
		return inode->size;
	for (uint32_t i = 0; i < inode->extents; i++)
		sum += image->extents[inode->first_extent + i].length;
	return sum;
}

static uint64_t
size_of(const struct image_entry *inode)
{
	if (inode->type == IMAGE_DIRECTORY)
		return BLOCK;
	return inode->type == IMAGE_SYMLINK ? inode->link.n : inode->size;
}

static void
fill_stat(const struct lens_server *server, const struct image_entry *inode, struct stat *st)
{
	uint32_t index = (uint32_t)(inode - server->image->entries);
	struct timespec time = {.tv_sec = inode->mtime, .tv_nsec = (long)inode->mtime_ns};

	*st = (struct stat){
		.st_ino = index + 1,
		.st_mode = mode_of_type[inode->type] | (inode->mode & 07777),
		.st_nlink = inode->type == IMAGE_DIRECTORY ? 2 + server->directories[index]
							   : inode->links,
		.st_uid = inode->uid,
		.st_gid = inode->gid,
		.st_rdev = makedev(inode->device_major, inode->device_minor),
		.st_size = (off_t)size_of(inode),
		.st_blksize = BLOCK,
		.st_blocks = (blkcnt_t)((stored_bytes(server->image, inode) + 511) / 512),
		.st_atim = time,
		.st_mtim = time,
		.st_ctim = time,
	};
}

/* Index of the entry `name` in the directory, or IMAGE_NONE. */
static uint32_t
find_child(const struct lens_server *server, const struct image_entry *directory, struct span name)
{
	char path[IMAGE_PATH_MAX];
	size_t n = directory->path.n == 1 ? 0 : directory->path.n;

	if (n + 1 + name.n > sizeof(path))
		return IMAGE_NONE;
	memcpy(path, directory->path.p, n);
	path[n] = '/';
	memcpy(path + n + 1, name.p, name.n);
	return image_find(server->image, (struct span){path, n + 1 + name.n});
}

static void
reply_entry(fuse_req_t req, struct lens_server *server, uint32_t child)
{
	const struct image_entry *inode = image_inode(server->image, child);
	uint32_t index = server->image->entries[child].inode;
	struct fuse_entry_param entry = {
		.ino = index + 1,
		.generation = 1,
		.attr_timeout = SECONDS_KEPT,
		.entry_timeout = SECONDS_KEPT,
	};

	fill_stat(server, inode, &entry.attr);
	atomic_store_explicit(&server->last_name[index], child, memory_order_relaxed);
	know(server, child, KNOWN_NAME);
	lens_use(server, child, USE_LOOKUP, fuse_req_ctx(req)->pid);
	(void)fuse_reply_entry(req, &entry);
}

static void
reply_missing(fuse_req_t req, struct lens_server *server, uint32_t directory, struct span name)
{
	struct fuse_entry_param none = {.entry_timeout = SECONDS_KEPT};

	if (lens_miss(server, directory, name, fuse_req_ctx(req)->pid))
		(void)fuse_reply_entry(req, &none);
	else
		(void)fuse_reply_err(req, ENOENT);
}

static void
serve_lookup(fuse_req_t req, fuse_ino_t parent, const char *text)
{
	struct lens_server *server = server_of(req);
	const struct image_entry *directory = inode_at(server, parent);
	struct span name = span_from(text);

	if (!directory || directory->type != IMAGE_DIRECTORY) {
		(void)fuse_reply_err(req, ENOTDIR);
		return;
	}
	if (name.n > IMAGE_NAME_MAX) {
		(void)fuse_reply_err(req, ENAMETOOLONG);
		return;
	}
	use_inode(server, parent, USE_LOOKUP, req);

	uint32_t child = find_child(server, directory, name);
	if (child == IMAGE_NONE)
		reply_missing(req, server, (uint32_t)(parent - 1), name);
	else
		reply_entry(req, server, child);
}

static void
serve_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
	struct lens_server *server = server_of(req);
	const struct image_entry *inode = inode_at(server, ino);
	struct stat st;

	(void)file;
	if (!inode) {
		(void)fuse_reply_err(req, ESTALE);
		return;
	}
	use_inode(server, ino, USE_LOOKUP, req);
	fill_stat(server, inode, &st);
	(void)fuse_reply_attr(req, &st, SECONDS_KEPT);
}

static void
serve_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct lens_server *server = server_of(req);
	const struct image_entry *inode = inode_at(server, ino);
	char target[IMAGE_PATH_MAX + 1];

	if (!inode || inode->type != IMAGE_SYMLINK || inode->link.n > IMAGE_PATH_MAX) {
		(void)fuse_reply_err(req, EINVAL);
		return;
	}
	know(server, (uint32_t)(ino - 1), KNOWN_DATA);
	use_inode(server, ino, USE_READLINK, req);
	memcpy(target, inode->link.p, inode->link.n);
	target[inode->link.n] = '\0';
	(void)fuse_reply_readlink(req, target);
}

/* The kernel then opens by itself and asks no more. */
static void
serve_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
	(void)ino;
	(void)file;
	(void)server_of(req);
	(void)fuse_reply_err(req, ENOSYS);
}

static void
read_sparse(fuse_req_t req, struct lens_server *server, uint32_t index, uint64_t offset, size_t n)
{
	CLEANUP(free_cleanup) char *p = malloc(n ? n : 1);
	struct err err = ERR_INIT;
	size_t got;

	if (!p)
		(void)fuse_reply_err(req, ENOMEM);
	else if (contents_read(server->contents, server->image, index, offset, p, n, &got, &err) <
		 0)
		(void)fuse_reply_err(req, EIO);
	else
		(void)fuse_reply_buf(req, p, got);
}

static void
serve_read(fuse_req_t req, fuse_ino_t ino, size_t n, off_t at, struct fuse_file_info *file)
{
	struct lens_server *server = server_of(req);
	const struct image_entry *inode = inode_at(server, ino);
	uint64_t offset = (uint64_t)at;

	(void)file;
	if (!inode || inode->type != IMAGE_FILE || at < 0) {
		(void)fuse_reply_err(req, EINVAL);
		return;
	}
	know(server, (uint32_t)(ino - 1), KNOWN_DATA);
	use_inode(server, ino, USE_READ, req);

	size_t left = offset < inode->size ? (size_t)(inode->size - offset) : 0;
	n = n < left ? n : left;
	n = n < READ_MAX ? n : READ_MAX;
	if (n == 0) {
		(void)fuse_reply_buf(req, NULL, 0);
		return;
	}
	lens_records_touch(&server->records, (uint32_t)(ino - 1), offset, n);
	if (inode->extents) {
		read_sparse(req, server, (uint32_t)(ino - 1), offset, n);
		return;
	}
	struct fuse_bufvec bytes = FUSE_BUFVEC_INIT(n);
	bytes.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
	bytes.buf[0].fd = contents_layer_fd(server->contents, inode->layer);
	bytes.buf[0].pos = (off_t)(inode->offset + offset);
	if (bytes.buf[0].fd < 0)
		(void)fuse_reply_err(req, EIO);
	else
		(void)fuse_reply_data(req, &bytes, 0);
}

/* Offsets: 1 behind ".", 2 behind "..", 3 + i behind the child with index i. */
static uint32_t
list_from(const struct image *image, uint32_t directory, off_t offset, bool *ret_good)
{
	uint64_t index = (uint64_t)offset - 3;

	*ret_good = true;
	if (offset >= 0 && offset <= 2)
		return image->entries[directory].first_child;
	if (offset > 2 && index < image->entry_count && image->entries[index].parent == directory &&
	    index != directory)
		return image->entries[index].next_sibling;
	*ret_good = false;
	return IMAGE_NONE;
}

struct listing {
	fuse_req_t req;
	const struct image *image;
	char *p;
	size_t n;
	size_t size;
};

/* False when it does not fit. */
static bool
list_one(struct listing *listing, struct span name, uint32_t index, uint64_t next)
{
	const struct image_entry *inode = image_inode(listing->image, index);
	struct stat st = {
		.st_ino = (ino_t)(inode - listing->image->entries) + 1,
		.st_mode = mode_of_type[inode->type],
	};
	char text[IMAGE_NAME_MAX + 1];

	if (name.n > IMAGE_NAME_MAX)
		return true;
	memcpy(text, name.p, name.n);
	text[name.n] = '\0';

	size_t left = listing->size - listing->n;
	size_t need = fuse_add_direntry(listing->req, listing->p + listing->n, left, text, &st,
					(off_t)next);
	if (need > left)
		return false;
	listing->n += need;
	return true;
}

static void
fill_listing(struct listing *listing, uint32_t directory, off_t offset, uint32_t child)
{
	const struct image_entry *entries = listing->image->entries;

	if (offset < 1 && !list_one(listing, SPAN("."), directory, 1))
		return;
	if (offset < 2 && !list_one(listing, SPAN(".."), entries[directory].parent, 2))
		return;
	for (; child != IMAGE_NONE; child = entries[child].next_sibling)
		if (!list_one(listing, image_name(&entries[child]), child, (uint64_t)child + 3))
			return;
}

static void
serve_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
	      struct fuse_file_info *file)
{
	struct lens_server *server = server_of(req);
	const struct image_entry *inode = inode_at(server, ino);
	uint32_t directory = (uint32_t)(ino - 1);
	bool good = false;
	uint32_t child = IMAGE_NONE;

	(void)file;
	if (inode && inode->type == IMAGE_DIRECTORY)
		child = list_from(server->image, directory, offset, &good);
	if (!good) {
		(void)fuse_reply_err(req, EINVAL);
		return;
	}
	know(server, directory, KNOWN_DATA);
	use_inode(server, ino, USE_LIST, req);

	size = size < LIST_MAX ? size : LIST_MAX;
	CLEANUP(free_cleanup) char *p = malloc(size ? size : 1);
	struct listing listing = {.req = req, .image = server->image, .p = p, .size = size};
	if (!p) {
		(void)fuse_reply_err(req, ENOMEM);
		return;
	}
	fill_listing(&listing, directory, offset, child);
	(void)fuse_reply_buf(req, listing.p, listing.n);
}

static const struct image_xattr *
find_xattr(const struct lens_server *server, const struct image_entry *inode, struct span name)
{
	for (uint32_t i = 0; i < inode->xattrs; i++) {
		const struct image_xattr *xattr = &server->image->xattrs[inode->first_xattr + i];

		if (span_equal(xattr->name, name))
			return xattr;
	}
	return NULL;
}

/* An overlay's own marks mean nothing in an image, and would change what the overlay above shows.
 */
static bool
is_overlay_mark(struct span name)
{
	return span_starts_with(name, SPAN("trusted.overlay.")) ||
	       span_starts_with(name, SPAN("user.overlay."));
}

static void
reply_sized(fuse_req_t req, struct span value, size_t size)
{
	if (size == 0)
		(void)fuse_reply_xattr(req, value.n);
	else if (value.n > size)
		(void)fuse_reply_err(req, ERANGE);
	else
		(void)fuse_reply_buf(req, value.p, value.n);
}

static void
serve_getxattr(fuse_req_t req, fuse_ino_t ino, const char *text, size_t size)
{
	struct lens_server *server = server_of(req);
	const struct image_entry *inode = inode_at(server, ino);
	struct span name = span_from(text);
	const struct image_xattr *xattr = NULL;

	if (inode && !is_overlay_mark(name)) {
		use_inode(server, ino, USE_XATTR, req);
		xattr = find_xattr(server, inode, name);
	}
	if (xattr)
		reply_sized(req, xattr->value, size);
	else
		(void)fuse_reply_err(req, ENODATA);
}

static void
serve_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	struct lens_server *server = server_of(req);
	const struct image_entry *inode = inode_at(server, ino);
	CLEANUP(buf_cleanup) struct buf names = BUF_INIT(IMAGE_XATTR_MAX);
	struct err err = ERR_INIT;
	int r = 0;

	if (inode)
		use_inode(server, ino, USE_XATTR, req);
	for (uint32_t i = 0; inode && r == 0 && i < inode->xattrs; i++) {
		struct span name = server->image->xattrs[inode->first_xattr + i].name;

		if (is_overlay_mark(name))
			continue;
		r = buf_append(&names, name, &err);
		if (r == 0)
			r = buf_byte(&names, '\0', &err);
	}
	if (r < 0)
		(void)fuse_reply_err(req, E2BIG);
	else
		reply_sized(req, buf_span(&names), size);
}

static void
serve_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct lens_server *server = server_of(req);
	uint64_t bytes = 0;

	(void)ino;
	for (size_t i = 0; i < server->image->layer_count; i++)
		bytes += server->image->layers[i].inflated;
	struct statvfs st = {
		.f_bsize = BLOCK,
		.f_frsize = BLOCK,
		.f_blocks = bytes / BLOCK,
		.f_files = server->image->entry_count,
		.f_namemax = IMAGE_NAME_MAX,
	};
	(void)fuse_reply_statfs(req, &st);
}

static void
serve_init(void *userdata, struct fuse_conn_info *connection)
{
	struct lens_server *server = userdata;
	unsigned wanted = FUSE_CAP_ASYNC_READ | FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_CACHE_SYMLINKS |
			  FUSE_CAP_NO_OPEN_SUPPORT | FUSE_CAP_NO_OPENDIR_SUPPORT |
			  FUSE_CAP_EXPLICIT_INVAL_DATA | FUSE_CAP_SPLICE_WRITE |
			  FUSE_CAP_SPLICE_MOVE | FUSE_CAP_EXPIRE_ONLY;

	if (server->has_acls)
		wanted |= FUSE_CAP_POSIX_ACL;
	connection->want = wanted & connection->capable;
	connection->max_read = READ_MAX;
	/* What the kernel reads ahead was not asked for. */
	connection->max_readahead = server->records.pages ? 0 : READ_MAX;
	connection->max_background = 64;
	server->can_expire = connection->capable & FUSE_CAP_EXPIRE_ONLY;
	lens_ready(server);
}

const struct fuse_lowlevel_ops lens_operations = {
	.init = serve_init,
	.lookup = serve_lookup,
	.getattr = serve_getattr,
	.readlink = serve_readlink,
	.open = serve_open,
	.read = serve_read,
	.opendir = serve_open,
	.readdir = serve_readdir,
	.getxattr = serve_getxattr,
	.listxattr = serve_listxattr,
	.statfs = serve_statfs,
};
