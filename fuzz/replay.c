/* SPDX-License-Identifier: Apache-2.0 */
/* Hands every file of the folders named to replay_input(); fails when there is none.
 * usage: replay TARGET FOLDER... */
#include "replay.h"
#include "targets.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECLARE(name) replay_target fuzz_##name;
#define ROW(name)     {#name, fuzz_##name},

FUZZ_TARGETS(DECLARE)

static const struct {
	const char *name;
	replay_target *run;
} targets[] = {FUZZ_TARGETS(ROW)};

static int
replay_file(replay_target *target, const char *path)
{
	FILE *file = fopen(path, "rbe");
	uint8_t *data = NULL;
	long size = 0;

	if (!file || fseek(file, 0, SEEK_END) < 0 || (size = ftell(file)) < 0)
		goto failed;
	rewind(file);
	data = malloc((size_t)size + 1);
	if (!data || fread(data, 1, (size_t)size, file) != (size_t)size)
		goto failed;
	(void)fclose(file);
	replay_input(target, path, data, (size_t)size);
	free(data);
	return 0;
failed:
	perror(path);
	free(data);
	if (file)
		(void)fclose(file);
	return 1;
}

static int
replay_folder(replay_target *target, const char *folder)
{
	DIR *directory = opendir(folder);
	int count = 0;

	if (!directory) {
		perror(folder);
		return 1;
	}
	for (const struct dirent *item; (item = readdir(directory)) != NULL;) {
		char path[4096];

		if (item->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, item->d_name);
		if (replay_file(target, path) != 0) {
			(void)closedir(directory);
			return 1;
		}
		count++;
	}
	(void)closedir(directory);
	(void)printf("%s: %d inputs\n", folder, count);
	return count > 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	replay_target *target = NULL;

	for (size_t i = 0; argc > 2 && i < sizeof(targets) / sizeof(targets[0]); i++) {
		if (strcmp(targets[i].name, argv[1]) == 0)
			target = targets[i].run;
	}
	if (!target)
		return 2;
	for (int i = 2; i < argc; i++) {
		if (replay_folder(target, argv[i]) != 0)
			return 1;
	}
	return 0;
}
