/* SPDX-License-Identifier: Apache-2.0 */
#include "scene.h"

#include "test.h"

#include "base/fd.h"
#include "base/limits.h"

#include <elf.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void
scene_open(struct scene *scene)
{
	*scene = (struct scene){0};
	scene->arena = arena_new(0);
	assert_non_null(scene->arena);
}

void
scene_free(struct scene *scene)
{
	fixture_free(&scene->fixture);
	free(scene->inventory.owners);
	vec_free(&scene->entries);
	vec_free(&scene->components);
	vec_free(&scene->paths);
	arena_free(scene->arena);
}

static const char *
copy(struct scene *scene, const char *text)
{
	struct span s = arena_copy(scene->arena, span_from(text));

	assert_non_null(s.p);
	return s.p;
}

void
scene_entry(struct scene *scene, const struct fixture_entry *entry)
{
	assert_good(vec_push(&scene->entries, entry, SCENE_ENTRIES, err));
}

void
scene_file(struct scene *scene, const char *path, uint32_t mode, const char *content)
{
	struct fixture_entry entry = {.path = path, .mode = mode, .content = content};

	scene_entry(scene, &entry);
}

void
scene_link(struct scene *scene, const char *path, const char *target)
{
	struct fixture_entry entry = {.path = path, .type = IMAGE_SYMLINK, .link = target};

	scene_entry(scene, &entry);
}

enum { ELF_TEXT = 1024, ELF_DYNAMIC = 16 };

/* The file as it lies on disk and in memory, at address 0. */
struct small_elf {
	Elf64_Ehdr header;
	Elf64_Phdr segments[3];
	Elf64_Dyn dynamic[ELF_DYNAMIC];
	Elf64_Sym symbols[2];
	uint32_t hash[5]; /* one bucket, two symbols */
	char text[ELF_TEXT];
};

static size_t
add_text(struct small_elf *file, size_t *at, const char *text)
{
	size_t start = *at;

	assert_true(start + strlen(text) + 1 <= ELF_TEXT);
	memcpy(file->text + start, text, strlen(text) + 1);
	*at += strlen(text) + 1;
	return start;
}

static void
add_dynamic(struct small_elf *file, Elf64_Sxword tag, uint64_t value)
{
	for (size_t i = 0; i < ELF_DYNAMIC - 1; i++) {
		if (file->dynamic[i].d_tag != DT_NULL)
			continue;
		file->dynamic[i] = (Elf64_Dyn){.d_tag = tag, .d_un.d_val = value};
		return;
	}
	fail_msg("too many dynamic entries");
}

static void
add_segment(struct small_elf *file, uint32_t type, size_t offset, size_t size)
{
	file->segments[file->header.e_phnum++] = (Elf64_Phdr){.p_type = type,
							      .p_flags = PF_R | PF_X,
							      .p_offset = offset,
							      .p_vaddr = offset,
							      .p_paddr = offset,
							      .p_filesz = size,
							      .p_memsz = size,
							      .p_align = 1};
}

static void
fill_dynamic(struct small_elf *file, const struct scene_elf *elf, size_t *at)
{
	const struct {
		Elf64_Sxword tag;
		const char *text;
	} texts[] = {
		{DT_SONAME, elf->soname},    {DT_RPATH, elf->rpath},
		{DT_RUNPATH, elf->runpath},  {DT_NEEDED, elf->needed[0]},
		{DT_NEEDED, elf->needed[1]}, {DT_NEEDED, elf->needed[2]},
		{DT_NEEDED, elf->needed[3]},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].text)
			add_dynamic(file, texts[i].tag, add_text(file, at, texts[i].text));
	}
	if (elf->import) {
		file->symbols[1].st_name = (Elf64_Word)add_text(file, at, elf->import);
		file->symbols[1].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
	}
	file->hash[0] = 1;
	file->hash[1] = 2;
	file->hash[2] = 1;
	add_dynamic(file, DT_HASH, offsetof(struct small_elf, hash));
	add_dynamic(file, DT_SYMTAB, offsetof(struct small_elf, symbols));
	add_dynamic(file, DT_SYMENT, sizeof(Elf64_Sym));
	add_dynamic(file, DT_STRTAB, offsetof(struct small_elf, text));
	add_dynamic(file, DT_STRSZ, ELF_TEXT);
}

void
scene_elf(struct scene *scene, const char *path, const struct scene_elf *elf)
{
	struct small_elf *file = arena_alloc(scene->arena, sizeof(*file));
	size_t at = 1;

	assert_non_null(file);
	file->header = (Elf64_Ehdr){.e_type = ET_DYN,
				    .e_machine = elf->machine ? elf->machine : EM_X86_64,
				    .e_version = EV_CURRENT,
				    .e_phoff = offsetof(struct small_elf, segments),
				    .e_ehsize = sizeof(Elf64_Ehdr),
				    .e_phentsize = sizeof(Elf64_Phdr)};
	memcpy(file->header.e_ident, ELFMAG "\2\1\1", 7);
	add_segment(file, PT_LOAD, 0, sizeof(*file));
	add_segment(file, PT_DYNAMIC, offsetof(struct small_elf, dynamic), sizeof(file->dynamic));
	fill_dynamic(file, elf, &at);
	if (elf->interpreter) {
		size_t start = add_text(file, &at, elf->interpreter);

		add_segment(file, PT_INTERP, offsetof(struct small_elf, text) + start,
			    strlen(elf->interpreter) + 1);
	}

	struct fixture_entry entry = {
		.path = path, .mode = 0755, .content = (const char *)file, .size = sizeof(*file)};
	scene_entry(scene, &entry);
}

