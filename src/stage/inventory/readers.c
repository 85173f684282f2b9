/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/inventory/reading.h"

const struct inventory_reader inventory_readers[] = {
	{SPAN_INIT("apk"), apk_read},
	{SPAN_INIT("dpkg"), dpkg_read},
	{SPAN_INIT(""), unread_databases},
};

const size_t inventory_reader_count = sizeof(inventory_readers) / sizeof(inventory_readers[0]);
