/* SPDX-License-Identifier: Apache-2.0 */
#include "port/lens/records.h"

#include "base/clock.h"

#include <errno.h>
#include <sys/mman.h>

/* Hands out `count` things of `size` bytes behind what was handed out before. */
static size_t
place(size_t *end, size_t count, size_t size)
{
	size_t at = (*end + 63) & ~(size_t)63;

	*end = at + count * size;
	return at;
}

/* Bytes of one bit a page, of a file of this size. */
static uint64_t
page_row(const struct image_entry *inode)
{
	return inode->type == IMAGE_FILE ? inode->size / ELF_CODE_PAGE / 8 + 1 : 0;
}

static uint64_t
page_rows(const struct image *image)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < image->entry_count; i++) {
		if (image->entries[i].inode == i)
			total += page_row(&image->entries[i]);
	}
	return total;
}

static void
lay_page_rows(const struct image *image, struct lens_records *records)
{
	uint64_t at = 0;

	for (uint32_t i = 0; i < image->entry_count; i++) {
		records->page_rows[i] = at;
		if (image->entries[i].inode == i)
			at += page_row(&image->entries[i]);
	}
}

int
lens_records_make(const struct image *image, bool watch_code, struct lens_records *ret,
		  struct err *err)
{
	size_t entries = image->entry_count;
	size_t row = (entries + 63) / 64;
	size_t page_bytes = watch_code ? page_rows(image) : 0;
	size_t end = 0;

	if (entries > IMAGE_ENTRIES_MAX)
		return err_set(err, ERR_LIMIT, "%zu entries (at most %d)", entries,
			       IMAGE_ENTRIES_MAX);

	size_t header = place(&end, 1, sizeof(struct lens_header));
	size_t records = place(&end, entries, sizeof(struct lens_record));
	size_t bits = place(&end, row * PROFILE_PHASES_MAX, sizeof(uint64_t));
	size_t missing = place(&end, PROFILE_MISSING_MAX, sizeof(struct lens_missing));
	size_t names = place(&end, LENS_NAMES_BYTES, 1);
	size_t programs = place(&end, PROFILE_PROCESSES_MAX, sizeof(struct lens_program));
	size_t text = place(&end, LENS_PROGRAMS_BYTES, 1);
	size_t rows = place(&end, watch_code ? entries : 0, sizeof(uint64_t));
	size_t pages = place(&end, page_bytes, 1);

	char *p = mmap(NULL, end, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return err_sys(err, ERR_MEMORY, errno, "%zu bytes for the records of the view",
			       end);
	*ret = (struct lens_records){
		.mapping = p,
		.size = end,
		.entries = entries,
		.row = row,
		.header = (void *)(p + header),
		.records = (void *)(p + records),
		.bits = (void *)(p + bits),
		.missing = (void *)(p + missing),
		.names = p + names,
		.programs = (void *)(p + programs),
		.program_text = p + text,
		.pages = watch_code ? (void *)(p + pages) : NULL,
		.page_bytes = page_bytes,
		.page_rows = (void *)(p + rows),
	};
	if (watch_code)
		lay_page_rows(image, ret);
	atomic_store(&ret->header->phases, 1);
	atomic_store(&ret->header->program_count, 1);
	atomic_store(&ret->header->started_ms, clock_ms());
	return 0;
}

void
lens_records_unmap(struct lens_records *records)
{
	if (records->mapping)
		(void)munmap(records->mapping, records->size);
	*records = (struct lens_records){0};
}

void
lens_records_clear(struct lens_records *records)
{
	uint32_t phases = atomic_load(&records->header->phases);

	for (size_t i = 0; i < records->entries; i++)
		atomic_store_explicit(&records->records[i].use, 0, memory_order_relaxed);
	for (size_t i = 0; i < phases * records->row; i++)
		atomic_store_explicit(&records->bits[i], 0, memory_order_relaxed);
	for (size_t i = 0; i < records->page_bytes; i++)
		atomic_store_explicit(&records->pages[i], 0, memory_order_relaxed);
	atomic_store(&records->header->missing_count, 0);
	atomic_store(&records->header->missing_lost, 0);
	atomic_store(&records->header->started_ms, clock_ms());
}

/* Milliseconds since the start or the last reset. */
static uint32_t
passed_ms(const struct lens_records *records)
{
	uint64_t ms = clock_ms() -
		      atomic_load_explicit(&records->header->started_ms, memory_order_relaxed);

	return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

void
lens_records_touch(struct lens_records *records, uint32_t inode, uint64_t offset, size_t n)
{
	if (!records->pages || n == 0)
		return;
	for (uint64_t page = offset / ELF_CODE_PAGE; page <= (offset + n - 1) / ELF_CODE_PAGE;
	     page++)
		atomic_fetch_or_explicit(&records->pages[records->page_rows[inode] + page / 8],
					 (uint8_t)(1 << page % 8), memory_order_relaxed);
}

bool
lens_records_mark(struct lens_records *records, uint32_t entry, enum profile_use use)
{
	struct lens_record *record = &records->records[entry];
	uint32_t phase = atomic_load_explicit(&records->header->phase, memory_order_relaxed);
	_Atomic uint64_t *word = &records->bits[phase * records->row + entry / 64];
	uint64_t bit = (uint64_t)1 << (entry % 64);

	if (!(atomic_load_explicit(word, memory_order_relaxed) & bit))
		atomic_fetch_or_explicit(word, bit, memory_order_relaxed);
	if ((atomic_load_explicit(&record->use, memory_order_relaxed) & use) == use)
		return false;
	if (atomic_fetch_or_explicit(&record->use, (uint8_t)use, memory_order_relaxed))
		return false;
	atomic_store_explicit(&record->first_ms, passed_ms(records), memory_order_relaxed);
	atomic_store_explicit(&record->first_phase, (uint16_t)phase, memory_order_relaxed);
	return true;
}
