/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/dpkg_status.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/vec.h"

/* Fields a package is filled from. */
static const struct {
	struct span name;
	size_t offset;
} fields[] = {
	{SPAN_INIT("Package"), offsetof(struct dpkg_package, package)},
	{SPAN_INIT("Status"), offsetof(struct dpkg_package, status)},
	{SPAN_INIT("Version"), offsetof(struct dpkg_package, version)},
	{SPAN_INIT("Architecture"), offsetof(struct dpkg_package, architecture)},
	{SPAN_INIT("Multi-Arch"), offsetof(struct dpkg_package, multi_arch)},
	{SPAN_INIT("Source"), offsetof(struct dpkg_package, source)},
	{SPAN_INIT("Maintainer"), offsetof(struct dpkg_package, maintainer)},
	{SPAN_INIT("Section"), offsetof(struct dpkg_package, section)},
	{SPAN_INIT("Provides"), offsetof(struct dpkg_package, provides)},
	{SPAN_INIT("Depends"), offsetof(struct dpkg_package, depends)},
	{SPAN_INIT("Pre-Depends"), offsetof(struct dpkg_package, pre_depends)},
	{SPAN_INIT("Essential"), offsetof(struct dpkg_package, essential)},
	{SPAN_INIT("Conffiles"), offsetof(struct dpkg_package, conffiles)},
};

static const struct {
	struct span word;
	enum dpkg_state state;
} states[] = {
	{SPAN_INIT("not-installed"), DPKG_NOT_INSTALLED},
	{SPAN_INIT("config-files"), DPKG_CONFIG_FILES},
	{SPAN_INIT("half-installed"), DPKG_HALF_INSTALLED},
	{SPAN_INIT("unpacked"), DPKG_UNPACKED},
	{SPAN_INIT("half-configured"), DPKG_HALF_CONFIGURED},
	{SPAN_INIT("triggers-awaited"), DPKG_TRIGGERS_AWAITED},
	{SPAN_INIT("triggers-pending"), DPKG_TRIGGERS_PENDING},
	{SPAN_INIT("installed"), DPKG_INSTALLED},
};

struct reader {
	struct arena *arena;
	VEC(struct dpkg_package) packages;
	VEC(struct dpkg_fault) faults;
	struct dpkg_package package; /* the stanza being read */
	struct span *value;	     /* of the last known field, for continuation lines */
	bool open;		     /* inside a stanza */
	bool any_field;
	uint32_t bad_line; /* 0: the stanza is good so far */
	const char *bad;
};

static void
reader_cleanup(struct reader *reader)
{
	vec_free(&reader->packages);
	vec_free(&reader->faults);
}

static void
complain(struct reader *reader, uint32_t line, const char *text)
{
	if (reader->bad)
		return;
	reader->bad = text;
	reader->bad_line = line;
}

/* deb822(5): printable ASCII without blanks and colon, not starting with '#' or '-'. */
static bool
is_field_name(struct span name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] <= ' ' || name.p[i] > '~')
			return false;
	}
	return name.n > 0 && name.p[0] != '#' && name.p[0] != '-';
}

static void
read_field(struct reader *reader, struct span line, uint32_t number)
{
	struct span value = line;
	struct span name = span_cut(&value, ':');

	reader->value = NULL;
	reader->any_field = true;
	if (!value.p || !is_field_name(name)) {
		complain(reader, number, "no field name");
		return;
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!span_equal_nocase(name, fields[i].name))
			continue;
		char *record = (char *)&reader->package;
		struct span *field = (struct span *)(void *)(record + fields[i].offset);
		if (field->p)
			complain(reader, number, "a field that stands twice");
		*field = value;
		reader->value = field;
		return;
	}
}

static void
read_line(struct reader *reader, struct span line, uint32_t number)
{
	if (span_find(line, '\0') < line.n)
		complain(reader, number, "a NUL byte");
	if (line.p[0] != ' ' && line.p[0] != '\t') {
		read_field(reader, line, number);
		return;
	}
	if (!reader->any_field)
		complain(reader, number, "a continuation line without a field");
	if (reader->value)
		reader->value->n = (size_t)(line.p + line.n - reader->value->p);
}

/* "name (version)", or "name". */
static void
split_source(struct dpkg_package *package)
{
	struct span text = package->source;
	size_t parenthesis = span_find(text, '(');
	struct span version = {NULL, 0};

	if (parenthesis < text.n) {
		version = span_slice(text, parenthesis + 1, text.n);
		version = span_trim(span_slice(version, 0, span_find(version, ')')));
	}
	package->source = span_trim(span_slice(text, 0, parenthesis));
	package->source_version = version.n ? version : package->version;
	if (package->source.n == 0)
		package->source = package->package;
}

