/* SPDX-License-Identifier: Apache-2.0 */
/* What the libraries of this folder offer: every kind of symbol that a stub stands in for. */
#pragma once

int helped_plain(int value);
int helped_age(int value);
int helped_weak(int value);
int helped_chosen(int value);
extern int helped_data;
struct helped_table {
	const char *name;
	int *number;
	int (*exported)(int value);
	int (*function)(int value); /* of no other name */
};
extern const struct helped_table helped_table;
extern __thread int helped_thread;
