/* SPDX-License-Identifier: Apache-2.0 */
/* Finding, judging and opening the database. https://www.sqlite.org/fileformat.html, section 1.3 */
#include "port/advisories/reader.h"

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/advisory_origin.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HEADER = 100,
	AT_PAGE_SIZE = 16,
	AT_PAGES = 28,
	AT_VERSION = 60,
	AT_APPLICATION = 68,
};

static const char *const queries[READER_QUERIES] = {
	[READER_META] = "SELECT value FROM meta WHERE key = ?1",
	[READER_COVERS] = "SELECT 1 FROM scope WHERE distribution = ?1 AND release = ?2"
			  " AND advisories > 0",
	[READER_EACH] = "SELECT rows FROM package WHERE scope = (SELECT id FROM scope"
			" WHERE distribution = ?1 AND release = ?2) AND name = ?3",
	[READER_ALL] = "SELECT name, release, rows FROM scope JOIN package"
		       " ON package.scope = scope.id WHERE distribution = ?1"
		       " AND (?2 = '' OR release = ?2) ORDER BY name, release",
	[READER_CVE] = "SELECT kind, rows FROM cve WHERE kind IN (1, 2, 3) AND name = ?1",
	[READER_FEEDS] = "SELECT name, address, etag, modified, fetched, records, skipped, problem"
			 " FROM feed ORDER BY name",
	[READER_RELEASES] = "SELECT distribution, release, advisories FROM scope"
			    " WHERE advisories > 0 ORDER BY distribution, release",
};

int
advisories_default_path(struct arena *arena, struct span *ret, struct err *err)
{
	const char *named = getenv("MOHS_DB");
	const char *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	struct span path;

	if (named && named[0])
		path = arena_copy(arena, span_from(named));
	else if (cache && cache[0] == '/')
		path = arena_printf(arena, "%s/mohs/advisories.db", cache);
	else if (home && home[0] == '/')
		path = arena_printf(arena, "%s/.cache/mohs/advisories.db", home);
	else
		return err_set(err, ERR_USAGE,
			       "no place for the advisory database: set MOHS_DB or HOME");
	if (!path.p)
		return err_memory(err);
	*ret = path;
	return 0;
}

/* What the file's header says, before SQLite sees it; *ret_end: where its last page ends. */
static int
judge_header(const unsigned char header[HEADER], off_t size, uint64_t *ret_end, struct err *err)
{
	uint32_t page = bytes_u16(header + AT_PAGE_SIZE, true);
	uint64_t pages = bytes_u32(header + AT_PAGES, true);
	uint32_t version = bytes_u32(header + AT_VERSION, true);
	uint64_t end = pages * (page == 1 ? 65536 : page);

	if (memcmp(header, "SQLite format 3", 16) != 0 ||
	    bytes_u32(header + AT_APPLICATION, true) != SCHEMA_APPLICATION)
		return err_set(err, ERR_INVALID, "not an advisory database of mohs");
	if (version != SCHEMA_VERSION)
		return err_set(err, ERR_UNSUPPORTED,
			       "written by %s mohs (layout %u, this one reads %d); make it anew "
			       "with mohs db update",
			       version > SCHEMA_VERSION ? "a newer" : "an older", version,
			       SCHEMA_VERSION);
	if ((uint64_t)size < end || (uint64_t)size - end > ADVISORY_ORIGIN_MAX)
		return err_set(err, ERR_INVALID,
			       "the advisory database is damaged (%lld bytes, %llu pages of %u); "
			       "make it anew with mohs db update",
			       (long long)size, (unsigned long long)pages, page);
	*ret_end = end;
	return 0;
}

/* Where it came from stands behind its last page. */
static int
read_origin(int fd, uint64_t end, uint64_t size, struct advisories *advisories, struct err *err)
{
	size_t n = (size_t)(size - end);
	char *text = n > 0 ? arena_alloc(advisories->arena, n) : NULL;
	struct err why = ERR_INIT;

	if (n > 0 && !text)
		return err_memory(err);
	int r = n > 0 ? fd_pread_full(fd, text, n, end, err) : 0;
	if (r < 0)
		return r;
	r = advisory_origin_read((struct span){text, n}, advisories->arena, &advisories->origin,
				 &why);
	if (r == -ERR_MEMORY)
		return err_memory(err);
	if (r < 0)
		return err_set(err, ERR_INVALID,
			       "the advisory database is damaged (%s); make it anew with mohs db "
			       "update",
			       why.text);
	advisories->pages_end = end;
	return 0;
}

