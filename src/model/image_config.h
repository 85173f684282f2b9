/* SPDX-License-Identifier: Apache-2.0 */
/* What an image says about how it is to be run. OCI image-spec 1.1: config.md. */
#pragma once

#include "base/span.h"

struct image_port {
	uint16_t number;
	bool udp;
};

struct image_health {
	bool set;
	struct span_list test; /* {"NONE"}, {"CMD", ...} or {"CMD-SHELL", line} */
	uint64_t interval_ms;
	uint64_t timeout_ms;
	uint64_t start_ms;
	uint32_t retries;
};

struct image_label {
	struct span name;
	struct span value;
};

/* What the config says (config.md, "config"), plus the docker extensions in common use. */
struct image_config {
	struct span architecture; /* GOARCH: "amd64" */
	struct span os;
	struct span variant;
	struct span created; /* RFC 3339, as written; may be empty */
	struct span user;
	struct span working_directory;
	struct span stop_signal;
	struct span_list environment; /* "NAME=value" */
	struct span_list entrypoint;
	struct span_list command;
	struct span_list volumes;
	struct span_list shell;
	struct image_port *ports;
	size_t port_count;
	struct image_label *labels;
	size_t label_count;
	struct image_health health;
	struct span json; /* the whole document, byte for byte */
};

/* The value of NAME in the config's environment; .p NULL when not set. */
struct span image_environment(const struct image_config *config, struct span name);