static enum dpkg_state
read_state(struct span status)
{
	size_t at = span_find_last(status, ' ');
	struct span word = at < status.n ? span_slice(status, at + 1, status.n) : status;

	if (!status.p)
		return DPKG_STATE_ABSENT;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (span_equal(word, states[i].word))
			return states[i].state;
	}
	return DPKG_STATE_UNKNOWN;
}

static int
push_fault(struct reader *reader, struct err *err)
{
	struct dpkg_fault fault = {
		.first_line = reader->package.first_line,
		.last_line = reader->package.last_line,
		.text = arena_printf(reader->arena, "line %u: %s", reader->bad_line, reader->bad),
	};

	if (!fault.text.p)
		return err_memory(err);
	return vec_push(&reader->faults, &fault, PACKAGES_MAX, err);
}

static int
end_stanza(struct reader *reader, struct err *err)
{
	struct dpkg_package *package = &reader->package;

	if (!reader->open)
		return 0;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		char *record = (char *)package;
		struct span *field = (struct span *)(void *)(record + fields[i].offset);
		if (field->p)
			*field = span_trim(*field);
	}
	if (package->package.n == 0)
		complain(reader, package->first_line, "no Package field");
	package->state = read_state(package->status);
	split_source(package);

	int r = reader->bad ? push_fault(reader, err)
			    : vec_push(&reader->packages, package, PACKAGES_MAX, err);
	reader->package = (struct dpkg_package){0};
	reader->value = NULL;
	reader->open = reader->any_field = false;
	reader->bad = NULL;
	return r;
}

static int
read_all(struct reader *reader, struct span text, struct err *err)
{
	struct span rest = text;
	uint32_t number = 0;
	int r = 0;

	while (rest.p && r >= 0) {
		struct span line = span_cut(&rest, '\n');
		size_t length = line.n + (rest.p ? 1 : 0);

		number++;
		if (line.n == 0 || (line.n == 1 && line.p[0] == '\r')) {
			r = end_stanza(reader, err);
			continue;
		}
		if (!reader->open) {
			reader->open = true;
			reader->package.first_line = number;
			reader->package.record.p = line.p;
		}
		reader->package.last_line = number;
		reader->package.record.n = (size_t)(line.p - reader->package.record.p) + length;
		read_line(reader, line, number);
	}
	return r < 0 ? r : end_stanza(reader, err);
}

int
dpkg_status_read(struct span text, struct arena *arena, struct dpkg_status *ret, struct err *err)
{
	CLEANUP(reader_cleanup) struct reader reader = {.arena = arena};
	struct dpkg_status status = {0};

	if (text.n > PACKAGE_DATABASE_MAX)
		return err_set(err, ERR_LIMIT, "%zu bytes (PACKAGE_DATABASE_MAX %lu)", text.n,
			       PACKAGE_DATABASE_MAX);
	int r = read_all(&reader, text, err);
	if (r < 0)
		return r;
	status.package_count = reader.packages.count;
	status.fault_count = reader.faults.count;
	status.packages = vec_keep(&reader.packages, arena);
	status.faults = vec_keep(&reader.faults, arena);
	if (!status.packages || !status.faults)
		return err_memory(err);
	*ret = status;
	return 0;
}

/* The last word, cut off *line with the blanks before it. */
static struct span
take_last_word(struct span *line)
{
	size_t at = span_find_last(*line, ' ');
	struct span word = {NULL, 0};

	if (at < line->n) {
		word = span_slice(*line, at + 1, line->n);
		*line = span_trim(span_slice(*line, 0, at));
	}
	return word;
}

bool
dpkg_conffile_next(struct span *rest, struct dpkg_conffile *ret)
{
	while (rest->p) {
		struct span line = span_trim(span_cut(rest, '\n'));
		struct dpkg_conffile conffile = {0};

		for (;;) {
			conffile.md5 = take_last_word(&line);
			if (span_equal(conffile.md5, SPAN("obsolete")))
				conffile.obsolete = true;
			else if (!span_equal(conffile.md5, SPAN("remove-on-upgrade")))
				break;
		}
		conffile.path = line;
		if (conffile.md5.n == 0 || line.n == 0 || line.p[0] != '/')
			continue;
		*ret = conffile;
		return true;
	}
	return false;
}
