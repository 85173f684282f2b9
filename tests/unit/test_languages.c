/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of Python, Node, Ruby and PHP: components, files, owners, purls, gaps. */
#include "test.h"

#include "base/limits.h"
#include "codec/json_cut.h"
#include "codec/php_cut.h"
#include "found.h"
#include "stage/inventory.h"

static const struct component *
find(const struct inventory *inventory, const char *name)
{
	for (size_t i = 0; i < inventory->component_count; i++) {
		if (span_equal(inventory->components[i].name, span_from(name)))
			return &inventory->components[i];
	}
	fail_msg("no component %s", name);
	return NULL;
}

#define SITE "/usr/lib/python3.11/site-packages/"

static void
python_distributions(void **state)
{
	static const struct fixture_entry table[] = {
		{.path = SITE "zope/interface.py", .content = ""},
		{.path = "/usr/bin/zope", .content = "#!"},
		{.path = SITE "zope.interface-8.0.dist-info/METADATA",
		 .content = "Name: Zope.Interface\nVersion: 8.0\nLicense: ZPL-2.1\n"
			    "Requires-Dist: Old_One>=1\nRequires-Dist: x; extra == 'y'\n\n"
			    "Name: no header\n"},
		{.path = SITE "zope.interface-8.0.dist-info/RECORD",
		 .content = "zope/interface.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,"
			    "0\n../../../bin/zope,,\nzope/gone.py,,\n"
			    "zope.interface-8.0.dist-info/METADATA,,\n"},
		{.path = SITE "old_one.egg-info/PKG-INFO",
		 .content = "Name: old_one\nVersion: 1\n"},
		{.path = SITE "old_one.egg-info/installed-files.txt",
		 .content = "../old_one.py\nPKG-INFO\n"},
		{.path = SITE "old_one.py", .content = ""},
		{.path = SITE "single.egg-info", .content = "Name: single\nVersion: 2\n"},
		{.path = SITE "egg-3.egg/EGG-INFO/PKG-INFO", .content = "Name: egg\nVersion: 3\n"},
		{.path = SITE "egg-3.egg/egg.py", .content = ""},
		{.path = SITE "packed-1.egg", .content = "PK\003\004"},
		{.path = SITE "bad.dist-info/METADATA", .content = "Name: bad\n"},
		{.path = SITE "open.dist-info/METADATA", .content = "Name: open\nVersion: 1\n"},
		{.path = SITE "open.dist-info/RECORD", .content = "a.py,,\n\"b.py\n"},
		{.path = "/srv/METADATA", .content = "Name: none\nVersion: 1\n"},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);

	(void)state;
	assert_int_equal(inventory->component_count, 5);
	const struct component *zope = find(inventory, "Zope.Interface");
	assert_span(zope->ecosystem, "pypi");
	assert_span(zope->source, "zope-interface");
	assert_span(zope->source_version, "8.0");
	assert_span(zope->purl, "pkg:pypi/zope.interface@8.0");
	assert_span(zope->licence, "ZPL-2.1");
	assert_span(zope->depends, "old-one");
	assert_span(zope->database, SITE "zope.interface-8.0.dist-info/METADATA");
	assert_int_equal(zope->file_count, 4);
	assert_span(zope->files[1].listed, "/usr/bin/zope");
	assert_int_equal(zope->files[0].digest_of, FILE_DIGEST_SHA256);
	assert_int_equal(zope->files[0].digest[0], 0xe3);
	assert_int_equal(zope->files[0].digest[19], 0xe4);
	assert_int_equal(zope->files[2].entry, IMAGE_NONE);
	assert_span(found_owner(&fixture, inventory, "/usr/bin/zope"), "Zope.Interface");
	assert_span(found_owner(&fixture, inventory, SITE "old_one.py"), "old_one");
	assert_span(find(inventory, "old_one")->provides, "old-one");
	assert_span(found_owner(&fixture, inventory, SITE "egg-3.egg/egg.py"), "egg");
	assert_int_equal(find(inventory, "single")->file_count, 0);
	assert_false(find(inventory, "single")->no_files);
	assert_true(found_gap(inventory, SITE "packed-1.egg", "archive"));
	assert_true(found_gap(inventory, SITE "bad.dist-info/METADATA", "no Version"));
	assert_true(found_gap(inventory, SITE "open.dist-info/RECORD", "not wholly known"));
	found_drop(inventory, &fixture);
}

