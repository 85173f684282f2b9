/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/purl.h"

static bool
is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr(".-_~", c));
}

int
purl_append(struct buf *buf, struct span s, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < s.n && r >= 0; i++)
		r = is_plain(s.p[i]) ? buf_byte(buf, s.p[i], err)
				     : buf_printf(buf, err, "%%%02X", (unsigned char)s.p[i]);
	return r;
}

int
purl_append_image(struct buf *buf, const struct purl_image *image, struct err *err)
{
	const struct {
		const char *name;
		struct span value;
	} qualifiers[] = {
		{"arch", image->architecture},
		{"repository_url", image->repository},
		{"tag", image->tag},
	};
	char digest[DIGEST_TEXT];
	char separator = '?';
	int r = buf_append(buf, SPAN("pkg:oci/"), err);

	if (r >= 0)
		r = purl_append(buf, image->name, err);
	if (r >= 0)
		r = buf_byte(buf, '@', err);
	if (r >= 0)
		r = purl_append(buf, span_from(digest_format(&image->digest, digest)), err);
	for (size_t i = 0; i < sizeof(qualifiers) / sizeof(qualifiers[0]) && r >= 0; i++) {
		if (qualifiers[i].value.n == 0)
			continue;
		r = buf_printf(buf, err, "%c%s=", separator, qualifiers[i].name);
		if (r >= 0)
			r = purl_append(buf, qualifiers[i].value, err);
		separator = '&';
	}
	return r;
}
