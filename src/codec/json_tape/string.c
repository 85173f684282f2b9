/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json.h"
#include "codec/json_tape/reader.h"

#include <stdlib.h>

static int
read_hex(struct json_tape_reader *reader, const unsigned char *at, uint32_t *ret)
{
	uint32_t value = 0;

	if (reader->end - at < 4)
		return json_malformed(reader, "a cut escape");
	for (int i = 0; i < 4; i++) {
		unsigned char byte = at[i];
		unsigned char low = (unsigned char)(byte | 0x20);

		if (byte >= '0' && byte <= '9')
			value = value << 4 | (uint32_t)(byte - '0');
		else if (low >= 'a' && low <= 'f')
			value = value << 4 | (uint32_t)(low - 'a' + 10);
		else
			return json_malformed(reader, "an escape that is none");
	}
	*ret = value;
	return 0;
}

static char *
put_utf8(char *to, uint32_t code)
{
	if (code < 0x80) {
		*to++ = (char)code;
	} else if (code < 0x800) {
		*to++ = (char)(0xc0 | code >> 6);
		*to++ = (char)(0x80 | (code & 0x3f));
	} else if (code < 0x10000) {
		*to++ = (char)(0xe0 | code >> 12);
		*to++ = (char)(0x80 | (code >> 6 & 0x3f));
		*to++ = (char)(0x80 | (code & 0x3f));
	} else {
		*to++ = (char)(0xf0 | code >> 18);
		*to++ = (char)(0x80 | (code >> 12 & 0x3f));
		*to++ = (char)(0x80 | (code >> 6 & 0x3f));
		*to++ = (char)(0x80 | (code & 0x3f));
	}
	return to;
}

/* Behind "\u": one character, of two escapes when it is beyond 0xffff. */
static int
decode_unicode(struct json_tape_reader *reader, char **to)
{
	uint32_t code;
	uint32_t low;
	int r = read_hex(reader, reader->at, &code);

	if (r < 0)
		return r;
	reader->at += 4;
	if (code >= 0xdc00 && code <= 0xdfff)
		return json_malformed(reader, "half a character");
	if (code >= 0xd800 && code <= 0xdbff) {
		if (reader->end - reader->at < 2 || reader->at[0] != '\\' || reader->at[1] != 'u')
			return json_malformed(reader, "half a character");
		r = read_hex(reader, reader->at + 2, &low);
		if (r < 0)
			return r;
		if (low < 0xdc00 || low > 0xdfff)
			return json_malformed(reader, "half a character");
		reader->at += 6;
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	*to = put_utf8(*to, code);
	return 0;
}

/* At a backslash. */
static int
decode_escape(struct json_tape_reader *reader, char **to)
{
	static const char plain[256] = {
		['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
		['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
	};

	reader->at++;
	if (reader->at == reader->end)
		return json_malformed(reader, "a cut escape");
	unsigned char byte = *reader->at++;
	if (byte == 'u')
		return decode_unicode(reader, to);
	if (!plain[byte])
		return json_malformed(reader, "an escape that is none");
	*(*to)++ = plain[byte];
	return 0;
}

int
json_pass_utf8(struct json_tape_reader *reader)
{
	size_t n = json_utf8_length(
		(struct span){(const char *)reader->at, (size_t)(reader->end - reader->at)});

	if (n == 0)
		return json_malformed(reader, "bytes that are not UTF-8");
	reader->at += n;
	return 0;
}

int
json_decode_string(struct json_tape_reader *reader, const unsigned char *from)
{
	struct json_tape *tape = reader->tape;
	char *to;

	/* what is decoded is never longer */
	if (!tape->decoded || tape->decoded_capacity < tape->text.n) {
		char *decoded = realloc(tape->decoded, tape->text.n);

		if (!decoded)
			return err_memory(reader->err);
		tape->decoded = decoded;
		tape->decoded_capacity = tape->text.n;
	}
	char *start = tape->decoded + tape->decoded_count;
	to = start;
	for (;;) {
		size_t run = (size_t)(reader->at - from);

		if (run > 0)
			memcpy(to, from, run);
		to += run;
		if (reader->at == reader->end)
			return json_malformed(reader, "a string without end");
		if (*reader->at == '"')
			break;
		from = reader->at;
		int r = *reader->at == '\\'  ? decode_escape(reader, &to)
			: *reader->at < 0x20 ? json_malformed(reader, "a control byte in a string")
					     : json_pass_utf8(reader);
		if (r < 0)
			return r;
		from = *from == '\\' ? reader->at : from;
		reader->at = json_skip_plain(reader->at, reader->end);
	}
	int r = json_add_token(reader, JSON_KIND_STRING, tape->decoded_count, (size_t)(to - start));
	if (r < 0)
		return r;
	tape->tokens[tape->count - 1].decoded = 1;
	tape->decoded_count += (size_t)(to - start);
	reader->at++;
	return 0;
}