/* What a package of the distribution lists is the distribution's. */
static void
left_to_the_distribution(void **state)
{
	static const struct fixture_entry table[] = {
		{.path = "/usr/lib/python3/dist-packages/six-1.egg-info/PKG-INFO",
		 .content = "Name: six\nVersion: 1\n"},
		{.path = "/usr/lib/python3/dist-packages/mine-1.dist-info/METADATA",
		 .content = "Name: mine\nVersion: 1\n"},
		{.path = "/usr/share/nodejs/node_modules/a/package.json",
		 .content = "{\"name\": \"a\", \"version\": \"1\"}"},
		{.path = "/lib/apk/db/installed",
		 .content = "P:py3-six\nV:1\nF:usr/lib/python3/dist-packages/six-1.egg-info\n"
			    "R:PKG-INFO\nF:usr/share/nodejs/node_modules/a\nR:package.json\n\n"},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);

	(void)state;
	assert_int_equal(inventory->component_count, 2);
	(void)find(inventory, "py3-six");
	(void)find(inventory, "mine");
	found_drop(inventory, &fixture);
}

static void
node_packages(void **state)
{
	static const struct fixture_entry table[] = {
		{.path = "/app/package.json", .content = "{\"name\":\"app\",\"version\":\"1\"}"},
		{.path = "/app/node_modules/@s/a/package.json",
		 .content = "{\"name\":\"@s/a\",\"version\":\"1.0.0\",\"license\":\"(MIT OR ISC)\","
			    "\"dependencies\":{\"b\":\"*\"}}"},
		{.path = "/app/node_modules/@s/a/index.js", .content = ""},
		{.path = "/app/node_modules/@s/a/esm/package.json",
		 .content = "{\"type\":\"module\"}"},
		{.path = "/app/node_modules/@s/a/test/fixture/package.json",
		 .content = "{\"name\":\"fixture\",\"version\":\"1\"}"},
		{.path = "/app/node_modules/@s/a/node_modules/b/package.json",
		 .content = "{\"name\":\"b\",\"version\":\"2.0.0\"}"},
		{.path = "/app/node_modules/@s/a/node_modules/b/b.js", .content = ""},
		{.path = "/app/node_modules/@s/a/node_modules/loose/x.js", .content = ""},
		{.path = "/app/node_modules/types/package.json",
		 .content = "{\"type\":\"module\"}"},
		{.path = "/app/node_modules/.cache/package.json",
		 .content = "{\"name\":\"cache\",\"version\":\"1\"}"},
		{.path = "/app/node_modules/private/package.json",
		 .content = "{\"name\":\"private\"}"},
		{.path = "/app/node_modules/broken/package.json", .content = "{"},
		{.path = "/srv/.pnp.cjs", .content = ""},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);

	(void)state;
	assert_int_equal(inventory->component_count, 2);
	const struct component *a = find(inventory, "@s/a");
	assert_span(a->purl, "pkg:npm/%40s/a@1.0.0");
	assert_span(a->source, "@s/a");
	assert_span(a->licence, "MIT OR ISC");
	assert_span(a->depends, "b");
	assert_span(found_owner(&fixture, inventory, "/app/node_modules/@s/a/index.js"), "@s/a");
	assert_span(
		found_owner(&fixture, inventory, "/app/node_modules/@s/a/node_modules/loose/x.js"),
		"@s/a");
	assert_span(found_owner(&fixture, inventory, "/app/node_modules/@s/a/node_modules/b/b.js"),
		    "b");
	assert_span(found_owner(&fixture, inventory, "/app/package.json"), "-");
	assert_true(found_gap(inventory, "/app/node_modules/private/package.json", "no version"));
	assert_true(
		found_gap(inventory, "/app/node_modules/broken/package.json", "not valid JSON"));
	assert_true(found_gap(inventory, "/srv/.pnp.cjs", "archives"));
	assert_false(found_gap(inventory, "/app/node_modules/types/package.json", ""));
	found_drop(inventory, &fixture);
}

#define GEMS "/usr/local/lib/ruby/gems/3.3.0/"

