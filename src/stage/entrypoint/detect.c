/* SPDX-License-Identifier: Apache-2.0 */
/* Does the image start through a shell? */
#include "stage/entrypoint/compiler.h"

#include "base/limits.h"
#include "codec/shebang.h"

#include <stdio.h>

static const struct span shell_names[] = {
	SPAN_INIT("ash"), SPAN_INIT("bash"), SPAN_INIT("busybox"), SPAN_INIT("dash"),
	SPAN_INIT("ksh"), SPAN_INIT("mksh"), SPAN_INIT("sh"),	   SPAN_INIT("zsh"),
};

static bool
is_shell_name(struct span path)
{
	struct span name = span_base_name(path);

	for (size_t i = 0; i < sizeof(shell_names) / sizeof(shell_names[0]); i++) {
		if (span_equal(name, shell_names[i]))
			return true;
	}
	return false;
}

/* As the kernel would with the image's PATH and working directory. */
static uint32_t
find_program(const struct compiler *compiler, struct span name)
{
	const struct image *image = compiler->input->image;
	struct span path = image_environment(&image->config, SPAN("PATH"));
	uint32_t entry = IMAGE_NONE;
	char full[IMAGE_PATH_MAX + 2];

	if (!path.p)
		path = SPAN("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	if (span_find(name, '/') < name.n) {
		struct span directory = image->config.working_directory;

		if (name.n && name.p[0] == '/')
			return image_resolve(image, name, true, NULL, NULL);
		(void)snprintf(full, sizeof(full), "/%.*s/%.*s", SPAN_ARG(directory),
			       SPAN_ARG(name));
		return image_resolve(image, span_from(full), true, NULL, NULL);
	}
	while (path.p && entry == IMAGE_NONE) {
		struct span directory = span_cut(&path, ':');

		(void)snprintf(full, sizeof(full), "%.*s/%.*s", SPAN_ARG(directory),
			       SPAN_ARG(name));
		entry = image_resolve(image, span_from(full), true, NULL, NULL);
	}
	return entry;
}

bool
detect_is_shell(const struct image *image, uint32_t entry)
{
	return entry != IMAGE_NONE && is_shell_name(image->entries[entry].path);
}

bool
detect_names(const struct compiler *compiler, struct span name)
{
	uint32_t entry = find_program(compiler, name);

	return entry != IMAGE_NONE &&
	       entry == image_resolve(compiler->input->image, compiler->start->program, true, NULL,
				      NULL);
}

int
detect_shell(struct compiler *compiler, bool *ret, struct err *err)
{
	const struct image *image = compiler->input->image;
	const struct span_list *entrypoint = &image->config.entrypoint;
	const struct span_list *command = compiler->input->service->command.count
						  ? &compiler->input->service->command
						  : &image->config.command;
	const struct span_list *first = entrypoint->count ? entrypoint : command;
	char head[SHEBANG_MAX];
	struct shebang shebang;
	size_t n = 0;

	*ret = false;
	compiler->alone = entrypoint->count == 0;
	compiler->arguments = *command;
	if (first->count == 0)
		return 0;
	uint32_t entry = find_program(compiler, first->items[0]);
	if (entry == IMAGE_NONE || image_inode(image, entry)->type != IMAGE_FILE)
		return 0;
	compiler->start->script = arena_copy(compiler->arena, image->entries[entry].path);
	if (!compiler->start->script.p)
		return err_memory(err);
	if (detect_is_shell(image, entry)) {
		*ret = true;
		return 0;
	}
	int r = contents_read(compiler->input->contents, image, entry, 0, head, sizeof(head), &n,
			      err);
	if (r == 0 && shebang_read((struct span){head, n}, &shebang))
		*ret = is_shell_name(shebang.interpreter) ||
		       (shebang.program.n && is_shell_name(shebang.program));
	return r;
}
