/* SPDX-License-Identifier: Apache-2.0 */
/* Removed paths that something kept can still ask for. */
#include "scene.h"
#include "test.h"

#include "base/cleanup.h"
#include "stage/risks.h"

enum { RUN = USE_LOOKUP | USE_READ };

static struct risks *
look(const struct scene *scene, const struct plan *plan)
{
	struct risks *risks = NULL;

	assert_good(risks_look(scene->fixture.image, scene->fixture.contents, &scene->profile, plan,
			       &risks, err));
	assert_int_equal(risks->gaps.count, 0);
	return risks;
}

static uint32_t
find(const struct scene *scene, const char *path)
{
	uint32_t entry = image_find(scene->fixture.image, span_from(path));

	assert_int_not_equal(entry, IMAGE_NONE);
	return entry;
}

/* `via` NULL: it is not at risk. */
static void
expect(const struct scene *scene, const struct risks *risks, const char *path, enum risk_kind kind,
       const char *via)
{
	const struct risk *risk = risks_find(risks, scene->fixture.image, find(scene, path));

	if (!via) {
		if (risk)
			fail_msg("%s is at risk: %s", path, risk_text(risk->kind));
		return;
	}
	if (!risk)
		fail_msg("%s is not at risk", path);
	assert_int_equal(risk->kind, kind);
	assert_span(scene->fixture.image->entries[risk->via].path, via);
}

static void
test_library_named_in_a_program(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	/* whatever stands in its text: the loader never looks at these two */
	scene_elf(&scene, "/usr/bin/app",
		  &(struct scene_elf){.soname = "libplug.so.2", .runpath = "/opt/abs.so"});
	scene_elf(&scene, "/usr/lib/libplug.so.2.1", &(struct scene_elf){0});
	scene_link(&scene, "/usr/lib/libplug.so.2", "libplug.so.2.1");
	scene_elf(&scene, "/opt/abs.so", &(struct scene_elf){0});
	scene_elf(&scene, "/usr/lib/libother.so", &(struct scene_elf){0});
	scene_close(&scene);
	scene_use(&scene, "/usr/bin/app", RUN);
	CLEANUP(plan_cleanup) struct plan *plan = scene_plan(&scene);
	CLEANUP(risks_cleanup) struct risks *risks = look(&scene, plan);
	expect(&scene, risks, "/usr/lib/libplug.so.2", RISK_LIBRARY, "/usr/bin/app");
	expect(&scene, risks, "/usr/lib/libplug.so.2.1", RISK_LIBRARY, "/usr/bin/app");
	expect(&scene, risks, "/opt/abs.so", RISK_LIBRARY, "/usr/bin/app");
	expect(&scene, risks, "/usr/lib/libother.so", RISK_LIBRARY, NULL);
	expect(&scene, risks, "/usr/bin/app", RISK_LIBRARY, NULL);
	assert_int_equal(risks->found, 3);
	scene_free(&scene);
}

static void
test_name_that_is_kept_elsewhere(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	scene_elf(&scene, "/usr/bin/app", &(struct scene_elf){.needed = {"libz.so.1"}});
	scene_elf(&scene, "/usr/lib/libz.so.1", &(struct scene_elf){0});
	scene_elf(&scene, "/opt/old/libz.so.1", &(struct scene_elf){0});
	scene_close(&scene);
	scene_use(&scene, "/usr/bin/app", RUN);
	CLEANUP(plan_cleanup) struct plan *plan = scene_plan(&scene);
	CLEANUP(risks_cleanup) struct risks *risks = look(&scene, plan);
	assert_true(scene_keeps(&scene, plan, "/usr/lib/libz.so.1"));
	assert_int_equal(risks->found, 0);
	scene_free(&scene);
}

static void
test_plugins(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	scene_elf(&scene, "/usr/bin/app", &(struct scene_elf){0});
	scene_elf(&scene, "/usr/lib/apache2/modules/mod_a.so", &(struct scene_elf){0});
	scene_elf(&scene, "/usr/lib/apache2/modules/mod_b.so", &(struct scene_elf){0});
	scene_file(&scene, "/usr/lib/apache2/modules/httpd.exp", 0644, "x");
	scene_elf(&scene, "/usr/lib/x86_64-linux-gnu/liba.so", &(struct scene_elf){0});
	scene_elf(&scene, "/usr/lib/x86_64-linux-gnu/libb.so", &(struct scene_elf){0});
	scene_file(&scene, "/app/lib/a.jar", 0644, "PK\3\4");
	scene_file(&scene, "/app/lib/b.jar", 0644, "PK\3\4");
	scene_close(&scene);
	scene_use(&scene, "/usr/bin/app", RUN);
	scene_use(&scene, "/usr/lib/apache2/modules/mod_a.so", RUN);
	scene_use(&scene, "/usr/lib/x86_64-linux-gnu/liba.so", RUN);
	scene_use(&scene, "/app/lib/a.jar", RUN);
	CLEANUP(plan_cleanup) struct plan *plan = scene_plan(&scene);
	CLEANUP(risks_cleanup) struct risks *risks = look(&scene, plan);
	expect(&scene, risks, "/usr/lib/apache2/modules/mod_b.so", RISK_SIBLING,
	       "/usr/lib/apache2/modules/mod_a.so");
	expect(&scene, risks, "/app/lib/b.jar", RISK_SIBLING, "/app/lib/a.jar");
	expect(&scene, risks, "/usr/lib/apache2/modules/httpd.exp", RISK_SIBLING, NULL);
	expect(&scene, risks, "/usr/lib/x86_64-linux-gnu/libb.so", RISK_SIBLING, NULL);
	scene_free(&scene);
}

