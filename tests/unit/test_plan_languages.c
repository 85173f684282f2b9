/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the records of Python, Node, Ruby and PHP packages when files go. */
#include "test.h"

#include "scene.h"
#include "stage/inventory.h"

#define RUN	(USE_LOOKUP | USE_READ)
#define SITE	"/usr/lib/python3.11/site-packages/"
#define GEMS	"/usr/local/lib/ruby/gems/3.3.0/"
#define MODULES "/app/node_modules/"
#define VENDOR	"/app/vendor/"

struct made {
	struct inventory *inventory;
	struct plan *plan;
};

/* Plans with the inventory that is read from the image itself; some program is always used. */
static struct made
make(struct scene *scene)
{
	struct made made = {0};

	scene_use(scene, "/bin/app", RUN);
	scene->profile.paths = scene->paths.items;
	scene->profile.path_count = scene->paths.count;
	assert_good(inventory_read(scene->fixture.image, scene->fixture.contents, &made.inventory,
				   err));
	assert_good(plan_make(scene->fixture.image, scene->fixture.contents, made.inventory,
			      &scene->profile, &scene->service, false, &made.plan, err));
	return made;
}

static void
drop(struct scene *scene, struct made *made)
{
	plan_free(made->plan);
	inventory_free(made->inventory);
	scene_free(scene);
}

static enum component_fate
fate_of(const struct made *made, const char *name)
{
	for (size_t i = 0; i < made->inventory->component_count; i++) {
		if (span_equal(made->inventory->components[i].name, span_from(name)))
			return made->plan->components[i].fate;
	}
	fail_msg("no component %s", name);
	return FATE_KEPT;
}

static struct span
rewritten(const struct scene *scene, const struct made *made, const char *path)
{
	uint32_t entry = image_find(scene->fixture.image, span_from(path));

	for (size_t i = 0; i < made->plan->rewrite_count; i++) {
		if (made->plan->rewrites[i].entry == entry)
			return made->plan->rewrites[i].content;
	}
	fail_msg("%s is not rewritten", path);
	return SPAN("");
}

static void
start(struct scene *scene)
{
	static const struct scene_elf program = {0};

	scene_open(scene);
	scene_elf(scene, "/bin/app", &program);
}

static void
distribution(struct scene *scene, const char *name, const char *record)
{
	struct span info = arena_printf(scene->arena, SITE "%s-1.dist-info/", name);

	assert_non_null(info.p);
	scene_file(scene, arena_printf(scene->arena, "%sMETADATA", info.p).p, 0644,
		   arena_printf(scene->arena, "Name: %s\nVersion: 1\n", name).p);
	scene_file(scene, arena_printf(scene->arena, "%sRECORD", info.p).p, 0644, record);
}

static void
python(void **state)
{
	struct scene scene;

	(void)state;
	start(&scene);
	distribution(&scene, "used",
		     "used/__init__.py,sha256=x,1\nused/extra.py,,\n../../../bin/used,,\n"
		     "used/gone.py,,\nused-1.dist-info/METADATA,,\nused-1.dist-info/RECORD,,\n"
		     "used-1.dist-info/WHEEL,,\n");
	distribution(&scene, "data", "data/table.txt,,\ndata/code.py,,\n");
	/* an empty file is no copy of another */
	distribution(&scene, "unused",
		     "unused.py,,\nempty.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n"
		     "unused-1.dist-info/METADATA,,\n");
	scene_file(&scene, SITE "empty.py", 0644, "");
	scene_file(&scene, "/srv/__init__.py", 0644, "");
	distribution(&scene, "asked", "asked.py,,\nasked-1.dist-info/METADATA,,\n");
	scene_file(&scene, SITE "used/__init__.py", 0644, "a");
	scene_file(&scene, SITE "used/extra.py", 0644, "b");
	scene_file(&scene, SITE "used-1.dist-info/WHEEL", 0644, "c");
	scene_file(&scene, "/usr/bin/used", 0755, "#!/bin/app\n");
	scene_file(&scene, SITE "data/table.txt", 0644, "d");
	scene_file(&scene, SITE "data/code.py", 0644, "d");
	scene_file(&scene, SITE "unused.py", 0644, "e");
	scene_file(&scene, SITE "asked.py", 0644, "f");
	scene_file(&scene, SITE "single.egg-info", 0644, "Name: single\nVersion: 1\n");
	scene_close(&scene);
	scene_use(&scene, SITE "used/__init__.py", RUN);
	scene_use(&scene, "/srv/__init__.py", RUN);
	scene_use(&scene, SITE "data/table.txt", RUN);
	scene_use(&scene, SITE "asked-1.dist-info/METADATA", RUN);
	struct made made = make(&scene);

	assert_int_equal(fate_of(&made, "used"), FATE_KEPT);
	assert_int_equal(fate_of(&made, "data"), FATE_DATA);
	assert_int_equal(fate_of(&made, "unused"), FATE_REMOVED);
	/* its record was asked for, so it is there, and whoever looks finds it */
	assert_int_equal(fate_of(&made, "asked"), FATE_KEPT);
	assert_int_equal(fate_of(&made, "single"), FATE_KEPT);
	assert_true(scene_has_gap(made.plan, "single", "files are not known"));
	assert_span(rewritten(&scene, &made, SITE "used-1.dist-info/RECORD"),
		    "used/__init__.py,sha256=x,1\nused-1.dist-info/METADATA,,\n"
		    "used-1.dist-info/RECORD,,\n");
	assert_span(rewritten(&scene, &made, SITE "asked-1.dist-info/RECORD"),
		    "asked-1.dist-info/METADATA,,\n");
	assert_false(scene_keeps(&scene, made.plan, SITE "data-1.dist-info/METADATA"));
	assert_false(scene_keeps(&scene, made.plan, SITE "data-1.dist-info/RECORD"));
	assert_false(scene_keeps(&scene, made.plan, SITE "unused-1.dist-info/METADATA"));
	assert_true(scene_keeps(&scene, made.plan, SITE "single.egg-info"));
	assert_int_equal(made.plan->orphan_count, 1);
	drop(&scene, &made);
}

