/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/dpkg_files.h"

#include "base/ascii.h"
#include "base/limits.h"

/* Without a carriage return at the end: file names may end in any other blank. */
static struct span
take_line(struct span *rest)
{
	struct span line = span_cut(rest, '\n');

	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static bool
is_path(struct span path)
{
	return path.n > 0 && path.n <= IMAGE_PATH_MAX && span_find(path, '\0') == path.n;
}

bool
dpkg_list_next(struct span *rest, struct dpkg_file *ret, size_t *faults)
{
	while (rest->p) {
		struct span line = take_line(rest);

		if (line.n == 0)
			continue;
		if (line.p[0] != '/' || !is_path(line)) {
			(*faults)++;
			continue;
		}
		*ret = (struct dpkg_file){.path = line};
		return true;
	}
	return false;
}

bool
dpkg_md5_parse(struct span hex, uint8_t ret[16])
{
	uint8_t digest[16];

	if (hex.n != 2 * sizeof(digest))
		return false;
	for (size_t i = 0; i < sizeof(digest); i++) {
		int high = ascii_hex_digit(hex.p[2 * i]);
		int low = ascii_hex_digit(hex.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		digest[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(ret, digest, sizeof(digest));
	return true;
}

/* "HEX  path", or "HEX *path" of a binary sum; a leading "./" or "/" of the path is cut. */
static bool
parse_sum(struct span line, struct dpkg_file *ret)
{
	struct dpkg_file file;

	if (line.n < 35 || line.p[32] != ' ' || (line.p[33] != ' ' && line.p[33] != '*') ||
	    !dpkg_md5_parse(span_slice(line, 0, 32), file.digest))
		return false;
	file.path = span_slice(line, 34, line.n);
	if (span_starts_with(file.path, SPAN("./")))
		file.path = span_slice(file.path, 2, file.path.n);
	while (file.path.n && file.path.p[0] == '/')
		file.path = span_slice(file.path, 1, file.path.n);
	if (!is_path(file.path))
		return false;
	*ret = file;
	return true;
}

bool
dpkg_md5sums_next(struct span *rest, struct dpkg_file *ret, size_t *faults)
{
	while (rest->p) {
		struct span line = take_line(rest);

		if (line.n == 0)
			continue;
		if (parse_sum(line, ret))
			return true;
		(*faults)++;
	}
	return false;
}

bool
dpkg_diversion_next(struct span *rest, struct dpkg_diversion *ret, size_t *faults)
{
	while (rest->p) {
		struct dpkg_diversion diversion = {.from = take_line(rest)};

		if (diversion.from.n == 0)
			continue;
		diversion.to = rest->p ? take_line(rest) : SPAN("");
		diversion.package = rest->p ? take_line(rest) : SPAN("");
		if (!is_path(diversion.from) || diversion.from.p[0] != '/' ||
		    !is_path(diversion.to) || diversion.to.p[0] != '/' ||
		    diversion.package.n == 0) {
			(*faults)++;
			continue;
		}
		if (span_equal(diversion.package, SPAN(":")))
			diversion.package = SPAN("");
		*ret = diversion;
		return true;
	}
	return false;
}
