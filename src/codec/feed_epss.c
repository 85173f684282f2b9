/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/feed_epss.h"

#include "base/limits.h"

enum {
	LINE_MAX_BYTES = 4096,
	CHUNK = 65536,
	FRACTION_DIGITS = 17,
};

struct reading {
	int (*each)(void *context, const struct feed_epss_record *record, struct err *err);
	void *context;
	struct feed_tally *tally;
	bool header; /* the header line was seen */
};

/*
 * "0.94432", "1", "1.00000", "9.3e-04": a decimal in [0,1], whatever the locale; at most
 * FRACTION_DIGITS digits, none of them lost.
 */
static bool
read_probability(struct span text, double *ret)
{
	double value = 0;
	double scale = 1;
	bool point = false;
	int digits = 0;
	int exponent = 0;

	for (size_t i = 0; i < text.n; i++) {
		char byte = text.p[i];

		if (byte == '.' && !point && digits > 0) {
			point = true;
		} else if ((byte == 'e' || byte == 'E') && digits > 0 && text.n == i + 4 &&
			   text.p[i + 1] == '-' && text.p[i + 2] == '0' && text.p[i + 3] >= '0' &&
			   text.p[i + 3] <= '9') {
			exponent = text.p[i + 3] - '0';
			break;
		} else if (byte >= '0' && byte <= '9' && digits < FRACTION_DIGITS) {
			value = value * 10 + (byte - '0');
			scale *= point ? 10 : 1;
			digits++;
		} else {
			return false;
		}
	}
	while (exponent-- > 0)
		scale *= 10;
	value /= scale;
	if (digits == 0 || value > 1)
		return false;
	*ret = value;
	return true;
}

static int
read_line(struct reading *reading, struct span line, struct err *err)
{
	struct feed_epss_record record;
	struct err problem = ERR_INIT;

	line = span_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return 0;
	if (!reading->header) {
		reading->header = span_starts_with(line, SPAN("cve,epss"));
		return reading->header ? 0
				       : err_set(err, ERR_INVALID,
						 "not EPSS scores: no header \"cve,epss\"");
	}
	record.id = span_cut(&line, ',');
	if (!feed_is_cve(record.id) || !line.p ||
	    !read_probability(span_cut(&line, ','), &record.probability)) {
		(void)err_set(&problem, ERR_INVALID, "not a CVE id and a probability");
		feed_skip(reading->tally, record.id, &problem);
		return 0;
	}
	int r = reading->each(reading->context, &record, err);
	if (r == 0)
		reading->tally->records++;
	return r;
}

/* Hands on the whole lines of the buffer and moves the rest to its front. */
static int
read_lines(struct reading *reading, char *buffer, size_t *filled, struct err *err)
{
	struct span rest = {buffer, *filled};

	for (;;) {
		size_t end = span_find(rest, '\n');

		if (end == rest.n)
			break;
		int r = read_line(reading, span_slice(rest, 0, end), err);
		if (r != 0)
			return r;
		rest = span_slice(rest, end + 1, rest.n);
	}
	if (rest.n > LINE_MAX_BYTES)
		return err_set(err, ERR_LIMIT, "a line longer than %d bytes", LINE_MAX_BYTES);
	memmove(buffer, rest.p, rest.n);
	*filled = rest.n;
	return 0;
}

int
feed_epss_read(const struct feed_input *input,
	       int (*each)(void *context, const struct feed_epss_record *record, struct err *err),
	       void *context, struct feed_tally *tally, struct err *err)
{
	struct reading reading = {each, context, tally, false};
	char buffer[CHUNK];
	size_t filled = 0;
	uint64_t total = 0;
	size_t n;

	do {
		int r = input->read(input->context, buffer + filled, sizeof(buffer) - filled, &n,
				    err);
		if (r < 0)
			return r;
		filled += n;
		total += n;
		if (total > FEED_DOCUMENT_MAX)
			return err_set(err, ERR_LIMIT, "EPSS scores longer than %lu bytes",
				       FEED_DOCUMENT_MAX);
		r = read_lines(&reading, buffer, &filled, err);
		if (r != 0)
			return r;
	} while (n > 0);
	int r = read_line(&reading, (struct span){buffer, filled}, err);
	if (r == 0 && !reading.header)
		return err_set(err, ERR_INVALID, "not EPSS scores: no header \"cve,epss\"");
	return r;
}
