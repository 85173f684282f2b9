/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/inventory/reading.h"

/*
 * Those of languages stand behind those of operating systems: they leave out what these list; and
 * single programs behind both.
 */
const struct inventory_reader inventory_readers[] = {
	{SPAN_INIT("apk"), apk_read},	   {SPAN_INIT("dpkg"), dpkg_read},
	{SPAN_INIT("rpm"), rpm_read},	   {SPAN_INIT("composer"), php_read},
	{SPAN_INIT("gem"), ruby_read},	   {SPAN_INIT("maven"), java_read},
	{SPAN_INIT("npm"), node_read},	   {SPAN_INIT("nuget"), dotnet_read},
	{SPAN_INIT("pypi"), python_read},  {SPAN_INIT("programs"), programs_read},
	{SPAN_INIT(""), unread_databases},
};

const size_t inventory_reader_count = sizeof(inventory_readers) / sizeof(inventory_readers[0]);