static void
gems(void **state)
{
	static const struct fixture_entry table[] = {
		{.path = GEMS "specifications/rack-3.0.gemspec",
		 .content = "# stub: rack 3.0 ruby lib\n\nGem::Specification.new do |s|\n"
			    "  s.name = \"rack\".freeze\n  s.version = \"3.0\"\n"
			    "  s.licenses = [\"MIT\".freeze]\n"
			    "  s.add_runtime_dependency(%q<json>.freeze, [\">= 1\"])\nend\n"},
		{.path = GEMS "gems/rack-3.0/lib/rack.rb", .content = ""},
		{.path = GEMS "specifications/fast-1.0-x86_64-linux.gemspec",
		 .content = "# stub: fast 1.0 x86_64-linux lib\n"},
		{.path = GEMS "gems/fast-1.0-x86_64-linux/lib/fast.so", .content = ""},
		{.path = GEMS "extensions/x86_64-linux/3.3.0/fast-1.0-x86_64-linux/fast.so",
		 .content = ""},
		{.path = GEMS "specifications/default/json-2.7.gemspec",
		 .content = "# stub: json 2.7 ruby lib\ns.files = [\"json.rb\".freeze, "
			    "\"lib/json/common.rb\".freeze, \"../../evil.rb\"]\n"},
		{.path = "/usr/local/lib/ruby/3.3.0/json.rb", .content = ""},
		{.path = "/usr/local/lib/ruby/3.3.0/json/common.rb", .content = ""},
		{.path = "/usr/local/lib/evil.rb", .content = ""},
		{.path = GEMS "specifications/odd-1.gemspec", .content = "load 'x'\n"},
		{.path = GEMS "gems/rack-3.0/rack.gemspec",
		 .content = "# stub: rack 3.0 ruby lib\n"},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);

	(void)state;
	assert_int_equal(inventory->component_count, 3);
	const struct component *rack = find(inventory, "rack");
	assert_span(rack->purl, "pkg:gem/rack@3.0");
	assert_span(rack->licence, "MIT");
	assert_span(rack->depends, "json");
	assert_span(find(inventory, "fast")->purl, "pkg:gem/fast@1.0?platform=x86_64-linux");
	assert_span(found_owner(&fixture, inventory, GEMS "gems/rack-3.0/lib/rack.rb"), "rack");
	assert_span(found_owner(&fixture, inventory,
				GEMS "extensions/x86_64-linux/3.3.0/fast-1.0-x86_64-linux/fast.so"),
		    "fast");
	assert_span(found_owner(&fixture, inventory, "/usr/local/lib/ruby/3.3.0/json.rb"), "json");
	assert_span(found_owner(&fixture, inventory, "/usr/local/lib/ruby/3.3.0/json/common.rb"),
		    "json");
	assert_span(found_owner(&fixture, inventory, "/usr/local/lib/evil.rb"), "-");
	assert_true(
		found_gap(inventory, GEMS "specifications/odd-1.gemspec", "no name and version"));
	found_drop(inventory, &fixture);
}

static void
composer_packages(void **state)
{
	static const struct fixture_entry table[] = {
		{.path = "/app/vendor/composer/installed.json",
		 .content = "{\"packages\": [{\"name\": \"Acme/Till\", \"version\": \"v1.0\", "
			    "\"license\": [\"MIT\", \"ISC\"], \"require\": {\"php\": \"*\", "
			    "\"acme/shop\": \"*\"}, \"install-path\": \"../acme/till\"}, "
			    "{\"name\": \"a/meta\", \"version\": \"1\", \"install-path\": null}, "
			    "{\"name\": \"a/all\", \"version\": \"1\", \"install-path\": "
			    "\"../../\"}, {\"name\": \"none\"}]}"},
		{.path = "/app/vendor/acme/till/src/Till.php", .content = "<?php"},
		{.path = "/old/vendor/composer/installed.json",
		 .content = "[{\"name\": \"acme/shop\", \"version\": \"2.0\"}]"},
		{.path = "/old/vendor/acme/shop/shop.php", .content = "<?php"},
		{.path = "/bad/vendor/composer/installed.json", .content = "{}"},
	};
	struct fixture fixture;
	struct inventory *inventory = READ(table, &fixture);

	(void)state;
	assert_int_equal(inventory->component_count, 4);
	const struct component *till = find(inventory, "Acme/Till");
	assert_span(till->source, "acme/till");
	assert_span(till->purl, "pkg:composer/acme/till@v1.0");
	assert_span(till->licence, "MIT OR ISC");
	assert_span(till->depends, "acme/shop");
	assert_span(found_owner(&fixture, inventory, "/app/vendor/acme/till/src/Till.php"),
		    "Acme/Till");
	assert_span(found_owner(&fixture, inventory, "/old/vendor/acme/shop/shop.php"),
		    "acme/shop");
	assert_true(find(inventory, "a/meta")->no_files);
	assert_false(find(inventory, "a/all")->no_files);
	assert_int_equal(find(inventory, "a/all")->file_count, 0);
	assert_true(found_gap(inventory, "a/all", "not known"));
	assert_true(found_gap(inventory, "/app/vendor/composer/installed.json", "1 entries"));
	assert_true(
		found_gap(inventory, "/bad/vendor/composer/installed.json", "no list of packages"));
	found_drop(inventory, &fixture);
}