static void
test_python(void **state)
{
	static const char *const removed[] = {
		"/usr/lib/python3.11/json/__init__.py",
		"/usr/lib/python3.11/json/tool.py",
		"/usr/lib/python3.11/unused.py",
		"/usr/lib/python3.11/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so",
		"/usr/lib/python3/dist-packages/requests/__init__.py",
		"/srv/app/core/late.py",
		"/srv/app/core/deep/er.py",
		"/srv/app/core/deep/__init__.py",
		"/srv/app/util.py",
	};
	struct scene scene;

	(void)state;
	scene_open(&scene);
	for (size_t i = 0; i < sizeof(removed) / sizeof(removed[0]); i++)
		scene_file(&scene, removed[i], 0644, "x");
	scene_elf(&scene, "/usr/bin/python3.11", &(struct scene_elf){0});
	scene_file(&scene, "/usr/lib/python3.11/os.py", 0644, "import sys\n");
	scene_file(&scene, "/srv/app/core/__init__.py", 0644, "from . import late\n");
	scene_file(&scene, "/srv/app/core/main.py", 0644,
		   "import os, _ssl\nfrom json import tool\nfrom .deep.er import x\n");
	scene_file(&scene, "/srv/app/start", 0755,
		   "#!/usr/bin/env python3\nimport requests.sessions\nimport util\n");
	scene_close(&scene);
	scene_use(&scene, "/usr/bin/python3.11", RUN);
	scene_use(&scene, "/usr/lib/python3.11/os.py", RUN);
	scene_use(&scene, "/srv/app/core/__init__.py", RUN);
	scene_use(&scene, "/srv/app/core/main.py", USE_LOOKUP);
	scene_use(&scene, "/srv/app/start", RUN);
	CLEANUP(plan_cleanup) struct plan *plan = scene_plan(&scene);
	CLEANUP(risks_cleanup) struct risks *risks = look(&scene, plan);
	expect(&scene, risks, removed[0], RISK_PYTHON, "/srv/app/core/main.py");
	expect(&scene, risks, removed[1], RISK_PYTHON, "/srv/app/core/main.py");
	expect(&scene, risks, removed[2], RISK_PYTHON, NULL);
	expect(&scene, risks, removed[3], RISK_PYTHON, "/srv/app/core/main.py");
	expect(&scene, risks, removed[4], RISK_PYTHON, "/srv/app/start");
	expect(&scene, risks, removed[5], RISK_PYTHON, "/srv/app/core/__init__.py");
	expect(&scene, risks, removed[6], RISK_PYTHON, "/srv/app/core/main.py");
	expect(&scene, risks, removed[7], RISK_PYTHON, "/srv/app/core/main.py");
	expect(&scene, risks, removed[8], RISK_PYTHON, "/srv/app/start");
	scene_free(&scene);
}

static void
test_perl(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	scene_elf(&scene, "/usr/bin/perl", &(struct scene_elf){0});
	scene_file(&scene, "/usr/share/perl/5.36.0/Carp.pm", 0644, "use strict;\n");
	scene_file(&scene, "/usr/share/perl/5.36.0/strict.pm", 0644, "1;\n");
	scene_file(&scene, "/usr/share/perl5/Net/SMTP.pm", 0644, "1;\n");
	scene_file(&scene, "/usr/share/perl5/Net/FTP.pm", 0644, "1;\n");
	scene_file(&scene, "/usr/bin/report", 0755, "#!/usr/bin/perl -w\nrequire Net::SMTP;\n");
	scene_close(&scene);
	scene_use(&scene, "/usr/bin/perl", RUN);
	scene_use(&scene, "/usr/bin/report", RUN);
	scene_use(&scene, "/usr/share/perl/5.36.0/Carp.pm", RUN);
	CLEANUP(plan_cleanup) struct plan *plan = scene_plan(&scene);
	CLEANUP(risks_cleanup) struct risks *risks = look(&scene, plan);
	expect(&scene, risks, "/usr/share/perl5/Net/SMTP.pm", RISK_PERL, "/usr/bin/report");
	expect(&scene, risks, "/usr/share/perl/5.36.0/strict.pm", RISK_PERL,
	       "/usr/share/perl/5.36.0/Carp.pm");
	expect(&scene, risks, "/usr/share/perl5/Net/FTP.pm", RISK_PERL, NULL);
	scene_free(&scene);
}

