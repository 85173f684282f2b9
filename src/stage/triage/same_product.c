/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/triage/same_product.h"

/* "1:2.3" and epoch=1 with "2.3" are one version. */
static bool
same_version(struct span wanted, struct span epoch, struct span version)
{
	size_t colon = span_find(version, ':');

	if (epoch.n == 0 || span_find(wanted, ':') < wanted.n)
		return span_equal(wanted, version);
	if (colon == version.n)
		return span_equal(epoch, SPAN("0")) && span_equal(wanted, version);
	return span_equal(epoch, span_slice(version, 0, colon)) &&
	       span_equal(wanted, span_slice(version, colon + 1, version.n));
}

static bool
is_front(struct span front, struct span s)
{
	return span_starts_with(s, front) && (s.n == front.n || s.p[front.n] == '.');
}

static bool
same_qualifiers(const struct purl *wanted, const struct purl *purl, bool source)
{
	for (size_t i = 0; i < wanted->qualifier_count; i++) {
		struct span key = wanted->qualifiers[i].key;
		struct span value = wanted->qualifiers[i].value;
		struct span other = purl_qualifier(purl, key);

		if (span_equal(key, SPAN("upstream")) || span_equal(key, SPAN("epoch")) ||
		    (source && span_equal(key, SPAN("arch"))))
			continue;
		if (span_equal(key, SPAN("distro"))
			    ? !is_front(value, other) && !(other.n && is_front(other, value))
			    : !span_equal(value, other))
			return false;
	}
	return true;
}

bool
same_component(const struct purl *wanted, const struct purl *purl,
	       const struct component *component)
{
	bool source = span_equal(purl_qualifier(wanted, SPAN("arch")), SPAN("source"));
	struct span name = source ? component->source : purl->name;
	struct span version = source && component->source_version.n ? component->source_version
								    : component->version;

	return span_equal(wanted->type, purl->type) && span_equal(wanted->space, purl->space) &&
	       span_equal(wanted->name, name) &&
	       (wanted->version.n == 0 ||
		same_version(wanted->version, purl_qualifier(wanted, SPAN("epoch")), version)) &&
	       (wanted->subpath.n == 0 || span_equal(wanted->subpath, purl->subpath)) &&
	       same_qualifiers(wanted, purl, source);
}

bool
same_image(const struct purl *wanted, const struct triage_subject *subject)
{
	const struct image *image = subject->image;
	struct span repository = purl_qualifier(wanted, SPAN("repository_url"));
	struct span arch = purl_qualifier(wanted, SPAN("arch"));
	struct span tag = purl_qualifier(wanted, SPAN("tag"));
	char digest[DIGEST_TEXT];

	if (!image || !span_equal(wanted->type, SPAN("oci")))
		return false;
	if (wanted->version.n == 0 && repository.n == 0)
		return false;
	if (wanted->version.n &&
	    !span_equal(wanted->version, span_from(digest_format(&image->manifest_digest, digest))))
		return false;
	if (repository.n && !span_equal(repository, subject->repository))
		return false;
	if (wanted->version.n == 0 && !span_equal(wanted->name, span_base_name(repository)))
		return false;
	return (arch.n == 0 || span_equal(arch, image->config.architecture)) &&
	       (tag.n == 0 || span_equal(tag, subject->tag));
}
