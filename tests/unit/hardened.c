/* SPDX-License-Identifier: Apache-2.0 */
#include "hardened.h"

#include "base/cleanup.h"

static const struct fixture_entry entries[] = {
	{.path = "/", .type = IMAGE_DIRECTORY, .mode = 0755, .mtime = 1700000000},
	{.path = "/bin", .type = IMAGE_SYMLINK, .link = "usr/bin", .mtime = 1700000001},
	{.path = "/usr/bin", .type = IMAGE_DIRECTORY, .mtime = 1700000002},
	{.path = "/usr/bin/su", .content = "setuid program\n", .mode = 04755, .mtime = 1700000003},
	{.path = "/usr/bin/ping",
	 .content = "program with a capability\n",
	 .mode = 0755,
	 .xattr = "security.capability",
	 .xattr_value = "set below",
	 .mtime = 1700000004},
	{.path = "/usr/bin/perl", .content = "hard linked\n", .mode = 0755, .mtime = 1700000005},
	{.path = "/usr/bin/perl5.36", .hardlink = "/usr/bin/perl"},
	{.path = "/usr/bin/perl5.36.0", .hardlink = "/usr/bin/perl"},
	{.path = "/usr/bin/unused", .content = "goes\n", .mode = 0755, .mtime = 1},
	{.path = "/var/lib/dpkg/status",
	 .content = "Package: a\n\nPackage: b\n",
	 .mtime = 1700000006},
	{.path = "/var/empty", .type = IMAGE_DIRECTORY, .mode = 0700, .uid = 33, .gid = 34},
	{.path = "/tmp", .type = IMAGE_DIRECTORY, .mode = 01777, .mtime = 1700000007},
	{.path = "/dev/null",
	 .type = IMAGE_CHARACTER,
	 .mode = 0666,
	 .device_major = 1,
	 .device_minor = 3,
	 .mtime = 1700000008},
	{.path = "/run/pipe", .type = IMAGE_FIFO, .mode = 0640, .uid = 33, .mtime = 1700000009},
	{.path = "/opt/nothing", .content = "", .mtime = 1700000010},
	{.path = "/opt/sparse", .content = "abcdefghij", .mtime = 1700000011},
	{.path = "/opt/exact", .content = "ns\n", .mtime = 1700000012, .uid = 3000000, .gid = 1000},
	{.path = "/opt/old", .content = "before 1970\n", .mtime = -86400},
	{.path = HARDENED_BYTES, .content = "bytes\n", .mtime = 1700000013},
	{.path = HARDENED_LONG, .content = "long\n", .mtime = 1700000014},
	{.path = "/opt/link-with-a-long-target", .type = IMAGE_SYMLINK, .link = HARDENED_LONG},
	{.path = "/srv/gone", .content = "goes\n"},
};

static const char *const removed[] = {"/usr/bin/unused", "/usr/bin/perl", "/srv", "/srv/gone"};

enum { HOLE = 4096, SPARSE_SIZE = 1024 * 1024 };

static int
make_sparse(struct image *image, struct err *err)
{
	uint32_t index = image_find(image, SPAN("/opt/sparse"));
	struct image_extent *extents = arena_array(image->arena, 2, sizeof(*extents));

	if (index == IMAGE_NONE || !extents)
		return err_memory(err);
	struct image_entry *entry = &image->entries[index];
	extents[0] = (struct image_extent){HOLE, entry->offset, 5};
	extents[1] = (struct image_extent){SPARSE_SIZE - HOLE, entry->offset + 5, 5};
	entry->size = SPARSE_SIZE;
	entry->first_extent = 0;
	entry->extents = 2;
	image->extents = extents;
	image->entries[image_find(image, SPAN("/opt/exact"))].mtime_ns = 123456789;
	return 0;
}

/* cap_net_raw=ep, as linux/capability.h lays out revision 2; it holds NUL bytes. */
static void
set_capability(struct image *image)
{
	static const char value[20] = {1, 0, 0, 2, 0, 0x20};
	const struct image_entry *entry = &image->entries[image_find(image, SPAN("/usr/bin/ping"))];

	image->xattrs[entry->first_xattr].value = (struct span){value, sizeof(value)};
}

static void
fill_config(struct image *image)
{
	static const char config[] =
		"{\"architecture\":\"amd64\",\"os\":\"linux\",\"created\":\"2026-01-02T03:04:05Z\","
		"\"config\":{\"User\":\"33:34\",\"Cmd\":[\"/usr/bin/su\"],\"Labels\":{\"a\":\"b\"},"
		"\"x-own\":{\"z\":1,\"y\":[2.5]}},\"history\":[{\"created_by\":\"one\"},"
		"{\"created_by\":\"two\",\"empty_layer\":true}],\"rootfs\":{\"type\":\"layers\","
		"\"diff_ids\":[\"sha256:0\"]},\"unknown.member\":true}";

	image->config.json = span_from(config);
	image->reference = SPAN("registry.example.com/app:1");
	digest_of(SPAN("manifest"), &image->manifest_digest);
}

static int
make_plan(const struct image *image, struct plan **ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct plan *plan = arena ? arena_alloc(arena, sizeof(*plan)) : NULL;

	if (!plan)
		return err_memory(err);
	plan->entries = arena_array(arena, image->entry_count, sizeof(*plan->entries));
	plan->rewrites = arena_array(arena, 1, sizeof(*plan->rewrites));
	if (!plan->entries || !plan->rewrites)
		return err_memory(err);
	plan->entry_count = image->entry_count;
	for (size_t i = 0; i < image->entry_count; i++)
		plan->entries[i] =
			(struct plan_entry){.keep = true, .reason = REASON_USED, .via = IMAGE_NONE};
	for (size_t i = 0; i < sizeof(removed) / sizeof(removed[0]); i++)
		plan->entries[image_find(image, span_from(removed[i]))].keep = false;
	plan->rewrite_count = 1;
	plan->rewrites[0] = (struct plan_rewrite){image_find(image, SPAN("/var/lib/dpkg/status")),
						  SPAN("Package: a\n")};
	plan->arena = TAKE(arena);
	*ret = plan;
	return 0;
}

int
hardened_make(struct fixture *ret_fixture, struct plan **ret_plan, struct err *err)
{
	struct fixture fixture;
	int r = fixture_make(entries, sizeof(entries) / sizeof(entries[0]), &fixture, err);

	if (r < 0)
		return r;
	fill_config(fixture.image);
	set_capability(fixture.image);
	r = make_sparse(fixture.image, err);
	if (r == 0)
		r = make_plan(fixture.image, ret_plan, err);
	if (r < 0) {
		fixture_free(&fixture);
		return r;
	}
	*ret_fixture = fixture;
	return 0;
}