static int
without_b(void *context, struct span key, struct span value, bool *ret_keeps, struct err *err)
{
	(void)context;
	(void)err;
	*ret_keeps = !span_equal(key, SPAN("b")) && !span_equal(value, SPAN("\"b\""));
	return 0;
}

static void
json_is_cut_byte_for_byte(void **state)
{
	static const struct {
		const char *text;
		const char *name;
		const char *wanted;
	} cases[] = {
		{"[\"a\",\"b\"]\n", "", "[\"a\"]\n"},
		{"[\n  \"b\",\n  \"c\"\n]", "", "[\n  \"c\"\n]"},
		{"[\n \"b\"\n]", "", "[]"},
		{"[ ]", "", "[ ]"},
		{"{\"x\": [\"b\"], \"p\" : {\n \"a\": 1 ,\n \"b\": [{}],\n \"c\": 2\n} }", "p",
		 "{\"x\": [\"b\"], \"p\" : {\n \"a\": 1 ,\n \"c\": 2\n} }"},
		{"{\"q\": {\"b\": 1}}", "p", "{\"q\": {\"b\": 1}}"},
		{"{\"p\": 7}", "p", "{\"p\": 7}"},
		{"{\"a\\\"b\": \"}\", \"b\": 1}", "", "{\"a\\\"b\": \"}\"}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = BUF_INIT(MIB);

		assert_good(json_cut(span_from(cases[i].text), span_from(cases[i].name), without_b,
				     NULL, &out, err));
		assert_span(buf_span(&out), cases[i].wanted);
		buf_cleanup(&out);
	}
}

static bool
not_b(void *context, struct span key)
{
	(void)context;
	return !span_equal(key, SPAN("b/b"));
}

static void
php_is_cut_byte_for_byte(void **state)
{
	static const char text[] =
		"<?php return array(\n    'root' => array('b/b' => 1),\n    'versions' => array(\n"
		"        'a/a' => array(\n            'p' => __DIR__ . '/../a',\n        ),\n"
		"        'b/b' => array(\n            'x' => array('b/b' => null),\n        ),\n"
		"    ),\n);\n";
	static const char wanted[] =
		"<?php return array(\n    'root' => array('b/b' => 1),\n    'versions' => array(\n"
		"        'a/a' => array(\n            'p' => __DIR__ . '/../a',\n        ),\n"
		"    ),\n);\n";
	static const char *const strange[] = {"<?php return array('versions' => f());",
					      "<?php $x = array();", "<?php return array(\"a\");",
					      "<?php return array('a'); echo 1;"};
	struct buf out = BUF_INIT(MIB);

	(void)state;
	assert_good(php_cut(SPAN("<?php return 1;"), SPAN("versions"), not_b, NULL, &out, err));
	out.n = 0;
	assert_good(php_cut(span_from(text), SPAN("versions"), not_b, NULL, &out, err));
	assert_span(buf_span(&out), wanted);
	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++)
		assert_fails(ERR_UNSUPPORTED, php_cut(span_from(strange[i]), SPAN("versions"),
						      not_b, NULL, &out, err));
	buf_cleanup(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(python_distributions),
		cmocka_unit_test(left_to_the_distribution),
		cmocka_unit_test(node_packages),
		cmocka_unit_test(gems),
		cmocka_unit_test(composer_packages),
		cmocka_unit_test(json_is_cut_byte_for_byte),
		cmocka_unit_test(php_is_cut_byte_for_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
