/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of packages: fates, the rewritten dpkg database, whole packages, why. */
#include "scene.h"
#include "test.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/proc.h"
#include "stage/inventory.h"
#include "stage/why.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RUN = USE_LOOKUP | USE_READ };

static struct scene_elf plain = {.soname = NULL};

static enum component_fate
fate_of(const struct scene *scene, const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < scene->components.count; i++) {
		if (span_equal(scene->components.items[i].name, span_from(name)))
			return plan->components[i].fate;
	}
	fail_msg("no package %s", name);
	return FATE_KEPT;
}

static void
records_leave_with_their_code(void **state)
{
	static const struct {
		const char *path;
		uint32_t mode;
		const char *content;
		enum component_fate fate;
	} cases[] = {
		{"/p/table.dat", 0644, "data", FATE_DATA},
		{"/p/app.conf", 0644, "key = value\n", FATE_DATA},
		{"/p/script", 0644, "#!/bin/sh\n", FATE_KEPT},
		{"/p/mod.py", 0644, "import os\n", FATE_KEPT},
		{"/p/mod.pyc", 0644, "\x0d", FATE_KEPT},
		{"/p/old.jar", 0644, "PK\003\004", FATE_KEPT},
		{"/p/renamed", 0644, "PK\003\004zip", FATE_KEPT},
		{"/p/Main", 0644, "\xca\xfe\xba\xbe", FATE_KEPT},
		{"/p/elf.txt", 0644, "\177ELF damaged", FATE_KEPT},
		{"/p/plain", 0755, "echo no shebang\n", FATE_KEPT},
		{"/p/lib.a", 0644, "!<arch>\n", FATE_KEPT},
		{"/p/x.lua", 0644, "return 1", FATE_KEPT},
		{"/p/empty", 0755, "", FATE_DATA},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const files[] = {"/p", cases[i].path, "/p/other.so", NULL};
		struct scene scene;

		scene_open(&scene);
		scene_elf(&scene, "/app", &plain);
		scene_file(&scene, cases[i].path, cases[i].mode, cases[i].content);
		scene_elf(&scene, "/p/other.so", &plain);
		scene_close(&scene);
		scene_package(&scene, "p", files);
		scene_use(&scene, "/app", RUN);
		scene_use(&scene, cases[i].path, RUN);

		struct plan *plan = scene_plan(&scene);
		if (fate_of(&scene, plan, "p") != cases[i].fate)
			fail_msg("%s", cases[i].path);
		assert_int_equal(plan->components[0].files_kept, 1);
		assert_int_equal(plan->components[0].files_total, 2);
		assert_int_equal(plan->orphan_count, cases[i].fate == FATE_DATA);
		plan_free(plan);
		scene_free(&scene);
	}
}

static void
hard_links_and_shared_files(void **state)
{
	static const char *const linked[] = {"/l/name", NULL};
	static const char *const gone[] = {"/g/x.so", NULL};
	static const char *const first[] = {"/s/shared.conf", "/s/code.so", NULL};
	static const char *const second[] = {"/s/shared.conf", NULL};
	static const char *const unknown[] = {NULL};
	struct scene scene;

	(void)state;
	scene_open(&scene);
	scene_elf(&scene, "/l/name", &plain);
	scene_entry(&scene, &(struct fixture_entry){.path = "/bin/app", .hardlink = "/l/name"});
	scene_elf(&scene, "/g/x.so", &plain);
	scene_file(&scene, "/s/shared.conf", 0644, "x");
	scene_elf(&scene, "/s/code.so", &plain);
	scene_close(&scene);
	scene_package(&scene, "linked", linked);
	scene_package(&scene, "gone", gone);
	scene_package(&scene, "first", first);
	scene_package(&scene, "second", second);
	scene_package(&scene, "unknown", unknown);
	scene_use(&scene, "/bin/app", RUN);
	scene_use(&scene, "/s/shared.conf", RUN);
	scene_use(&scene, "/s/code.so", RUN);

	struct plan *plan = scene_plan(&scene);
	assert_false(scene_keeps(&scene, plan, "/l/name"));
	assert_int_equal(fate_of(&scene, plan, "linked"), FATE_KEPT);
	assert_int_equal(fate_of(&scene, plan, "gone"), FATE_REMOVED);
	assert_int_equal(fate_of(&scene, plan, "first"), FATE_KEPT);
	assert_int_equal(fate_of(&scene, plan, "second"), FATE_DATA);
	assert_int_equal(fate_of(&scene, plan, "unknown"), FATE_KEPT);
	assert_true(scene_has_gap(plan, "unknown", "files are not known"));
	assert_int_equal(plan->orphan_count, 0); /* the shared file has an owner on record */
	plan_free(plan);
	scene_free(&scene);
}

