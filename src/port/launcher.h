/* SPDX-License-Identifier: Apache-2.0 */
/* The programs that mohs puts into containers (src/launcher); bytes of its own file. */
#pragma once

#include "base/span.h"

/* mohs-start: becomes the service by a start plan. Empty where it is not written for the machine.
 */
struct span launcher_start(void);

/* mohs-probe: tells how it was started. */
struct span launcher_probe(void);

/* mohs-commands: carries out the commands of its table, in a shell's place. */
struct span launcher_commands(void);

/* mohs-recorder: tells how a shell is run, and becomes it. */
struct span launcher_recorder(void);

/* GOARCH they are for: "amd64". */
struct span launcher_architecture(void);
