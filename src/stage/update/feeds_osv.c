/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/update/feeds_osv.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/package_key.h"
#include "port/feed_archive.h"

/* Libraries of a language have no releases. */
static struct span
no_release(struct span suffix, struct buf *buf, struct err *err)
{
	(void)suffix; /* of Maven and Packagist: the address of a repository */
	(void)buf;
	(void)err;
	return SPAN("all");
}

static bool
is_number(struct span text)
{
	uint64_t number;

	return text.n > 0 && span_to_u64(text, &number);
}

/* "9" of "9" and "9.4". */
static struct span
major_release(struct span suffix, struct buf *buf, struct err *err)
{
	struct span major = suffix.n ? span_cut(&suffix, '.') : suffix;

	(void)buf;
	(void)err;
	return is_number(major) ? major : SPAN("");
}

/* "3" is 3.0, as os-release has it. */
static struct span
azure_release(struct span suffix, struct buf *buf, struct err *err)
{
	if (!is_number(suffix))
		return suffix;
	buf->n = 0;
	return buf_printf(buf, err, "%.*s.0", SPAN_ARG(suffix)) < 0 ? (struct span){NULL, 0}
								    : buf_span(buf);
}

/*
 * "22.04:LTS", "24.10"; "Pro:18.04:LTS" has the fixes for subscribers, apart. Further kinds of Pro
 * (FIPS, real-time kernels) are builds of their own.
 */
static struct span
ubuntu_release(struct span suffix, struct buf *buf, struct err *err)
{
	bool pro = span_starts_with(suffix, SPAN("Pro:"));
	struct span rest = span_slice(suffix, pro ? 4 : 0, suffix.n);
	struct span release = rest.n ? span_cut(&rest, ':') : rest;
	struct span year = span_slice(release, 0, span_find(release, '.'));

	if (!is_number(year) || year.n == release.n ||
	    (rest.p && rest.n > 0 && !span_equal(rest, SPAN("LTS"))))
		return SPAN("");
	if (!pro)
		return release;
	buf->n = 0;
	return buf_printf(buf, err, "%.*s-pro", SPAN_ARG(release)) < 0 ? (struct span){NULL, 0}
								       : buf_span(buf);
}

/*
 * "Linux Enterprise Server 15 SP5" and the modules of it ("Linux Enterprise Module for Basesystem
 * 15 SP5") are 15.5. What is for subscribers of a longer life (LTSS, SAP, ESPOS) is not.
 */
static struct span
suse_release(struct span suffix, struct buf *buf, struct err *err)
{
	static const struct span server = SPAN_INIT("Linux Enterprise Server ");
	static const struct span module = SPAN_INIT("Linux Enterprise Module for ");
	size_t pack = 0;

	if (span_starts_with(suffix, server)) {
		suffix = span_slice(suffix, server.n, suffix.n);
	} else if (span_starts_with(suffix, module)) {
		while (pack < suffix.n && !(suffix.p[pack] >= '0' && suffix.p[pack] <= '9'))
			pack++;
		suffix = span_slice(suffix, pack, suffix.n);
	} else {
		return SPAN("");
	}
	struct span rest = suffix;
	struct span version = rest.n ? span_cut(&rest, ' ') : rest;
	struct span major = span_slice(version, 0, span_find(version, '.'));
	if (!is_number(major))
		return SPAN("");
	if (!rest.p || rest.n == 0)
		return version;
	if (!span_starts_with(rest, SPAN("SP")) || !is_number(span_slice(rest, 2, rest.n)))
		return SPAN("");
	buf->n = 0;
	return buf_printf(buf, err, "%.*s.%.*s", SPAN_ARG(version),
			  SPAN_ARG(span_slice(rest, 2, rest.n))) < 0
		       ? (struct span){NULL, 0}
		       : buf_span(buf);
}

static struct span
opensuse_release(struct span suffix, struct buf *buf, struct err *err)
{
	static const struct span leap = SPAN_INIT("Leap ");

	(void)buf;
	(void)err;
	if (span_equal(suffix, SPAN("Tumbleweed")))
		return SPAN("tumbleweed");
	if (!span_starts_with(suffix, leap))
		return SPAN("");
	struct span version = span_slice(suffix, leap.n, suffix.n);
	return span_find(version, ' ') == version.n ? version : SPAN("");
}

#define LANGUAGE(feed, ecosystem_name, order_name, ...)                                            \
	{                                                                                          \
		.name = feed, .order = SPAN_INIT(order_name),                                      \
		.rules = {.ecosystem = SPAN_INIT(ecosystem_name)}, .release = no_release,          \
		__VA_ARGS__                                                                        \
	}

