/* SPDX-License-Identifier: Apache-2.0 */
/* Images as plain trees: what the kernel says of each file against what the image says. */
#include "group_folder.h"
#include "test.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "hardened.h"
#include "port/unpack.h"

#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static void
need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("skipped: needs root\n");
	skip();
}

static const char *
place(const struct image_entry *entry)
{
	return arena_printf(arena, "%s/tree%.*s", work.p, SPAN_ARG(entry->path)).p;
}

static mode_t
type_of(const struct image_entry *entry)
{
	static const mode_t types[] = {
		[IMAGE_FILE] = S_IFREG,	     [IMAGE_DIRECTORY] = S_IFDIR, [IMAGE_SYMLINK] = S_IFLNK,
		[IMAGE_CHARACTER] = S_IFCHR, [IMAGE_BLOCK] = S_IFBLK,	  [IMAGE_FIFO] = S_IFIFO,
	};

	return types[entry->type];
}

static void
check_content(const struct fixture *fixture, uint32_t index)
{
	const char *path = place(&fixture->image->entries[index]);
	struct span wanted;
	struct span found;

	assert_good(
		contents_load(fixture->contents, fixture->image, index, MIB, arena, &wanted, err));
	assert_good(file_load(path, MIB, arena, &found, err));
	if (!span_equal(wanted, found))
		fail_msg("%s has other content", path);
}

static void
check_xattrs(const struct image *image, const struct image_entry *entry)
{
	char value[IMAGE_XATTR_MAX];

	for (uint32_t i = 0; i < entry->xattrs; i++) {
		const struct image_xattr *xattr = &image->xattrs[entry->first_xattr + i];
		ssize_t n = lgetxattr(place(entry), xattr->name.p, value, sizeof(value));

		if (n < 0)
			fail_msg("%s has no %s", place(entry), xattr->name.p);
		assert_true(span_equal(xattr->value, (struct span){value, (size_t)n}));
	}
}

static void
check_entry(const struct fixture *fixture, uint32_t index)
{
	const struct image_entry *entry = &fixture->image->entries[index];
	const struct image_entry *inode = image_inode(fixture->image, index);
	char target[IMAGE_PATH_MAX];
	struct stat st;
	struct stat first;

	if (lstat(place(entry), &st) < 0 || (st.st_mode & S_IFMT) != type_of(inode))
		fail_msg("%s is not there, or something else", place(entry));
	if (inode->type != IMAGE_SYMLINK)
		assert_int_equal(st.st_mode & 07777, inode->mode);
	assert_int_equal(st.st_uid, inode->uid);
	assert_int_equal(st.st_gid, inode->gid);
	assert_int_equal(st.st_mtim.tv_sec, inode->mtime);
	assert_int_equal(st.st_mtim.tv_nsec, inode->mtime_ns);
	assert_int_equal(lstat(place(inode), &first), 0);
	assert_int_equal(st.st_ino, first.st_ino);
	check_xattrs(fixture->image, inode);
	if (inode->type == IMAGE_FILE) {
		assert_int_equal(st.st_size, inode->size);
		assert_int_equal(st.st_nlink, inode->links);
		check_content(fixture, index);
	}
	if (inode->type == IMAGE_CHARACTER || inode->type == IMAGE_BLOCK)
		assert_int_equal(st.st_rdev, makedev(inode->device_major, inode->device_minor));
	if (inode->type == IMAGE_SYMLINK) {
		ssize_t n = readlink(place(entry), target, sizeof(target));

		assert_true(n > 0 && span_equal(inode->link, (struct span){target, (size_t)n}));
	}
}

static void
make_tree(void)
{
	assert_good(tree_remove(arena_printf(arena, "%s/tree", work.p).p, err));
	assert_good(directory_make(arena_printf(arena, "%s/tree", work.p).p, 0755, err));
}

static int
unpack(const struct fixture *fixture, struct err *err)
{
	return unpack_image(fixture->image, fixture->contents,
			    arena_printf(arena, "%s/tree", work.p).p, err);
}

static void
every_kind_of_entry_is_exact(void **state)
{
	struct fixture fixture;
	struct plan *plan;
	unsigned seen = 0;

	(void)state;
	need_root();
	assert_good(hardened_make(&fixture, &plan, err));
	make_tree();
	assert_good(unpack(&fixture, err));
	for (uint32_t i = 0; i < fixture.image->entry_count; i++) {
		const struct image_entry *entry = &fixture.image->entries[i];

		seen |= 1U << entry->type;
		seen |= entry->links > 1 ? 1U << 8 : 0;
		seen |= entry->xattrs ? 1U << 9 : 0;
		seen |= entry->mode & 06000 ? 1U << 10 : 0;
		check_entry(&fixture, i);
	}
	/* five types, hard links, attributes, set-id bits: all were there to be checked */
	assert_int_equal(seen, 0x2f | 1U << 8 | 1U << 9 | 1U << 10);
	plan_free(plan);
	fixture_free(&fixture);
}

static void
block_devices_are_made(void **state)
{
	static const struct fixture_entry entries[] = {{.path = "/dev/disk",
							.type = IMAGE_BLOCK,
							.mode = 0660,
							.gid = 6,
							.device_major = 259,
							.device_minor = 70000}};
	struct fixture fixture;

	(void)state;
	need_root();
	assert_good(fixture_make(entries, 1, &fixture, err));
	make_tree();
	assert_good(unpack(&fixture, err));
	for (uint32_t i = 0; i < fixture.image->entry_count; i++)
		check_entry(&fixture, i);
	fixture_free(&fixture);
}

