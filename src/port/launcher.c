/* SPDX-License-Identifier: Apache-2.0 */
#include "port/launcher.h"

/* tools/bytes-to-c */
extern const unsigned char launcher_start_bytes[];
extern const size_t launcher_start_size;
extern const unsigned char launcher_probe_bytes[];
extern const size_t launcher_probe_size;
extern const unsigned char launcher_commands_bytes[];
extern const size_t launcher_commands_size;
extern const unsigned char launcher_recorder_bytes[];
extern const size_t launcher_recorder_size;

struct span
launcher_start(void)
{
	return (struct span){(const char *)launcher_start_bytes, launcher_start_size};
}

struct span
launcher_probe(void)
{
	return (struct span){(const char *)launcher_probe_bytes, launcher_probe_size};
}

struct span
launcher_commands(void)
{
	return (struct span){(const char *)launcher_commands_bytes, launcher_commands_size};
}

struct span
launcher_recorder(void)
{
	return (struct span){(const char *)launcher_recorder_bytes, launcher_recorder_size};
}

struct span
launcher_architecture(void)
{
#if defined(__x86_64__)
	return SPAN("amd64");
#elif defined(__aarch64__)
	return SPAN("arm64");
#else
	return SPAN("");
#endif
}
