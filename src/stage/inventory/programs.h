/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of stage/inventory: programs that say what they are made of. Each file is looked at once.
 */
#pragma once

#include "stage/inventory/language.h"

/* An ELF file that no package of the operating system owns. */
struct program {
	uint32_t entry;
	struct span path;
	struct span bytes;	     /* gone once the readers return */
	struct component_file *file; /* itself, for components to have as theirs */
};

/* Adds what the program says of itself, and gaps. dotnet.c, golang.c, rust.c, known.c */
int dotnet_program(struct reading *reading, const struct program *program, struct err *err);
int golang_program(struct reading *reading, const struct program *program, struct err *err);
int rust_program(struct reading *reading, const struct program *program, struct err *err);
int known_program(struct reading *reading, const struct program *program, struct err *err);

/*
 * What a codec said of a program: 0 when it has no such thing or, after a gap, cannot be read; what
 * is to be returned when memory is short.
 */
int program_failed(struct reading *reading, const struct program *program, const struct err *why,
		   struct err *err);

/* A component of this ecosystem whose one file is the program. */
struct component program_component(const struct program *program, struct span ecosystem);