static void
copies_under_other_names_count(void **state)
{
	static const char *const owned[] = {"/usr/bin/tool", NULL};
	struct scene scene;

	(void)state;
	for (int copied = 0; copied < 2; copied++) {
		scene_open(&scene);
		scene_elf(&scene, "/app", &(struct scene_elf){.soname = "app"});
		scene_elf(&scene, "/usr/bin/tool", &(struct scene_elf){.soname = "tool"});
		scene_elf(&scene, "/opt/mytool",
			  &(struct scene_elf){.soname = copied ? "tool" : "tolo"});
		scene_close(&scene);
		struct component_file *file = scene_package(&scene, "tool", owned)->files;
		file->digest_of = FILE_DIGEST_MD5;
		assert_int_equal(EVP_Q_digest(NULL, "MD5", NULL, scene.entries.items[1].content,
					      scene.entries.items[1].size, file->digest, NULL),
				 1);
		scene_use(&scene, "/app", RUN);
		scene_use(&scene, "/opt/mytool", RUN);

		struct plan *plan = scene_plan(&scene);
		assert_false(scene_keeps(&scene, plan, "/usr/bin/tool"));
		assert_int_equal(fate_of(&scene, plan, "tool"), copied ? FATE_KEPT : FATE_REMOVED);
		if (copied)
			assert_int_equal(plan->components[0].because,
					 image_find(scene.fixture.image, SPAN("/opt/mytool")));
		plan_free(plan);
		scene_free(&scene);
	}
}

static void
licences_of_what_stays(void **state)
{
	static const char *const app[] = {"/bin/app", "/usr/share/doc/app", NULL};
	static const char *const base[] = {"/usr/share/doc/base/copyright", NULL};
	static const char *const gone[] = {"/bin/gone", "/usr/share/doc/gone/copyright", NULL};
	struct scene scene;

	(void)state;
	scene_open(&scene);
	scene_elf(&scene, "/bin/app", &plain);
	scene_elf(&scene, "/bin/gone", &plain);
	scene_link(&scene, "/usr/share/doc/app", "base");
	scene_file(&scene, "/usr/share/doc/base/copyright", 0644,
		   "See `/usr/share/common-licenses/GPL-2' or /usr/share/common-licenses/BSD.\n");
	scene_file(&scene, "/usr/share/doc/gone/copyright", 0644,
		   "/usr/share/common-licenses/MPL\n");
	scene_file(&scene, "/usr/share/common-licenses/GPL-2", 0644, "GPL");
	scene_file(&scene, "/usr/share/common-licenses/BSD", 0644, "BSD");
	scene_file(&scene, "/usr/share/common-licenses/MPL", 0644, "MPL");
	scene_close(&scene);
	scene_package(&scene, "app", app);
	scene_package(&scene, "base", base);
	scene_package(&scene, "gone", gone);
	scene_use(&scene, "/bin/app", RUN);

	struct plan *plan = scene_plan(&scene);
	assert_int_equal(scene_reason(&scene, plan, "/usr/share/doc/base/copyright"),
			 REASON_LICENCE);
	assert_int_equal(scene_reason(&scene, plan, "/usr/share/doc/app"), REASON_LINK);
	assert_true(scene_keeps(&scene, plan, "/usr/share/common-licenses/GPL-2"));
	assert_true(scene_keeps(&scene, plan, "/usr/share/common-licenses/BSD"));
	assert_false(scene_keeps(&scene, plan, "/usr/share/common-licenses/MPL"));
	assert_false(scene_keeps(&scene, plan, "/usr/share/doc/gone/copyright"));
	assert_int_equal(fate_of(&scene, plan, "base"), FATE_DATA);
	plan_free(plan);
	scene_free(&scene);
}