static void
test_ruby(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	scene_elf(&scene, "/usr/bin/ruby3.1", &(struct scene_elf){0});
	scene_file(&scene, "/usr/lib/ruby/3.1.0/json.rb", 0644, "require 'json/ext'\n");
	scene_file(&scene, "/usr/lib/ruby/3.1.0/json/ext.rb", 0644, "1\n");
	scene_file(&scene, "/usr/lib/ruby/3.1.0/set.rb", 0644, "1\n");
	scene_file(&scene, "/srv/gems/shop-1/lib/shop.rb", 0644,
		   "require_relative 'shop/cart'\nautoload :Late, 'shop/late'\n");
	scene_file(&scene, "/srv/gems/shop-1/lib/shop/cart.rb", 0644, "1\n");
	scene_file(&scene, "/srv/gems/shop-1/lib/shop/late.rb", 0644, "1\n");
	scene_file(&scene, "/srv/gems/shop-1/lib/shop/other.rb", 0644, "1\n");
	scene_close(&scene);
	scene_use(&scene, "/usr/bin/ruby3.1", RUN);
	scene_use(&scene, "/usr/lib/ruby/3.1.0/json.rb", RUN);
	scene_use(&scene, "/srv/gems/shop-1/lib/shop.rb", RUN);
	CLEANUP(plan_cleanup) struct plan *plan = scene_plan(&scene);
	CLEANUP(risks_cleanup) struct risks *risks = look(&scene, plan);
	expect(&scene, risks, "/usr/lib/ruby/3.1.0/json/ext.rb", RISK_RUBY,
	       "/usr/lib/ruby/3.1.0/json.rb");
	expect(&scene, risks, "/srv/gems/shop-1/lib/shop/cart.rb", RISK_RUBY,
	       "/srv/gems/shop-1/lib/shop.rb");
	expect(&scene, risks, "/srv/gems/shop-1/lib/shop/late.rb", RISK_RUBY,
	       "/srv/gems/shop-1/lib/shop.rb");
	expect(&scene, risks, "/srv/gems/shop-1/lib/shop/other.rb", RISK_RUBY, NULL);
	expect(&scene, risks, "/usr/lib/ruby/3.1.0/set.rb", RISK_RUBY, NULL);
	scene_free(&scene);
}

static void
test_what_the_c_library_looks_for(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	scene_elf(&scene, "/usr/bin/ports", &(struct scene_elf){.import = "getservbyname"});
	scene_elf(&scene, "/usr/bin/chars", &(struct scene_elf){.import = "iconv_open"});
	scene_file(&scene, "/etc/nsswitch.conf", 0644, "services: db files\nrpc: nis\n");
	scene_elf(&scene, "/usr/lib/x86_64-linux-gnu/libnss_db.so.2", &(struct scene_elf){0});
	scene_elf(&scene, "/usr/lib/x86_64-linux-gnu/libnss_nis.so.2", &(struct scene_elf){0});
	scene_elf(&scene, "/usr/lib/x86_64-linux-gnu/gconv/EUC-JP.so", &(struct scene_elf){0});
	scene_file(&scene, "/usr/lib/locale/C.utf8/LC_CTYPE", 0644, "x");
	scene_close(&scene);
	scene_use(&scene, "/usr/bin/ports", RUN);
	scene_use(&scene, "/usr/bin/chars", RUN);
	CLEANUP(plan_cleanup) struct plan *plan = scene_plan(&scene);
	CLEANUP(risks_cleanup) struct risks *risks = look(&scene, plan);
	expect(&scene, risks, "/usr/lib/x86_64-linux-gnu/libnss_db.so.2", RISK_NSS,
	       "/etc/nsswitch.conf");
	expect(&scene, risks, "/usr/lib/x86_64-linux-gnu/libnss_nis.so.2", RISK_NSS, NULL);
	/* by its folder, which stands for all below it */
	expect(&scene, risks, "/usr/lib/x86_64-linux-gnu/gconv/EUC-JP.so", RISK_GCONV,
	       "/usr/bin/chars");
	expect(&scene, risks, "/usr/lib/locale/C.utf8/LC_CTYPE", RISK_LOCALE, NULL);
	scene_free(&scene);
}

static void
test_plan_of_another_image(void **state)
{
	struct plan plan = {0};
	struct risks *risks = NULL;
	struct scene scene;

	(void)state;
	scene_open(&scene);
	scene_file(&scene, "/a", 0644, "x");
	scene_close(&scene);
	assert_fails(ERR_MISMATCH, risks_look(scene.fixture.image, scene.fixture.contents,
					      &scene.profile, &plan, &risks, err));
	assert_null(risks);
	scene_free(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_library_named_in_a_program),
		cmocka_unit_test(test_name_that_is_kept_elsewhere),
		cmocka_unit_test(test_plugins),
		cmocka_unit_test(test_python),
		cmocka_unit_test(test_perl),
		cmocka_unit_test(test_ruby),
		cmocka_unit_test(test_what_the_c_library_looks_for),
		cmocka_unit_test(test_plan_of_another_image),
	};

	return cmocka_run_group_tests_name("risks", tests, NULL, NULL);
}
