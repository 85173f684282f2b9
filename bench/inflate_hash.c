/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor under reading a gzip layer, for bench/scan.sh: igzip inflates it, and the compressed
 * and the plain bytes are hashed, in one thread and with no more than that. Prints milliseconds and
 * both digests.
 */
#include "base/clock.h"
#include "base/digest.h"

#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { INPUT_BYTES = 65536, OUTPUT_BYTES = 256 << 10 };

/* All that `state` makes of its input. */
static int
inflate_block(struct inflate_state *state, uint8_t *output, struct digest_stream *plain)
{
	do {
		state->next_out = output;
		state->avail_out = OUTPUT_BYTES;
		if (isal_inflate(state) < 0)
			return -1;
		digest_stream_update(plain, output, OUTPUT_BYTES - state->avail_out);
	} while (state->avail_out == 0 ||
		 (state->avail_in > 0 && state->block_state != ISAL_BLOCK_FINISH));
	return 0;
}

static int
inflate_file(int fd, struct digest_stream *packed, struct digest_stream *plain)
{
	static struct inflate_state state;
	static uint8_t input[INPUT_BYTES];
	static uint8_t output[OUTPUT_BYTES];
	ssize_t n;

	isal_inflate_init(&state);
	state.crc_flag = ISAL_GZIP;
	while ((n = read(fd, input, sizeof(input))) > 0) {
		digest_stream_update(packed, input, (size_t)n);
		state.next_in = input;
		state.avail_in = (uint32_t)n;
		if (inflate_block(&state, output, plain) < 0)
			return -1;
	}
	return n < 0 || state.block_state != ISAL_BLOCK_FINISH ? -1 : 0;
}

int
main(int argc, char **argv)
{
	struct digest_stream *packed = digest_stream_new();
	struct digest_stream *plain = digest_stream_new();
	uint64_t start = clock_ms();
	char texts[2][DIGEST_TEXT];
	struct digest digests[2];
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0 || !packed || !plain || inflate_file(fd, packed, plain) < 0) {
		(void)fprintf(stderr, "usage: inflate_hash LAYER.tar.gz\n");
		return EXIT_FAILURE;
	}
	digest_stream_finish(packed, &digests[0]);
	digest_stream_finish(plain, &digests[1]);
	(void)printf("%llu %s %s\n", (unsigned long long)(clock_ms() - start),
		     digest_format(&digests[0], texts[0]), digest_format(&digests[1], texts[1]));
	digest_stream_free(packed);
	digest_stream_free(plain);
	(void)close(fd);
	return EXIT_SUCCESS;
}
