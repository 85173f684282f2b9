/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_tape/reader.h"

#include <jansson.h>
#include <stdlib.h>

enum { NUMBER_BYTES = 1100 }; /* longer ones are read from the heap */

static bool
is_digit(const struct json_tape_reader *reader)
{
	return reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
}

static bool
pass_digits(struct json_tape_reader *reader)
{
	if (!is_digit(reader))
		return false;
	while (is_digit(reader))
		reader->at++;
	return true;
}

int
json_parse_long_number(struct span text, bool real, double *ret_real, int64_t *ret_integer)
{
	char small[NUMBER_BYTES];
	char *copy = text.n < sizeof(small) ? small : malloc(text.n + 1);
	json_error_t ignored;

	if (!copy)
		return -ERR_MEMORY;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	json_t *number = json_loadb(copy, text.n, JSON_DECODE_ANY, &ignored);
	if (copy != small)
		free(copy);
	if (!number)
		return ignored.text[0] ? -ERR_INVALID : -ERR_MEMORY;
	if (real)
		*ret_real = json_real_value(number);
	else
		*ret_integer = (int64_t)json_integer_value(number);
	json_decref(number);
	return 0;
}

/* Numbers that may not fit: jansson is the judge. */
static int
judge_long_number(struct json_tape_reader *reader, struct span text, bool real)
{
	double a;
	int64_t b;
	int r = json_parse_long_number(text, real, &a, &b);

	if (r == -ERR_MEMORY)
		return err_memory(reader->err);
	return r < 0 ? json_malformed(reader, "a number out of range") : 0;
}

int
json_read_number(struct json_tape_reader *reader)
{
	const unsigned char *from = reader->at;
	bool real = false;
	bool large = false;

	if (*reader->at == '-')
		reader->at++;
	const unsigned char *digits = reader->at;
	if (!pass_digits(reader) || (*digits == '0' && reader->at - digits > 1))
		return json_malformed(reader, "a number that is none");
	large = reader->at - digits > JSON_INTEGER_DIGITS;
	if (reader->at < reader->end && *reader->at == '.') {
		reader->at++;
		real = true;
		if (!pass_digits(reader))
			return json_malformed(reader, "a number that is none");
	}
	if (reader->at < reader->end && (*reader->at | 0x20) == 'e') {
		reader->at++;
		real = true;
		large = true;
		if (reader->at < reader->end && (*reader->at == '+' || *reader->at == '-'))
			reader->at++;
		if (!pass_digits(reader))
			return json_malformed(reader, "a number that is none");
	}
	struct span text = {(const char *)from, (size_t)(reader->at - from)};
	if (large) {
		int r = judge_long_number(reader, text, real);

		if (r < 0)
			return r;
	}
	return json_add_token(reader, real ? JSON_KIND_REAL : JSON_KIND_INTEGER,
			      (size_t)(from - reader->start), text.n);
}
