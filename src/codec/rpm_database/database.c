/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/rpm_database/database.h"

#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>

const struct rpm_backend rpm_backends[] = {
	{
		.name = SPAN_INIT("sqlite"),
		.file = SPAN_INIT("rpmdb.sqlite"),
		.log = SPAN_INIT("-wal"),
		.read = rpm_sqlite_read,
		.cut = rpm_sqlite_cut,
	},
	{
		.name = SPAN_INIT("ndb"),
		.file = SPAN_INIT("Packages.db"),
		.read = rpm_ndb_read,
		.cut = rpm_ndb_cut,
	},
	{
		.name = SPAN_INIT("bdb"),
		.file = SPAN_INIT("Packages"),
		.read = rpm_bdb_read,
		.cut = rpm_bdb_cut,
	},
};

const size_t rpm_backend_count = sizeof(rpm_backends) / sizeof(rpm_backends[0]);

const struct span rpm_places[] = {
	SPAN_INIT("/usr/lib/sysimage/rpm"),
	SPAN_INIT("/var/lib/rpm"),
	SPAN_INIT("/usr/share/rpm"),
};

const size_t rpm_place_count = sizeof(rpm_places) / sizeof(rpm_places[0]);

const struct rpm_backend *
rpm_backend_find(struct span file_name)
{
	for (size_t i = 0; i < rpm_backend_count; i++) {
		if (span_equal(file_name, rpm_backends[i].file))
			return &rpm_backends[i];
	}
	return NULL;
}

bool
rpm_is_database(struct span path, struct span *ret_root)
{
	size_t slash = span_find_last(path, '/');

	if (slash == path.n || !rpm_backend_find(span_slice(path, slash + 1, path.n)))
		return false;
	struct span folder = span_slice(path, 0, slash);
	for (size_t i = 0; i < rpm_place_count; i++) {
		if (!span_ends_with(folder, rpm_places[i]))
			continue;
		*ret_root = span_slice(folder, 0, folder.n - rpm_places[i].n);
		return true;
	}
	return false;
}

void
gather_cleanup(struct gather *gather)
{
	vec_free(&gather->records);
	vec_free(&gather->faults);
}

int
gather_record(struct gather *gather, uint64_t number, struct span header, struct err *err)
{
	struct rpm_record record = {(uint32_t)number, header};

	if (number == 0 || number > UINT32_MAX)
		return gather_fault(gather, 0, err, "a package without a number");
	return vec_push(&gather->records, &record, PACKAGES_MAX, err);
}

int
gather_fault(struct gather *gather, uint64_t number, struct err *err, const char *format, ...)
{
	char text[200];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	struct rpm_fault fault = {number > UINT32_MAX ? 0 : (uint32_t)number,
				  arena_copy(gather->arena, span_from(text))};
	return fault.text.p ? vec_push(&gather->faults, &fault, PACKAGES_MAX, err)
			    : err_memory(err);
}

int
gather_room(struct gather *gather, size_t n, char **ret, struct err *err)
{
	if (n > RPM_HEADER_MAX)
		return err_set(err, ERR_LIMIT, "a package of %zu bytes (RPM_HEADER_MAX %lu)", n,
			       RPM_HEADER_MAX);
	if (gather->bytes + n > RPM_DATABASE_MAX)
		return err_set(err, ERR_LIMIT,
			       "its packages are longer than itself may be "
			       "(RPM_DATABASE_MAX %lu)",
			       RPM_DATABASE_MAX);
	char *room = arena_alloc(gather->arena, n + 1);
	if (!room)
		return err_memory(err);
	gather->bytes += n;
	*ret = room;
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct rpm_record *x = a;
	const struct rpm_record *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return (x->header.p > y->header.p) - (x->header.p < y->header.p);
}

int
gather_finish(struct gather *gather, struct rpm_database *ret, struct err *err)
{
	struct rpm_record *records = gather->records.items;
	struct rpm_database database = {0};
	size_t count = 0;
	int r = 0;

	if (gather->records.count)
		qsort(records, gather->records.count, sizeof(*records), compare);
	for (size_t i = 0; r == 0 && i < gather->records.count; i++) {
		if (count && records[count - 1].number == records[i].number)
			r = gather_fault(gather, records[i].number, err,
					 "a package's number is another's too");
		else
			records[count++] = records[i];
	}
	if (r < 0)
		return r;
	gather->records.count = count;
	database.records = vec_keep(&gather->records, gather->arena);
	database.faults = vec_keep(&gather->faults, gather->arena);
	if (!database.records || !database.faults)
		return err_memory(err);
	database.record_count = count;
	database.fault_count = gather->faults.count;
	*ret = database;
	return 0;
}