static void
node(void **state)
{
	static const char lock[] = "{\n  \"name\": \"app\",\n  \"packages\": {\n"
				   "    \"node_modules/a\": {\"version\": \"1\"},\n"
				   "    \"node_modules/a/node_modules/b\": {\"version\": \"1\"},\n"
				   "    \"node_modules/other\": {\"link\": true}\n  }\n}\n";
	static const char cut[] = "{\n  \"name\": \"app\",\n  \"packages\": {\n"
				  "    \"node_modules/a\": {\"version\": \"1\"},\n"
				  "    \"node_modules/other\": {\"link\": true}\n  }\n}\n";
	struct scene scene;

	(void)state;
	start(&scene);
	scene_file(&scene, MODULES ".package-lock.json", 0644, lock);
	scene_file(&scene, MODULES "a/package.json", 0644, "{\"name\":\"a\",\"version\":\"1\"}");
	scene_file(&scene, MODULES "a/index.js", 0644, "a");
	scene_file(&scene, MODULES "a/node_modules/b/package.json", 0644,
		   "{\"name\":\"b\",\"version\":\"1\"}");
	scene_file(&scene, MODULES "a/node_modules/b/index.js", 0644, "b");
	scene_file(&scene, MODULES "ids/package.json", 0644,
		   "{\"name\":\"ids\",\"version\":\"1\",\"main\":\"i.json\"}");
	scene_file(&scene, MODULES "ids/i.json", 0644, "[]");
	scene_close(&scene);
	scene_use(&scene, MODULES "a/index.js", RUN);
	scene_use(&scene, MODULES ".package-lock.json", RUN);
	scene_use(&scene, MODULES "ids/package.json", RUN);
	scene_use(&scene, MODULES "ids/i.json", RUN);
	struct made made = make(&scene);

	assert_int_equal(fate_of(&made, "a"), FATE_KEPT);
	assert_int_equal(fate_of(&made, "b"), FATE_REMOVED);
	assert_int_equal(fate_of(&made, "ids"), FATE_KEPT);
	assert_true(scene_keeps(&scene, made.plan, MODULES "a/package.json"));
	assert_false(scene_keeps(&scene, made.plan, MODULES "a/node_modules/b/package.json"));
	assert_span(rewritten(&scene, &made, MODULES ".package-lock.json"), cut);
	drop(&scene, &made);
}

static void
gem(struct scene *scene, const char *name, const char *needs)
{
	scene_file(scene, arena_printf(scene->arena, GEMS "specifications/%s-1.gemspec", name).p,
		   0644,
		   arena_printf(scene->arena,
				"# stub: %s 1 ruby lib\ns.add_dependency(%%q<%s>.freeze)\n", name,
				needs)
			   .p);
	scene_file(scene, arena_printf(scene->arena, GEMS "gems/%s-1/lib/%s.rb", name, name).p,
		   0644, name);
	scene_use(scene, arena_printf(scene->arena, GEMS "specifications/%s-1.gemspec", name).p,
		  RUN);
}

