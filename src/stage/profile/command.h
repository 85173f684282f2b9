/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of loads and tests, run beside the container; shared by the files of this room. */
#pragma once

#include "stage/profile/session.h"

struct command_result {
	int status;
	bool timed_out;
	bool container_ended;
	struct span tail; /* of its output, in the session's arena */
};

/* Runs one of the service's commands once. ERR_NOT_FOUND and its like are in *ret. */
int command_run(struct session *session, const struct service_command *command, const char *kind,
		const char *junit, struct command_result *ret, struct err *err);
