/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/purl.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "stage/inventory/reading.h"

enum { PURL_MAX = 8 * KIB };

/* "debian-12", "debian-trixie" where no version is stated. */
static int
append_distro(struct buf *buf, const struct os_identity *os, struct err *err)
{
	struct span release = os->version_id.n ? os->version_id : os->codename;
	int r = purl_append(buf, os->id, err);

	if (r >= 0 && release.n)
		r = buf_byte(buf, '-', err);
	return r < 0 ? r : purl_append(buf, release, err);
}

/* "openssl", "gcc-12@12.2.0-14": nothing when it is the package itself. */
static int
append_upstream(struct buf *buf, char separator, const struct component *component, struct err *err)
{
	bool same_name = span_equal(component->source, component->name);
	bool same_version = component->source_version.n == 0 ||
			    span_equal(component->source_version, component->version);

	if (component->source.n == 0 || (same_name && same_version))
		return 0;
	int r = buf_printf(buf, err, "%cupstream=", separator);
	if (r >= 0)
		r = purl_append(buf, component->source, err);
	if (r < 0 || same_version)
		return r;
	r = buf_printf(buf, err, "%%40");
	return r < 0 ? r : purl_append(buf, component->source_version, err);
}

struct span
purl_make(struct reading *reading, const char *type, const struct component *component)
{
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT(PURL_MAX);
	const struct os_identity *os = &reading->os;
	struct err ignored = ERR_INIT;
	struct err *err = &ignored;
	char separator = '?';

	int r = buf_printf(&buf, err, "pkg:%s/", type);
	if (r >= 0)
		r = purl_append(&buf, os->known ? os->id : SPAN("debian"), err);
	if (r >= 0)
		r = buf_byte(&buf, '/', err);
	if (r >= 0)
		r = purl_append(&buf, component->name, err);
	if (r >= 0 && component->version.n)
		r = buf_byte(&buf, '@', err);
	if (r >= 0)
		r = purl_append(&buf, component->version, err);
	if (r >= 0 && component->architecture.n) {
		r = buf_printf(&buf, err, "%carch=", separator);
		if (r >= 0)
			r = purl_append(&buf, component->architecture, err);
		separator = '&';
	}
	if (r >= 0 && os->known) {
		r = buf_printf(&buf, err, "%cdistro=", separator);
		if (r >= 0)
			r = append_distro(&buf, os, err);
		separator = '&';
	}
	if (r >= 0)
		r = append_upstream(&buf, separator, component, err);
	if (r == -ERR_MEMORY)
		return (struct span){NULL, 0};
	return arena_copy(reading->arena, r < 0 ? SPAN("") : buf_span(&buf));
}