static void
whole_packages_and_their_dependencies(void **state)
{
	static const char *const app[] = {"/bin/app", "/usr/share/app/extra", NULL};
	static const char *const lib[] = {"/lib/liba.so", "/usr/share/lib/data", NULL};
	static const char *const mta[] = {"/sbin/mta", NULL};
	/* a link to a folder that is in use belongs to all who list it */
	static const char *const other[] = {"/bin/other", "/data", NULL};
	struct scene scene;

	(void)state;
	scene_open(&scene);
	scene_link(&scene, "/data", "usr/share/app");
	scene_elf(&scene, "/bin/app", &plain);
	scene_file(&scene, "/usr/share/app/extra", 0644, "x");
	scene_elf(&scene, "/lib/liba.so", &plain);
	scene_file(&scene, "/usr/share/lib/data", 0644, "x");
	scene_elf(&scene, "/sbin/mta", &plain);
	scene_elf(&scene, "/bin/other", &plain);
	scene_close(&scene);
	scene_package(&scene, "app", app)->depends =
		SPAN("none | liba:any (>= 2) [amd64] | other, mail-agent");
	scene_package(&scene, "liba", lib)->depends = SPAN("app");
	scene_package(&scene, "mta", mta)->provides = SPAN("x, mail-agent (= 1)");
	scene_package(&scene, "other", other);
	scene_use(&scene, "/bin/app", RUN);
	scene_use(&scene, "/data", USE_LOOKUP | USE_READLINK);

	struct plan *plan = scene_plan(&scene);
	assert_true(scene_keeps(&scene, plan, "/data"));
	assert_false(scene_keeps(&scene, plan, "/usr/share/app/extra"));
	assert_false(scene_keeps(&scene, plan, "/lib/liba.so"));
	plan_free(plan);

	scene.service.granularity = GRANULARITY_PACKAGE;
	plan = scene_plan(&scene);
	assert_int_equal(scene_reason(&scene, plan, "/usr/share/app/extra"), REASON_PACKAGE);
	assert_true(scene_keeps(&scene, plan, "/lib/liba.so"));
	assert_true(scene_keeps(&scene, plan, "/usr/share/lib/data"));
	assert_true(scene_keeps(&scene, plan, "/sbin/mta"));
	assert_false(scene_keeps(&scene, plan, "/bin/other"));
	plan_free(plan);
	scene_free(&scene);
}

/* A database with the cases dpkg has: merged /usr, Multi-Arch, conffiles, diversions. */
#define STANZA(name, extra)                                                                        \
	"Package: " name "\nStatus: install ok installed\nMaintainer: x <x@example.org>\n"         \
	"Architecture: amd64\n" extra "Version: 1.0\nDescription: x\n long\n"

static const char app_stanza[] = STANZA("app", "Conffiles:\n /etc/app.conf 0 obsolete\n"
					       " /etc/app.gone d41d8cd98f00b204e9800998ecf8427e\n");
static const char lib_stanza[] = STANZA("libx", "Multi-Arch: same\n");
static const char gone_stanza[] = STANZA("gone", "");
static const char data_stanza[] = STANZA("data", "");
static const char old_stanza[] = "Package: old\nStatus: deinstall ok config-files\n"
				 "Maintainer: x <x@example.org>\nArchitecture: amd64\n"
				 "Version: 1.0\nDescription: x\n";

