/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/inventory/programs.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/elf.h"

static int (*const readers[])(struct reading *, const struct program *, struct err *) = {
	dotnet_program,
	golang_program,
	rust_program,
	known_program,
};

int
program_failed(struct reading *reading, const struct program *program, const struct err *why,
	       struct err *err)
{
	if (why->kind == ERR_NOT_FOUND)
		return 0;
	if (why->kind == ERR_MEMORY || why->kind == ERR_CANCELLED) {
		*err = *why;
		return -(int)why->kind;
	}
	return reading_gap(reading, err, program->path, "what it is made of is not known: %s",
			   why->text);
}

struct component
program_component(const struct program *program, struct span ecosystem)
{
	return (struct component){
		.ecosystem = ecosystem,
		.database = program->path,
		.record = SPAN(""),
		.files = program->file,
		.file_count = 1,
	};
}

/* An ELF file by its first bytes; one that cannot be read is told by those that read it whole. */
static bool
begins_as_elf(const struct reading *reading, uint32_t entry)
{
	struct err ignored = ERR_INIT;
	char head[4];
	size_t n = 0;

	return contents_read(reading->contents, reading->image, entry, 0, head, sizeof(head), &n,
			     &ignored) == 0 &&
	       elf_is((struct span){head, n});
}

static int
read_program(struct reading *reading, struct program *program, struct err *err)
{
	CLEANUP(contents_view_cleanup) struct contents_view view = {{NULL, 0}};
	struct elf_segment *segments;
	struct err why = ERR_INIT;
	size_t count = 0;

	int r = contents_view(reading->contents, reading->image, program->entry, ELF_FILE_MAX,
			      &view, &why);
	/* Once for all: what has no headers is no matter of a reader. */
	if (r == 0)
		r = elf_segments(view.bytes, reading->arena, &segments, &count, &why);
	if (r < 0)
		return program_failed(reading, program, &why, err);
	program->bytes = view.bytes;
	program->file = arena_alloc(reading->arena, sizeof(*program->file));
	if (!program->file)
		return err_memory(err);
	*program->file = (struct component_file){
		program->entry, program->path, FILE_DIGEST_NONE, {0}, false};
	for (size_t i = 0; r == 0 && i < sizeof(readers) / sizeof(readers[0]); i++)
		r = readers[i](reading, program, err);
	return r;
}

/* A file under several names is one program. */
static int
look_at(struct reading *reading, uint32_t entry, struct err *err)
{
	const struct image_entry *e = &reading->image->entries[entry];
	struct program program = {.entry = entry, .path = e->path};
	bool owned = false;

	if (e->type != IMAGE_FILE || e->inode != entry || e->size < PROGRAM_FILE_MIN)
		return 0;
	int r = language_is_owned(reading, entry, &owned, err);
	if (r < 0 || owned || !begins_as_elf(reading, entry))
		return r;
	return read_program(reading, &program, err);
}

int
programs_read(struct reading *reading, struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < reading->image->entry_count; i++)
		r = look_at(reading, i, err);
	return r;
}
