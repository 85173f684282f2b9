/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image with an inventory and a profile, for tests of what comes after them. Entries first,
 * then scene_close(), then components and uses.
 */
#pragma once

#include "fixture.h"

#include "base/vec.h"
#include "stage/plan.h"

enum { SCENE_ENTRIES = 100000, SCENE_FILES = 64 };

struct scene {
	struct arena *arena;
	VEC(struct fixture_entry) entries;
	VEC(struct component) components;
	VEC(struct profile_path) paths;
	struct fixture fixture;
	struct inventory inventory;
	struct profile profile;
	struct service service;
};

void scene_open(struct scene *scene);
void scene_free(struct scene *scene);

void scene_entry(struct scene *scene, const struct fixture_entry *entry);
void scene_file(struct scene *scene, const char *path, uint32_t mode, const char *content);
void scene_link(struct scene *scene, const char *path, const char *target);

/* Copies a path of this machine into the image, with every link on its way and its target. */
void scene_host(struct scene *scene, const char *path);

/* A small ELF file made up of these; x86-64 unless `machine` says otherwise. */
struct scene_elf {
	const char *needed[4];
	const char *soname;
	const char *rpath;
	const char *runpath;
	const char *interpreter;
	const char *import; /* one imported function */
	uint16_t machine;
};

void scene_elf(struct scene *scene, const char *path, const struct scene_elf *elf);

/* Makes the image. */
void scene_close(struct scene *scene);

/* Marks a path as used; the whole profile is complete and of this image. */
void scene_use(struct scene *scene, const char *path, uint8_t use);

/* A dpkg package of /var/lib/dpkg/status; `files` ends with NULL. Valid until the next one. */
struct component *scene_package(struct scene *scene, const char *name, const char *const *files);

/* Plans; fails the test when that fails. The caller frees. */
struct plan *scene_plan(struct scene *scene);
int scene_try(struct scene *scene, bool force, struct plan **ret, struct err *err);

/* REASON_NONE and REASON_DROPPED mean removed. Fails the test when the image has no such path. */
enum plan_reason scene_reason(const struct scene *scene, const struct plan *plan, const char *path);
bool scene_keeps(const struct scene *scene, const struct plan *plan, const char *path);

/* Whether a gap's subject and text hold these. */
bool scene_has_gap(const struct plan *plan, const char *subject, const char *text);