static void
md5_line(struct scene *scene, const char *path, const char *listed, struct span *out)
{
	uint8_t bytes[EVP_MAX_MD_SIZE];
	char hex[33];
	size_t n = 0;

	for (size_t i = 0; i < scene->entries.count; i++) {
		const struct fixture_entry *entry = &scene->entries.items[i];

		if (strcmp(entry->path, path) == 0)
			assert_int_equal(
				EVP_Q_digest(NULL, "MD5", NULL, entry->content,
					     entry->size ? entry->size : strlen(entry->content),
					     bytes, &n),
				1);
	}
	assert_int_equal(n, 16);
	for (size_t i = 0; i < n; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	*out = arena_printf(scene->arena, "%.*s%s  %s\n", SPAN_ARG(*out), hex, listed);
}

#define INFO "/var/lib/dpkg/info/"

static void
open_debian(struct scene *scene)
{
	struct span app = {"", 0};
	struct span lib = {"", 0};

	scene_open(scene);
	scene_elf(scene, "/usr/bin/app", &(struct scene_elf){.needed = {"libx.so.1"}});
	scene_elf(scene, "/usr/bin/app.div", &plain);
	scene_elf(scene, "/usr/lib/libx.so.1", &plain);
	scene_elf(scene, "/usr/bin/gone", &plain);
	scene_file(scene, "/etc/app.conf", 0644, "a");
	scene_file(scene, "/etc/app.gone", 0644, "");
	scene_file(scene, "/usr/share/data/table", 0644, "1 2 3\n");
	scene_file(scene, "/usr/share/man/app.1", 0644, "man");
	scene_link(scene, "/bin", "usr/bin");
	scene_link(scene, "/lib", "usr/lib");
	md5_line(scene, "/usr/bin/app", "bin/app", &app);
	md5_line(scene, "/usr/share/man/app.1", "usr/share/man/app.1", &app);
	md5_line(scene, "/usr/lib/libx.so.1", "lib/libx.so.1", &lib);
	scene_file(scene, "/var/lib/dpkg/status", 0644,
		   arena_printf(scene->arena, "%s\n%s\n%s\n%s\n%s\n", app_stanza, data_stanza,
				gone_stanza, lib_stanza, old_stanza)
			   .p);
	scene_file(scene, "/var/lib/dpkg/status-old", 0644, gone_stanza);
	scene_file(scene, "/var/lib/dpkg/lock", 0640, "");
	scene_file(scene, "/var/lib/dpkg/diversions", 0644,
		   "/bin/app\n/bin/app.div\ngone\n/bin/none\n/bin/none.div\n:\n");
	scene_file(scene, "/var/lib/dpkg/statoverride", 0644,
		   "root root 755 /usr/bin/app.div\nroot root 4755 /usr/bin/gone\n");
	scene_file(scene, INFO "format", 0644, "1\n");
	scene_file(scene, INFO "app.list", 0644,
		   "/.\n/bin\n/bin/app\n/etc\n/etc/app.conf\n/etc/app.gone\n/usr\n/usr/share\n"
		   "/usr/share/man\n/usr/share/man/app.1\n");
	scene_file(scene, INFO "app.md5sums", 0644, app.p);
	scene_file(scene, INFO "app.conffiles", 0644, "/etc/app.conf\n/etc/app.gone\n");
	scene_file(scene, INFO "app.postinst", 0755, "#!/bin/sh\n");
	scene_file(scene, INFO "libx:amd64.list", 0644, "/.\n/lib\n/lib/libx.so.1\n");
	scene_file(scene, INFO "libx:amd64.md5sums", 0644, lib.p);
	scene_file(scene, INFO "libx:amd64.triggers", 0644, "activate-noawait ldconfig\n");
	scene_file(scene, INFO "gone.list", 0644, "/.\n/usr\n/usr/bin\n/usr/bin/gone\n");
	scene_file(scene, INFO "data.list", 0644, "/.\n/usr/share/data\n/usr/share/data/table\n");
	scene_file(scene, INFO "old.list", 0644, "/etc/old.conf\n");
	scene_entry(scene, &(struct fixture_entry){.path = "/var/lib/dpkg/updates",
						   .type = IMAGE_DIRECTORY});
	scene_close(scene);
}

/* Plans with the inventory that is read from the image itself. */
static struct plan *
plan_debian(struct scene *scene, struct inventory **inventory)
{
	struct plan *plan = NULL;

	scene_use(scene, "/usr/bin/app.div", RUN);
	scene_use(scene, "/usr/lib/libx.so.1", RUN);
	scene_use(scene, "/etc/app.conf", RUN);
	scene_use(scene, "/usr/share/data/table", RUN);
	scene->profile.paths = scene->paths.items;
	scene->profile.path_count = scene->paths.count;
	assert_good(inventory_read(scene->fixture.image, scene->fixture.contents, inventory, err));
	assert_good(plan_make(scene->fixture.image, scene->fixture.contents, *inventory,
			      &scene->profile, &scene->service, false, &plan, err));
	return plan;
}

static struct span
rewritten(const struct scene *scene, const struct plan *plan, const char *path)
{
	uint32_t entry = image_find(scene->fixture.image, span_from(path));

	for (size_t i = 0; i < plan->rewrite_count; i++) {
		assert_true(plan->entries[plan->rewrites[i].entry].keep);
		assert_true(i == 0 || plan->rewrites[i - 1].entry < plan->rewrites[i].entry);
		if (plan->rewrites[i].entry == entry)
			return plan->rewrites[i].content;
	}
	fail_msg("%s is not rewritten", path);
	return SPAN("");
}

static void
dpkg_database_says_what_is_left(void **state)
{
	struct scene scene;
	struct inventory *inventory;
	CLEANUP(buf_cleanup) struct buf wanted = BUF_INIT(MIB);

	(void)state;
	open_debian(&scene);
	struct plan *plan = plan_debian(&scene, &inventory);

	assert_good(buf_printf(&wanted, err, "%s\n%s\n", app_stanza, lib_stanza));
	assert_span(rewritten(&scene, plan, "/var/lib/dpkg/status"), wanted.p);
	assert_span(rewritten(&scene, plan, INFO "app.list"),
		    "/.\n/bin\n/bin/app\n/etc\n/etc/app.conf\n/usr\n/usr/share\n");
	assert_span(rewritten(&scene, plan, INFO "app.conffiles"), "/etc/app.conf\n");
	assert_span(rewritten(&scene, plan, INFO "libx:amd64.list"), "/.\n/lib\n/lib/libx.so.1\n");
	assert_span(rewritten(&scene, plan, "/var/lib/dpkg/diversions"),
		    "/bin/app\n/bin/app.div\ngone\n");
	assert_span(rewritten(&scene, plan, "/var/lib/dpkg/statoverride"),
		    "root root 755 /usr/bin/app.div\n");
	assert_true(scene_keeps(&scene, plan, INFO "format"));
	assert_true(scene_keeps(&scene, plan, "/var/lib/dpkg/updates"));

	static const char *const gone[] = {
		"/var/lib/dpkg/status-old",
		"/var/lib/dpkg/lock",
		INFO "app.postinst",
		INFO "libx:amd64.triggers",
		INFO "gone.list",
		INFO "data.list",
		INFO "old.list",
		"/usr/share/man/app.1",
	};
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		if (scene_keeps(&scene, plan, gone[i]))
			fail_msg("%s is kept", gone[i]);
	}
	plan_free(plan);
	inventory_free(inventory);
	scene_free(&scene);
}

