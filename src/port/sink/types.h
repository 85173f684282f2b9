/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of the table in sink.c. */
#pragma once

#include "port/sink.h"

extern const struct sink_type sink_oci;
extern const struct sink_type sink_docker_archive;
extern const struct sink_type sink_registry;