static void
ruby(void **state)
{
	for (int locked = 0; locked < 2; locked++) {
		struct scene scene;

		(void)state;
		start(&scene);
		gem(&scene, "used", "needed");
		gem(&scene, "needed", "deeper");
		gem(&scene, "deeper", "used");
		gem(&scene, "unused", "x");
		gem(&scene, "locked", "x");
		scene_file(&scene, "/app/Gemfile.lock", 0644,
			   "GEM\n  specs:\n    locked (1)\n\nDEPENDENCIES\n  locked\n");
		scene_close(&scene);
		scene_use(&scene, GEMS "gems/used-1/lib/used.rb", RUN);
		if (locked)
			scene_use(&scene, "/app/Gemfile.lock", RUN);
		struct made made = make(&scene);

		assert_int_equal(fate_of(&made, "used"), FATE_KEPT);
		assert_int_equal(fate_of(&made, "needed"), FATE_KEPT);
		assert_int_equal(fate_of(&made, "deeper"), FATE_KEPT);
		assert_int_equal(fate_of(&made, "unused"), FATE_REMOVED);
		assert_int_equal(fate_of(&made, "locked"), locked ? FATE_KEPT : FATE_REMOVED);
		assert_true(scene_keeps(&scene, made.plan, GEMS "specifications/deeper-1.gemspec"));
		assert_false(
			scene_keeps(&scene, made.plan, GEMS "specifications/unused-1.gemspec"));
		assert_false(scene_keeps(&scene, made.plan, GEMS "gems/needed-1/lib/needed.rb"));
		drop(&scene, &made);
	}
}

static void
php(void **state)
{
	static const char json[] =
		"{\n    \"packages\": [\n        {\"name\": \"acme/used\", \"version\": \"1\", "
		"\"install-path\": \"../acme/used\"},\n        {\"name\": \"acme/unused\", "
		"\"version\": \"1\", \"install-path\": \"../acme/unused\"}\n    ],\n    "
		"\"dev-package-names\": [\"acme/unused\"]\n}\n";
	static const char cut[] =
		"{\n    \"packages\": [\n        {\"name\": \"acme/used\", \"version\": \"1\", "
		"\"install-path\": \"../acme/used\"}\n    ],\n    \"dev-package-names\": []\n}\n";
	struct scene scene;

	(void)state;
	start(&scene);
	scene_file(&scene, VENDOR "composer/installed.json", 0644, json);
	scene_file(&scene, VENDOR "composer/installed.php", 0644,
		   "<?php return array(\n  'versions' => array(\n    'acme/used' => array(),\n"
		   "    'acme/unused' => array(),\n  ),\n);\n");
	scene_file(&scene, VENDOR "acme/used/a.php", 0644, "<?php a");
	scene_file(&scene, VENDOR "acme/unused/b.php", 0644, "<?php b");
	scene_file(&scene, "/old/vendor/composer/installed.json", 0644,
		   "[{\"name\": \"acme/none\", \"version\": \"1\"}]");
	scene_file(&scene, "/old/vendor/acme/none/c.php", 0644, "<?php c");
	scene_close(&scene);
	scene_use(&scene, VENDOR "acme/used/a.php", RUN);
	scene_use(&scene, VENDOR "composer/installed.php", RUN);
	struct made made = make(&scene);

	assert_int_equal(fate_of(&made, "acme/used"), FATE_KEPT);
	assert_int_equal(fate_of(&made, "acme/unused"), FATE_REMOVED);
	assert_span(rewritten(&scene, &made, VENDOR "composer/installed.json"), cut);
	assert_span(rewritten(&scene, &made, VENDOR "composer/installed.php"),
		    "<?php return array(\n  'versions' => array(\n    'acme/used' => array(),\n"
		    "  ),\n);\n");
	assert_false(scene_keeps(&scene, made.plan, "/old/vendor/composer/installed.json"));
	drop(&scene, &made);
}

/* The versions that may be meant, all of them; a package of another ecosystem never. */
static void
whole_packages(void **state)
{
	struct scene scene;

	(void)state;
	start(&scene);
	distribution(&scene, "b", "b.py,,\n");
	scene_file(&scene, SITE "b.py", 0644, "b");
	scene_file(&scene, MODULES "a/package.json", 0644,
		   "{\"name\":\"a\",\"version\":\"1\",\"dependencies\":{\"b\":\"*\"}}");
	scene_file(&scene, MODULES "a/index.js", 0644, "a");
	scene_file(&scene, MODULES "b/package.json", 0644, "{\"name\":\"b\",\"version\":\"1\"}");
	scene_file(&scene, MODULES "b/index.js", 0644, "b1");
	scene_file(&scene, MODULES "c/node_modules/b/package.json", 0644,
		   "{\"name\":\"b\",\"version\":\"2\"}");
	scene_file(&scene, MODULES "c/node_modules/b/index.js", 0644, "b2");
	scene_file(&scene, MODULES "d/package.json", 0644, "{\"name\":\"d\",\"version\":\"2\"}");
	scene_close(&scene);
	scene_use(&scene, MODULES "a/index.js", RUN);
	scene.service.granularity = GRANULARITY_PACKAGE;
	struct made made = make(&scene);

	assert_true(scene_keeps(&scene, made.plan, MODULES "b/index.js"));
	assert_true(scene_keeps(&scene, made.plan, MODULES "c/node_modules/b/index.js"));
	assert_false(scene_keeps(&scene, made.plan, SITE "b.py"));
	assert_false(scene_keeps(&scene, made.plan, MODULES "d/package.json"));
	drop(&scene, &made);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(python), cmocka_unit_test(node),	    cmocka_unit_test(ruby),
		cmocka_unit_test(php),	  cmocka_unit_test(whole_packages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
