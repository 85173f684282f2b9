/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/feed_debian.h"

#include "base/limits.h"

struct reading {
	int (*each)(void *context, const struct feed_debian_record *record, struct err *err);
	void *context;
	struct feed_tally *tally;
};

static const struct span statuses[] = {
	[FEED_DEBIAN_OPEN] = SPAN_INIT("open"),
	[FEED_DEBIAN_RESOLVED] = SPAN_INIT("resolved"),
	[FEED_DEBIAN_UNDETERMINED] = SPAN_INIT("undetermined"),
};

static bool
status_of(struct span text, enum feed_debian_status *ret)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (!span_equal(text, statuses[i]))
			continue;
		*ret = (enum feed_debian_status)i;
		return true;
	}
	return false;
}

/* Debian policy 5.6.12: what may stand in a version. */
static bool
is_version(struct span text)
{
	if (text.n == 0 || text.n > FEED_VERSION_MAX || text.p[0] < '0' || text.p[0] > '9')
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char byte = text.p[i];
		bool alphanumeric = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
				    (byte >= 'A' && byte <= 'Z');

		if (!alphanumeric && (byte == '\0' || !strchr(".+-~:", byte)))
			return false;
	}
	return true;
}

/* A source package's or release's name: lower case, as policy 5.6.1 has it. */
static bool
is_name(struct span text)
{
	if (text.n == 0 || text.n > FEED_NAME_MAX)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char byte = text.p[i];

		if (!(byte >= '0' && byte <= '9') && !(byte >= 'a' && byte <= 'z') &&
		    (byte == '\0' || !strchr(".+-_", byte)))
			return false;
	}
	return true;
}

/* Cut at a character's start. */
static struct span
cut_text(struct span text, size_t max)
{
	size_t n = text.n;

	if (n <= max)
		return text;
	for (n = max; n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80;)
		n--;
	return span_slice(text, 0, n);
}

static int
read_release(struct json_view json, struct feed_debian_record *record, struct err *err)
{
	struct span status;
	struct span fixed;
	struct span urgency;
	struct span reason;
	struct span note;

	if (json_view_kind(json) != JSON_KIND_OBJECT)
		return err_set(err, ERR_INVALID, "a release that is not an object");
	if (!feed_string(json, SPAN("status"), &status) || !status_of(status, &record->status))
		return err_set(err, ERR_INVALID, "unknown status");
	if (!feed_string(json, SPAN("fixed_version"), &fixed) ||
	    (record->status == FEED_DEBIAN_RESOLVED && !is_version(fixed)))
		return err_set(err, ERR_INVALID, "resolved, but in no version");
	if (!feed_string(json, SPAN("urgency"), &urgency) || !feed_is_text(urgency, FEED_NAME_MAX))
		return err_set(err, ERR_INVALID, "malformed urgency");
	if (!feed_string(json, SPAN("nodsa_reason"), &reason) ||
	    !feed_is_text(reason, FEED_NAME_MAX))
		return err_set(err, ERR_INVALID, "malformed nodsa_reason");
	if (!feed_string(json, SPAN("nodsa"), &note) || !feed_is_text(note, note.n))
		return err_set(err, ERR_INVALID, "malformed nodsa");

	while (urgency.n > 0 && urgency.p[urgency.n - 1] == '*')
		urgency.n--;
	record->fixed_version =
		record->status == FEED_DEBIAN_RESOLVED ? fixed : (struct span){"", 0};
	record->urgency = urgency;
	record->no_dsa = json_view_string(json_view_get(json, SPAN("nodsa"))).p || reason.n > 0 ||
			 span_equal(urgency, SPAN("end-of-life"));
	record->reason = reason;
	record->note = cut_text(note, FEED_NOTE_MAX);
	return 0;
}

static int
read_releases(struct reading *reading, struct feed_debian_record *record, struct json_view releases,
	      struct err *err)
{
	struct json_walk walk = json_walk_start(releases);
	struct json_view release;

	while (json_walk_next(&walk, &record->release, &release)) {
		struct err problem = ERR_INIT;
		int r;

		if (!is_name(record->release))
			r = err_set(&problem, ERR_INVALID, "malformed release name");
		else
			r = read_release(release, record, &problem);
		if (r < 0) {
			feed_skip(reading->tally, record->id, &problem);
			continue;
		}
		r = reading->each(reading->context, record, err);
		if (r != 0)
			return r;
		reading->tally->records++;
	}
	return 0;
}

static int
read_source(void *context, struct span key, struct json_view value, struct err *err)
{
	struct reading *reading = context;
	struct json_walk walk = json_walk_start(value);
	struct err problem = ERR_INIT;
	struct json_view advisory;
	struct span id;

	if (!is_name(key) || json_view_kind(value) != JSON_KIND_OBJECT) {
		(void)err_set(&problem, ERR_INVALID, "not a source package with advisories");
		feed_skip(reading->tally, key, &problem);
		return 0;
	}
	while (json_walk_next(&walk, &id, &advisory)) {
		struct feed_debian_record record = {.source = key, .id = id};
		struct json_view releases = json_view_get(advisory, SPAN("releases"));

		if (!feed_is_id(record.id) || json_view_kind(releases) != JSON_KIND_OBJECT) {
			(void)err_set(&problem, ERR_INVALID, "not an advisory with releases");
			feed_skip(reading->tally, record.id, &problem);
			continue;
		}
		int r = read_releases(reading, &record, releases, err);
		if (r != 0)
			return r;
	}
	return 0;
}

int
feed_debian_read(const struct feed_input *input,
		 int (*each)(void *context, const struct feed_debian_record *record,
			     struct err *err),
		 void *context, struct feed_tally *tally, struct err *err)
{
	struct reading reading = {each, context, tally};

	return feed_each(input, "", read_source, NULL, &reading, tally, err);
}