static int
judge_file(const char *path, struct advisories *advisories, struct err *err)
{
	unsigned char header[HEADER];
	struct stat st;
	uint64_t end;
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(err, ERR_NOT_FOUND, "there is none yet; mohs db update makes it");
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, ERR_IO, errno, "cannot open");
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_INVALID, "not a file");
	if (st.st_size == 0)
		return err_set(err, ERR_INVALID, "the file is empty; mohs db update fills it");
	if (st.st_size < HEADER)
		return err_set(err, ERR_INVALID, "not an advisory database of mohs");
	int r = fd_pread_full(fd, header, sizeof(header), 0, err);
	if (r == 0)
		r = judge_header(header, st.st_size, &end, err);
	return r != 0 ? r : read_origin(fd, end, (uint64_t)st.st_size, advisories, err);
}

/* Nothing in the file may run code of its own: only plain tables and their indexes. */
static int
judge_schema(sqlite3 *sqlite, struct err *err)
{
	sqlite3_stmt *odd = NULL;
	int r = schema_prepare(sqlite,
			       "SELECT 1 FROM sqlite_schema WHERE type NOT IN ('table', 'index')",
			       &odd, err);

	if (r < 0)
		return r;
	int code = sqlite3_step(odd);
	if (code == SQLITE_ROW)
		r = err_set(err, ERR_INVALID, "not an advisory database of mohs: it has views");
	else if (code != SQLITE_DONE)
		r = schema_failed(sqlite, code, "read", err);
	(void)sqlite3_finalize(odd);
	return r;
}

static int
open_sqlite(struct advisories *advisories, const char *path, struct err *err)
{
	CLEANUP(free_cleanup) char *uri = schema_uri(path);

	if (!uri)
		return err_memory(err);
	int code =
		sqlite3_open_v2(uri, &advisories->sqlite,
				SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
	if (code != SQLITE_OK)
		return schema_failed(advisories->sqlite, code, "open", err);
	(void)sqlite3_db_config(advisories->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(advisories->sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	int r = schema_run(advisories->sqlite,
			   "PRAGMA mmap_size = 1073741824; PRAGMA cell_size_check = ON;", err);
	if (r == 0)
		r = judge_schema(advisories->sqlite, err);
	for (size_t i = 0; r == 0 && i < READER_QUERIES; i++)
		r = schema_prepare(advisories->sqlite, queries[i], &advisories->statements[i], err);
	return r;
}

static int
open_file(const char *path, struct advisories **ret, struct err *err)
{
	CLEANUP(advisories_cleanup) struct advisories *advisories = calloc(1, sizeof(*advisories));

	if (advisories)
		advisories->arena = arena_new(0);
	if (!advisories || !advisories->arena)
		return err_memory(err);
	int r = judge_file(path, advisories, err);
	if (r == 0)
		r = open_sqlite(advisories, path, err);
	if (r < 0)
		return err_wrap(err, "advisory database %.100s", path);
	*ret = TAKE(advisories);
	return 0;
}

int
advisories_open(const char *path, struct advisories **ret, struct err *err)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span place = span_from(path);

	if (!arena)
		return err_memory(err);
	int r = path ? 0 : advisories_default_path(arena, &place, err);
	return r < 0 ? r : open_file(place.p, ret, err);
}

const struct advisory_origin *
advisories_origin(const struct advisories *advisories)
{
	return &advisories->origin;
}

void
advisories_free(struct advisories *advisories)
{
	if (!advisories)
		return;
	schema_close(&advisories->sqlite);
	arena_free(advisories->arena);
	free(advisories);
}

void
advisories_cleanup(struct advisories **advisories)
{
	advisories_free(*advisories);
	*advisories = NULL;
}