/* The bytes themselves are compared with what the image calls them. */
static void
other_bytes_are_noticed(void **state)
{
	static const struct fixture_entry entries[] = {{.path = "/a", .content = "a"},
						       {.path = "/b", .content = "b", .layer = 1}};
	struct fixture fixture;
	struct stat st;
	char bytes[64 * KIB];

	(void)state;
	assert_good(fixture_make(entries, 2, &fixture, err));
	assert_int_equal(fixture.image->layer_count, 2);
	for (uint32_t i = 0; i < 2; i++) {
		int fd = contents_layer_fd(fixture.contents, i);

		assert_int_equal(fstat(fd, &st), 0);
		assert_true((size_t)st.st_size <= sizeof(bytes));
		assert_good(fd_pread_full(fd, bytes, (size_t)st.st_size, 0, err));
		fixture.image->layers[i].inflated = (uint64_t)st.st_size;
		digest_of((struct span){bytes, (size_t)st.st_size},
			  &fixture.image->layers[i].diff_id);
	}
	assert_good(contents_verify(fixture.contents, fixture.image, err));
	assert_int_equal(pwrite(contents_layer_fd(fixture.contents, 1), "c", 1, 0), 1);
	assert_fails(ERR_DIGEST, contents_verify(fixture.contents, fixture.image, err));
	fixture_free(&fixture);
}

/* A long file that is almost all holes takes next to no room, and reads as it should. */
static void
holes_stay_holes(void **state)
{
	static const struct fixture_entry entries[] = {
		{.path = "/sparse", .content = "0123456789"}};
	static struct image_extent extents[] = {{0, 0, 4}, {1 << 30, 4, 6}};
	struct fixture fixture;
	struct stat st;

	(void)state;
	need_root();
	assert_good(fixture_make(entries, 1, &fixture, err));
	struct image_entry *entry =
		&fixture.image->entries[image_find(fixture.image, SPAN("/sparse"))];
	extents[0].layer_offset = entry->offset;
	extents[1].layer_offset = entry->offset + 4;
	fixture.image->extents = extents;
	entry->extents = 2;
	entry->size = (1 << 30) + 6;
	make_tree();
	assert_good(unpack(&fixture, err));
	assert_int_equal(lstat(place(entry), &st), 0);
	assert_int_equal(st.st_size, (1 << 30) + 6);
	assert_true(st.st_blocks < 64);
	FILE *file = fopen(place(entry), "re");
	char found[8] = {0};
	assert_non_null(file);
	assert_int_equal(fread(found, 1, 5, file), 5);
	assert_memory_equal(found, "0123\0", 5);
	assert_int_equal(fseek(file, 1 << 30, SEEK_SET), 0);
	assert_int_equal(fread(found, 1, 6, file), 6);
	assert_memory_equal(found, "456789", 6);
	(void)fclose(file);
	fixture_free(&fixture);
}

/* An overlay above would take them for its own. */
static void
marks_of_overlays_are_left_out(void **state)
{
	static const struct fixture_entry entries[] = {
		{.path = "/opaque",
		 .type = IMAGE_DIRECTORY,
		 .xattr = "trusted.overlay.opaque",
		 .xattr_value = "y"},
	};
	struct fixture fixture;
	char value[8];

	(void)state;
	need_root();
	assert_good(fixture_make(entries, 1, &fixture, err));
	make_tree();
	assert_good(unpack(&fixture, err));
	assert_true(lgetxattr(arena_printf(arena, "%s/tree/opaque", work.p).p,
			      "trusted.overlay.opaque", value, sizeof(value)) < 0);
	fixture_free(&fixture);
}

static void
no_room_is_said_before_it_starts(void **state)
{
	static const struct fixture_entry entries[] = {{.path = "/a", .content = "a"},
						       {.path = "/b", .content = "b"}};
	const char *small = arena_printf(arena, "%s/small", work.p).p;
	struct fixture fixture;
	struct err problem = ERR_INIT;

	(void)state;
	need_root();
	assert_good(directory_make(small, 0755, err));
	if (mount("tmpfs", small, "tmpfs", 0, "size=4k") < 0) {
		print_message("skipped: cannot mount\n");
		skip();
	}
	assert_good(fixture_make(entries, 2, &fixture, err));
	int r = unpack_image(fixture.image, fixture.contents, small, &problem);
	bool untouched = access(arena_printf(arena, "%s/a", small).p, F_OK) < 0;
	assert_int_equal(umount2(small, MNT_DETACH), 0);
	assert_int_equal(r, -ERR_UNSUPPORTED);
	assert_non_null(strstr(problem.text, "TMPDIR"));
	assert_true(untouched);
	fixture_free(&fixture);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_entry_is_exact),
		cmocka_unit_test(block_devices_are_made),
		cmocka_unit_test(other_bytes_are_noticed),
		cmocka_unit_test(holes_stay_holes),
		cmocka_unit_test(marks_of_overlays_are_left_out),
		cmocka_unit_test(no_room_is_said_before_it_starts),
	};

	return cmocka_run_group_tests(tests, group_folder, group_folder_remove);
}