static bool
has(const struct scene *scene, const char *path)
{
	for (size_t i = 0; i < scene->entries.count; i++) {
		if (strcmp(scene->entries.items[i].path, path) == 0)
			return true;
	}
	return false;
}

/* One component of a path; what it links to, or NULL. */
static const char *
add_host_step(struct scene *scene, const char *path)
{
	struct stat status;
	char target[IMAGE_PATH_MAX];
	ssize_t n;

	assert_int_equal(lstat(path, &status), 0);
	if (S_ISLNK(status.st_mode)) {
		n = readlink(path, target, sizeof(target) - 1);
		assert_true(n > 0);
		target[n] = '\0';
		if (!has(scene, path))
			scene_link(scene, copy(scene, path), copy(scene, target));
		return copy(scene, target);
	}
	if (S_ISREG(status.st_mode) && !has(scene, path)) {
		struct span content;

		assert_good(file_load(path, GIB, scene->arena, &content, err));
		struct fixture_entry entry = {.path = copy(scene, path),
					      .mode = status.st_mode & 07777,
					      .content = content.p,
					      .size = content.n};
		scene_entry(scene, &entry);
	}
	return NULL;
}

void
scene_host(struct scene *scene, const char *path)
{
	for (int hops = 0; hops < SYMLINK_HOPS_MAX; hops++) {
		bool linked = false;

		for (size_t i = 1; !linked && path[i - 1]; i++) {
			if (path[i] != '/' && path[i] != '\0')
				continue;

			struct span head = arena_copy(scene->arena, (struct span){path, i});
			const char *target = add_host_step(scene, head.p);
			if (!target)
				continue;
			size_t slash = span_find_last(head, '/');
			/* the folders in front are links no more */
			for (; strncmp(target, "../", 3) == 0 && slash > 0; target += 3)
				slash = span_find_last(span_slice(head, 0, slash), '/');
			path = arena_printf(scene->arena, "%.*s%s%s",
					    target[0] == '/' ? 0 : (int)slash + 1, head.p, target,
					    path + i)
				       .p;
			linked = true;
		}
		if (!linked)
			return;
	}
	fail_msg("too many links");
}

void
scene_close(struct scene *scene)
{
	static const char state[] = "0123456789abcdef";
	struct digest digest;

	assert_good(fixture_make(scene->entries.items, scene->entries.count, &scene->fixture, err));
	digest_of((struct span){state, 16}, &digest);
	scene->fixture.image->manifest_digest = digest;
	scene->profile.image = digest;
	scene->profile.complete = true;
	scene->inventory.owner_count = scene->fixture.image->entry_count;
	scene->inventory.owners = calloc(scene->inventory.owner_count, sizeof(uint32_t));
	assert_non_null(scene->inventory.owners);
	for (size_t i = 0; i < scene->inventory.owner_count; i++)
		scene->inventory.owners[i] = COMPONENT_NONE;
}

void
scene_use(struct scene *scene, const char *path, uint8_t use)
{
	struct profile_path used = {.path = span_from(copy(scene, path)), .use = use};

	assert_good(vec_push(&scene->paths, &used, SCENE_ENTRIES, err));
}

struct component *
scene_package(struct scene *scene, const char *name, const char *const *files)
{
	struct component component = {.ecosystem = SPAN("dpkg"),
				      .name = span_from(name),
				      .version = SPAN("1"),
				      .architecture = SPAN("amd64"),
				      .database = SPAN("/var/lib/dpkg/status"),
				      .state = COMPONENT_INSTALLED};

	component.files = arena_array(scene->arena, SCENE_FILES, sizeof(struct component_file));
	assert_non_null(component.files);
	for (size_t i = 0; files[i]; i++) {
		struct component_file *file = &component.files[component.file_count++];

		assert_true(i < SCENE_FILES);
		file->listed = span_from(files[i]);
		file->entry = image_resolve(scene->fixture.image, file->listed, false, NULL, NULL);
		if (file->entry != IMAGE_NONE)
			scene->inventory.owners[file->entry] = (uint32_t)scene->components.count;
	}
	assert_good(vec_push(&scene->components, &component, SCENE_ENTRIES, err));
	return &scene->components.items[scene->components.count - 1];
}

int
scene_try(struct scene *scene, bool force, struct plan **ret, struct err *err)
{
	scene->inventory.components = scene->components.items;
	scene->inventory.component_count = scene->components.count;
	scene->profile.paths = scene->paths.items;
	scene->profile.path_count = scene->paths.count;
	return plan_make(scene->fixture.image, scene->fixture.contents, &scene->inventory,
			 &scene->profile, &scene->service, force, ret, err);
}

struct plan *
scene_plan(struct scene *scene)
{
	struct plan *plan = NULL;

	assert_good(scene_try(scene, false, &plan, err));
	return plan;
}

enum plan_reason
scene_reason(const struct scene *scene, const struct plan *plan, const char *path)
{
	uint32_t entry = image_find(scene->fixture.image, span_from(path));

	if (entry == IMAGE_NONE)
		fail_msg("%s is not in the image", path);
	return plan->entries[entry].reason;
}

bool
scene_keeps(const struct scene *scene, const struct plan *plan, const char *path)
{
	uint32_t entry = image_find(scene->fixture.image, span_from(path));

	if (entry == IMAGE_NONE)
		fail_msg("%s is not in the image", path);
	return plan->entries[entry].keep;
}

bool
scene_has_gap(const struct plan *plan, const char *subject, const char *text)
{
	for (size_t i = 0; i < plan->gaps.count; i++) {
		if (span_contains(plan->gaps.items[i].subject, span_from(subject)) &&
		    span_contains(plan->gaps.items[i].text, span_from(text)))
			return true;
	}
	return false;
}
