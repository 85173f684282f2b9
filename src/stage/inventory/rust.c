/* SPDX-License-Identifier: Apache-2.0 */
/* Rust programs that were built with cargo-auditable. */
#include "codec/cargo_audit.h"
#include "stage/inventory/programs.h"

int
rust_program(struct reading *reading, const struct program *program, struct err *err)
{
	struct cargo_audit audit;
	struct err why = ERR_INIT;
	int r = cargo_audit_read(program->bytes, reading->arena, &audit, &why);

	if (r < 0)
		return program_failed(reading, program, &why, err);
	for (size_t i = 0; r >= 0 && i < audit.count; i++) {
		struct component component = program_component(program, SPAN("cargo"));

		component.name = audit.packages[i].name;
		component.version = audit.packages[i].version;
		r = language_add(reading, &component, NULL, 0, err);
	}
	return r;
}