static void
write_out(const struct scene *scene, const struct plan *plan, const char *root)
{
	const struct image *image = scene->fixture.image;
	struct arena *arena = arena_new(0);

	for (uint32_t i = 1; i < image->entry_count; i++) {
		const struct image_entry *entry = &image->entries[i];
		const char *path = arena_printf(arena, "%s%.*s", root, SPAN_ARG(entry->path)).p;
		struct span content = {"", 0};

		if (!plan->entries[i].keep)
			continue;
		if (entry->type == IMAGE_DIRECTORY) {
			assert_int_equal(mkdir(path, 0755), 0);
			continue;
		}
		if (entry->type == IMAGE_SYMLINK) {
			assert_int_equal(symlink(entry->link.p, path), 0);
			continue;
		}
		assert_good(contents_load(scene->fixture.contents, image, i, MIB, arena, &content,
					  err));
		for (size_t r = 0; r < plan->rewrite_count; r++) {
			if (plan->rewrites[r].entry == i)
				content = plan->rewrites[r].content;
		}
		assert_good(file_replace(path, content, entry->mode, err));
	}
	arena_free(arena);
}

/* stdout and stderr of a dpkg program that must succeed. */
static struct span
run(const char *const *argv, struct buf *out)
{
	struct proc_options options = {.argv = argv, .input = -1, .output = -1, .error = -1};

	out->n = 0;
	assert_good(proc_run(&options, 60000, out, err));
	return buf_span(out);
}

