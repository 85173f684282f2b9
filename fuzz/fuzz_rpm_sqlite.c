/* SPDX-License-Identifier: Apache-2.0 */
#include "rpm_database.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two bytes: how many blocks of 512 bytes behind them are the file; then comes its log. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {(const char *)data, size};

	if (size < 2)
		return 0;
	size_t n = 512 * ((size_t)data[0] << 8 | data[1]);
	rest = span_slice(rest, 2, size);
	if (n > rest.n)
		n = rest.n;
	check_database(SPAN("rpmdb.sqlite"), span_slice(rest, 0, n), span_slice(rest, n, rest.n));
	return 0;
}
