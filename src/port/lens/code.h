/* SPDX-License-Identifier: Apache-2.0 */
/* Whether code of the ELF files ran, from the pages of them that were read. */
#pragma once

#include "port/lens/lens.h"

struct lens_code;

/* *ret stays NULL when pages are not watched. ERR_MEMORY. */
int lens_code_open(const struct lens *lens, struct lens_code **ret, struct err *err);

/* USE_RUN or 0, of a file that was read; 0 when `code` is NULL. What cannot be told ran. */
uint8_t lens_code_use(const struct lens_code *code, uint32_t entry);

/* A file of which it is not known what it imports, so that everything counts as imported. */
uint32_t lens_code_unread(const struct lens_code *code);

void lens_code_free(struct lens_code *code);