static void
dpkg_itself_agrees(void **state)
{
	struct scene scene;
	struct inventory *inventory;
	struct span root;
	CLEANUP(buf_cleanup) struct buf out = BUF_INIT(MIB);

	(void)state;
	if (access("/usr/bin/dpkg-query", X_OK) != 0) {
		print_message("no dpkg on this machine: not compared with it\n");
		skip();
	}
	open_debian(&scene);
	struct plan *plan = plan_debian(&scene, &inventory);
	assert_good(directory_temporary(scene.arena, &root, err));
	write_out(&scene, plan, root.p);

	const char *admin = arena_printf(scene.arena, "--admindir=%s/var/lib/dpkg", root.p).p;
	const char *const show[] = {"dpkg-query", admin, "-W",
				    "-f=${Package} ${db:Status-Status}\\n", NULL};
	assert_span(run(show, &out), "app installed\nlibx installed\n");

	const char *const list[] = {"dpkg-query", admin, "-L", "libx", NULL};
	assert_span(run(list, &out), "/.\n/lib\n/lib/libx.so.1\n");

	const char *const verify[] = {"dpkg", arena_printf(scene.arena, "--root=%s", root.p).p,
				      "--verify", NULL};
	struct span said = run(verify, &out);
	if (span_contains(said, SPAN("missing")))
		fail_msg("%.*s", SPAN_ARG(said));
	assert_good(tree_remove(root.p, err));
	plan_free(plan);
	inventory_free(inventory);
	scene_free(&scene);
}

/* A package URL names its package with and without version and qualifiers. */
static void
check_purls(const struct why_input *input)
{
	static const char *const purls[] = {"pkg:npm/liba", "pkg:npm/liba@1", "pkg:npm/liba@1?x=y"};
	struct why *why;

	for (size_t i = 0; i < sizeof(purls) / sizeof(purls[0]); i++) {
		assert_good(why_explain(input, span_from(purls[i]), &why, err));
		assert_span(why->steps[0].subject, "liba 1");
		why_free(why);
	}
	assert_fails(ERR_NOT_FOUND, why_explain(input, SPAN("pkg:npm/lib"), &why, err));
}