static const struct osv_feed osv_feeds[] = {
	LANGUAGE("bitnami", "Bitnami", "generic"),
	LANGUAGE("cargo", "crates.io", "semver"),
	LANGUAGE("composer", "Packagist", "composer", .names = SPAN_INIT("composer")),
	LANGUAGE("gem", "RubyGems", "gem"),
	LANGUAGE("golang", "Go", "golang"),
	LANGUAGE("maven", "Maven", "maven"),
	LANGUAGE("npm", "npm", "semver"),
	LANGUAGE("nuget", "NuGet", "nuget", .names = SPAN_INIT("nuget")),
	LANGUAGE("pypi", "PyPI", "pypi", .names = SPAN_INIT("pypi")),
	{
		.name = "almalinux",
		.order = SPAN_INIT("rpm"),
		.rules = {.ecosystem = SPAN_INIT("AlmaLinux"), .errata = true, .modules = true},
		.release = major_release,
		.before = "",
	},
	{
		.name = "azurelinux",
		.order = SPAN_INIT("rpm"),
		.rules = {.ecosystem = SPAN_INIT("Azure Linux"), .errata = true},
		.by_source = true,
		.release = azure_release,
		.before = "",
	},
	{
		.name = "opensuse",
		.order = SPAN_INIT("rpm"),
		.rules = {.ecosystem = SPAN_INIT("openSUSE"), .errata = true, .binaries = true},
		.release = opensuse_release,
		.before = "Leap ",
	},
	{
		.name = "rocky",
		.order = SPAN_INIT("rpm"),
		.rules = {.ecosystem = SPAN_INIT("Rocky Linux"), .errata = true, .modules = true},
		.by_source = true,
		.release = major_release,
		.before = "",
	},
	{
		.name = "suse",
		.order = SPAN_INIT("rpm"),
		.rules = {.ecosystem = SPAN_INIT("SUSE"), .errata = true, .binaries = true},
		.release = suse_release,
		.before = "Linux Enterprise Server ",
	},
	{
		.name = "ubuntu",
		.order = SPAN_INIT("dpkg"),
		.rules = {.ecosystem = SPAN_INIT("Ubuntu"), .only = SPAN_INIT("UBUNTU-CVE-")},
		.release = ubuntu_release,
		.before = "",
	},
};

const struct osv_feed *
osv_feed_find(const char *name)
{
	for (size_t i = 0; i < sizeof(osv_feeds) / sizeof(osv_feeds[0]); i++) {
		if (span_equal(span_from(osv_feeds[i].name), span_from(name)))
			return &osv_feeds[i];
	}
	return NULL;
}

int
osv_feed_ecosystem(const struct osv_feed *feed, struct span release, struct buf *buf,
		   struct err *err)
{
	static const struct span subscribers = SPAN_INIT("-pro");
	int r = buf_append(buf, feed->rules.ecosystem, err);

	if (r < 0 || !feed->before)
		return r;
	if (span_equal(release, SPAN("tumbleweed")))
		return buf_append(buf, SPAN(":Tumbleweed"), err);
	if (span_ends_with(release, subscribers))
		return buf_printf(buf, err, ":Pro:%.*s", (int)(release.n - subscribers.n),
				  release.p);
	return buf_printf(buf, err, ":%s%.*s", feed->before, SPAN_ARG(release));
}

struct importing {
	struct feed_import *import;
	const struct osv_feed *feed;
	struct feed_osv_rules rules;
	struct json_tape tape;
	struct buf release;
	struct buf package;
};

static void
importing_cleanup(struct importing *importing)
{
	json_tape_cleanup(&importing->tape);
	buf_cleanup(&importing->release);
	buf_cleanup(&importing->package);
}

/* The key of a package: of rpm's "nodejs:18/src/nodejs", with a module, and of a source package. */
static int
make_key(struct importing *importing, const struct feed_osv_record *record, struct err *err)
{
	const struct osv_feed *feed = importing->feed;
	struct buf *key = &importing->package;
	int r = 0;

	key->n = 0;
	if (record->module.n > 0)
		r = buf_printf(key, err, "%.*s/", SPAN_ARG(record->module));
	if (r == 0 && feed->by_source)
		r = buf_append(key, SPAN("src/"), err);
	if (r < 0)
		return r;
	return package_key_put(feed->names, record->package, key, err);
}

/* Several records may speak of one key: the database then has the versions of all. */
static int
add_record(void *context, const struct feed_osv_record *record, struct err *err)
{
	struct importing *importing = context;
	struct feed_import *import = importing->import;
	struct span release = importing->feed->release(record->suffix, &importing->release, err);
	const struct advisory advisory = {
		.state = ADVISORY_RANGES,
		.fixed = SPAN(""),
		.urgency = SPAN(""),
		.reason = SPAN(""),
		.note = SPAN(""),
		.affected = record->affected,
		.severity = record->severity,
		.vector = record->vector,
		.score = record->score,
	};

	if (!release.p)
		return -(int)err->kind;
	if (release.n == 0) {
		import->tally.records -= record->id_count; /* of no release of ours */
		return 0;
	}
	int r = make_key(importing, record, err);
	return r < 0 ? r
		     : advisories_build_advisories(import->builder, import->type->distribution,
						   release, buf_span(&importing->package),
						   &advisory, record->ids, record->id_count, err);
}

static bool
is_wanted(void *context, struct span name)
{
	const struct importing *importing = context;

	return span_ends_with(name, SPAN(".json")) && feed_is_ours(importing->import->tally.choice);
}

static int
add_member(void *context, struct span name, struct span bytes, struct err *err)
{
	struct importing *importing = context;
	struct feed_tally *tally = &importing->import->tally;
	bool wanted;

	int r = feed_choose(tally->choice, name, bytes, &wanted, err);
	return r < 0 || !wanted ? r
				: feed_osv_read(&importing->tape, bytes, name, &importing->rules,
						add_record, importing, tally, err);
}

int
import_osv(struct feed_import *import, int fd, struct err *err)
{
	CLEANUP(importing_cleanup)
	struct importing importing = {
		.import = import,
		.feed = osv_feed_find(import->type->name),
		.release = BUF_INIT(KIB),
		.package = BUF_INIT(2 * KIB),
	};

	importing.rules = importing.feed->rules;
	importing.rules.order = version_order_find(importing.feed->order);
	if (!importing.rules.order)
		return err_set(err, ERR_UNSUPPORTED, "versions of %s cannot be compared",
			       import->type->name);
	return feed_archive_each(fd, is_wanted, add_member, &importing, err);
}
