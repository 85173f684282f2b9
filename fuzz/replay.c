/* SPDX-License-Identifier: Apache-2.0 */
/* Hands every file of the folders named to replay_input(); fails when there is none. */
#include "replay.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static int
replay_file(const char *path)
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
	replay_input(path, data, (size_t)size);
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
replay_folder(const char *folder)
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
		if (replay_file(path) != 0) {
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
	for (int i = 1; i < argc; i++) {
		if (replay_folder(argv[i]) != 0)
			return 1;
	}
	return argc > 1 ? 0 : 2;
}
