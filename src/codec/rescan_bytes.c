/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/rescan_bytes.h"

#include "base/bytes.h"
#include "base/limits.h"

#include <zstd.h>

enum {
	MAGIC = 8,
	NUMBER = 4,
	ENTRY_MIN = 4 * NUMBER,
	FINDING_MIN = 2 + 5 * NUMBER,
	LEVEL = 1,
};

static const struct span magic = SPAN_INIT("mohsrsc\1");

/* ---- to bytes ---- */

static int
put_number(struct buf *buf, uint64_t value, struct err *err)
{
	char bytes[NUMBER];

	if (value > UINT32_MAX)
		return err_set(err, ERR_LIMIT, "a record of too many parts");
	bytes_put(bytes, value, NUMBER, false);
	return buf_append(buf, (struct span){bytes, NUMBER}, err);
}

static int
put_texts(struct buf *buf, const struct span *texts, size_t count, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		r = put_number(buf, texts[i].n, err);
		if (r == 0)
			r = buf_append(buf, texts[i], err);
	}
	return r;
}

int
rescan_head_put(struct span database, size_t entries, struct buf *buf, struct err *err)
{
	int r = buf_append(buf, magic, err);

	if (r == 0)
		r = put_texts(buf, &database, 1, err);
	return r < 0 ? r : put_number(buf, entries, err);
}

int
rescan_entry_put(const struct rescan_entry *entry, struct buf *buf, struct err *err)
{
	const struct span texts[] = {entry->path, entry->digest, entry->inventory, entry->findings};

	return put_texts(buf, texts, sizeof(texts) / sizeof(texts[0]), err);
}

struct rescan_finding
rescan_finding_of(const struct finding *finding, const struct inventory *inventory)
{
	const struct component *component = &inventory->components[finding->component];

	return (struct rescan_finding){
		.severity = finding->severity,
		.exploited = finding->exploited,
		.id = finding->id,
		.ecosystem = component->ecosystem,
		.name = component->name,
		.version = component->version,
		.fixed = finding->fixed_version,
	};
}

int
rescan_findings_put(const struct findings *findings, const struct inventory *inventory,
		    struct buf *buf, struct err *err)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		count += findings->items[i].status != FINDING_UNDETERMINED;
	int r = put_number(buf, count, err);
	for (size_t i = 0; r == 0 && i < findings->count; i++) {
		struct rescan_finding one = rescan_finding_of(&findings->items[i], inventory);
		const struct span texts[] = {one.id, one.ecosystem, one.name, one.version,
					     one.fixed};
		const char flags[] = {(char)one.severity, (char)one.exploited};

		if (findings->items[i].status == FINDING_UNDETERMINED)
			continue;
		r = buf_append(buf, (struct span){flags, sizeof(flags)}, err);
		if (r == 0)
			r = put_texts(buf, texts, sizeof(texts) / sizeof(texts[0]), err);
	}
	return r;
}

int
rescan_pack(struct span bytes, struct buf *packed, struct err *err)
{
	size_t bound = ZSTD_compressBound(bytes.n);
	int r = bytes.n > RESCAN_PACKED_MAX
			? err_set(err, ERR_LIMIT, "%zu bytes to be kept (RESCAN_PACKED_MAX is %lu)",
				  bytes.n, RESCAN_PACKED_MAX)
			: put_number(packed, bytes.n, err);

	if (r == 0)
		r = buf_reserve(packed, bound, err);
	if (r < 0)
		return r;
	size_t n = ZSTD_compress(packed->p + packed->n, bound, bytes.p, bytes.n, LEVEL);
	if (ZSTD_isError(n))
		return err_memory(err);
	packed->n += n;
	packed->p[packed->n] = '\0';
	return 0;
}

/* ---- from bytes; the first failure stays, and everything after it is empty ---- */

struct reader {
	struct span rest;
	bool damaged;
};