static void
why_tells_the_chain(void **state)
{
	static const char *const app[] = {"/bin/app", NULL};
	static const char *const lib[] = {"/lib/liba.so", NULL};
	static const char *const gone[] = {"/bin/gone", NULL};
	struct finding finding = {.component = 1,
				  .id = SPAN("CVE-2024-1"),
				  .severity = SEVERITY_HIGH,
				  .fixed_version = SPAN("2")};
	struct findings findings = {.items = &finding, .count = 1};
	struct profile_phase phase = {.kind = PHASE_LOAD, .name = SPAN("browse")};
	struct scene scene;
	struct why *why;

	(void)state;
	scene_open(&scene);
	scene_elf(&scene, "/bin/app", &(struct scene_elf){.needed = {"liba.so"}});
	scene_elf(&scene, "/lib/liba.so", &plain);
	scene_elf(&scene, "/bin/gone", &plain);
	scene_close(&scene);
	scene_package(&scene, "app", app);
	scene_package(&scene, "liba", lib)->source = SPAN("a-source");
	scene_package(&scene, "gone", gone);
	scene_use(&scene, "/bin/app", RUN);
	scene.paths.items[0].program = SPAN("sh");

	struct plan *plan = scene_plan(&scene);
	scene.profile.phases = &phase;
	scene.profile.phase_count = 1;
	struct why_input input = {.image = scene.fixture.image,
				  .inventory = &scene.inventory,
				  .plan = plan,
				  .findings = &findings,
				  .profile = &scene.profile};

	assert_good(why_explain(&input, SPAN("/lib/liba.so"), &why, err));
	assert_int_equal(why->kind, WHY_PATH);
	assert_true(why->stays);
	assert_int_equal(why->count, 3);
	assert_span(why->steps[0].subject, "/lib/liba.so");
	assert_span(why->steps[0].text, plan_reason_text(REASON_NEEDED));
	assert_span(why->steps[1].subject, "/bin/app");
	assert_int_equal(why->steps[1].depth, 1);
	assert_span(why->steps[1].text, "used while profiling, first in load browse by sh");
	assert_span(why->steps[2].subject, "liba 1");
	why_free(why);

	assert_good(why_explain(&input, SPAN("cve-2024-1"), &why, err));
	assert_int_equal(why->kind, WHY_FINDING);
	assert_int_equal(why->count, 4);
	assert_span(why->steps[0].text, "high, fixable, fixed in 2");
	assert_span(why->steps[1].subject, "liba 1");
	assert_span(why->steps[3].subject, "/bin/app");
	assert_int_equal(why->steps[3].depth, 3);
	why_free(why);

	assert_good(why_explain(&input, SPAN("a-source"), &why, err));
	assert_int_equal(why->kind, WHY_PACKAGE);
	assert_span(why->steps[0].subject, "liba 1");
	why_free(why);

	scene.inventory.components[1].purl = SPAN("pkg:npm/liba@1?x=y");
	check_purls(&input);

	assert_good(why_explain(&input, SPAN("gone"), &why, err));
	assert_false(why->stays);
	assert_int_equal(why->count, 1);
	why_free(why);

	assert_good(why_explain(&input, SPAN("/bin/gone"), &why, err));
	assert_false(why->stays);
	assert_span(why->steps[0].text, "removed: nothing asked for it");
	why_free(why);

	assert_fails(ERR_NOT_FOUND, why_explain(&input, SPAN("nothing"), &why, err));
	assert_fails(ERR_NOT_FOUND, why_explain(&input, SPAN(""), &why, err));
	assert_fails(ERR_NOT_FOUND, why_explain(&input, SPAN("/none"), &why, err));
	plan_free(plan);
	scene_free(&scene);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(records_leave_with_their_code),
	cmocka_unit_test(hard_links_and_shared_files),
	cmocka_unit_test(copies_under_other_names_count),
	cmocka_unit_test(licences_of_what_stays),
	cmocka_unit_test(whole_packages_and_their_dependencies),
	cmocka_unit_test(dpkg_database_says_what_is_left),
	cmocka_unit_test(dpkg_itself_agrees),
	cmocka_unit_test(why_tells_the_chain),
};

int
main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