static struct span
take(struct reader *reader, size_t n)
{
	struct span taken = {"", 0};

	if (reader->damaged || n > reader->rest.n) {
		reader->damaged = true;
		return taken;
	}
	taken = span_slice(reader->rest, 0, n);
	reader->rest = span_slice(reader->rest, n, reader->rest.n);
	return taken;
}

static uint32_t
take_number(struct reader *reader)
{
	struct span bytes = take(reader, NUMBER);

	return bytes.n == NUMBER ? bytes_u32(bytes.p, false) : 0;
}

static struct span
take_text(struct reader *reader)
{
	uint32_t n = take_number(reader);

	return take(reader, n);
}

/* How many of something follow, each of at least `least` bytes. */
static size_t
take_count(struct reader *reader, size_t least)
{
	size_t count = take_number(reader);

	if (count > reader->rest.n / least)
		reader->damaged = true;
	return reader->damaged ? 0 : count;
}

static int
finish(const struct reader *reader, struct err *err)
{
	if (reader->damaged || reader->rest.n > 0)
		return err_set(err, ERR_INVALID, "damaged");
	return 0;
}

int
rescan_state_get(struct span bytes, struct arena *arena, struct rescan_state *ret, struct err *err)
{
	struct reader reader = {.rest = bytes};
	struct rescan_state state = {0};

	if (!span_equal(take(&reader, MAGIC), magic))
		return err_set(err, ERR_INVALID, "not what a rescan of this mohs keeps");
	state.database = take_text(&reader);
	state.count = take_count(&reader, ENTRY_MIN);
	state.entries = arena_array(arena, state.count + 1, sizeof(*state.entries));
	if (!state.entries)
		return err_memory(err);
	for (size_t i = 0; i < state.count && !reader.damaged; i++) {
		state.entries[i].path = take_text(&reader);
		state.entries[i].digest = take_text(&reader);
		state.entries[i].inventory = take_text(&reader);
		state.entries[i].findings = take_text(&reader);
	}
	int r = finish(&reader, err);
	if (r == 0)
		*ret = state;
	return r;
}

int
rescan_unpack(struct span packed, struct buf *bytes, struct err *err)
{
	struct reader reader = {.rest = packed};
	size_t n = take_number(&reader);

	if (reader.damaged || n > RESCAN_PACKED_MAX)
		return err_set(err, ERR_INVALID, "damaged");
	int r = buf_reserve(bytes, n, err);
	if (r < 0)
		return r;
	size_t made = ZSTD_decompress(bytes->p + bytes->n, n, reader.rest.p, reader.rest.n);
	if (ZSTD_isError(made) || made != n)
		return err_set(err, ERR_INVALID, "damaged");
	bytes->n += n;
	bytes->p[bytes->n] = '\0';
	return 0;
}

int
rescan_findings_get(struct span bytes, struct arena *arena, struct rescan_finding **ret,
		    size_t *ret_count, struct err *err)
{
	struct reader reader = {.rest = bytes};
	size_t count = take_count(&reader, FINDING_MIN);
	struct rescan_finding *findings = arena_array(arena, count + 1, sizeof(*findings));

	if (!findings)
		return err_memory(err);
	for (size_t i = 0; i < count && !reader.damaged; i++) {
		struct rescan_finding *finding = &findings[i];
		struct span flags = take(&reader, 2);

		if (flags.n < 2 || (unsigned char)flags.p[0] >= SEVERITIES ||
		    (unsigned char)flags.p[1] > 1) {
			reader.damaged = true;
			break;
		}
		finding->severity = (enum severity)flags.p[0];
		finding->exploited = flags.p[1] == 1;
		finding->id = take_text(&reader);
		finding->ecosystem = take_text(&reader);
		finding->name = take_text(&reader);
		finding->version = take_text(&reader);
		finding->fixed = take_text(&reader);
	}
	int r = finish(&reader, err);
	if (r == 0) {
		*ret = findings;
		*ret_count = count;
	}
	return r;
}
