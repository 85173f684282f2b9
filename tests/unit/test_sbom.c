/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "fixture.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "codec/cyclonedx_json.h"
#include "codec/deb_copyright.h"
#include "codec/json.h"
#include "codec/spdx_json.h"
#include "codec/spdx_licence.h"
#include "stage/inventory.h"
#include "stage/sbom.h"

#include <stdlib.h>

/* ---- copyright files and licences ---- */

static void
copyright_files_are_read(void **state)
{
	static const struct {
		const char *text;
		const char *names; /* joined by '|' */
	} cases[] = {
		{"", ""},
		{"This is free software.\n", ""},
		{"Format: x\n\nFiles: *\nLicense: GPL-2+\n text\n\nLicense: Expat\n",
		 "Expat|GPL-2+"},
		{"Format: x\nLicense: MIT\n\nFiles: a\nLicense: MIT\n", "MIT"},
		{"\n\nFormat-Specification: x\nlicense:  GPL-2+ or Artistic \r\n\r\n",
		 "GPL-2+ or Artistic"},
		/* continuation lines are no fields, and an empty field names nothing */
		{"Format: x\n\nFiles: *\n License: no\nLicense:\n text\n", ""},
		/* not machine-readable: a field in the text is prose */
		{"By hand.\n\nLicense: x\n\nSee /usr/share/common-licenses/GPL-2.\n",
		 "common-licenses/GPL-2"},
		{"Format: x\n\nFiles: *\nLicense:\n see `/usr/share/common-licenses/LGPL-2.1'\n",
		 "common-licenses/LGPL-2.1"},
		{"/usr/share/common-licenses/ /usr/share/common-licenses/... "
		 "/usr/share/common-licenses/",
		 ""},
		{"/usr/share/common-licenses/GPL-3 and /usr/share/common-licenses/BSD",
		 "common-licenses/BSD|common-licenses/GPL-3"},
		{"Format: x\n\nLicense: a\001b\nLicense: c\n", "c"},
	};
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span_list list;
		struct span joined = SPAN("");

		assert_good(deb_copyright_read(span_from(cases[i].text), arena, &list, err));
		for (size_t j = 0; j < list.count; j++)
			joined = arena_printf(arena, "%.*s%s%.*s", SPAN_ARG(joined), j ? "|" : "",
					      SPAN_ARG(list.items[j]));
		assert_span(joined, cases[i].names);
	}
}

static void
copyright_files_have_limits(void **state)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(MIB);
	CLEANUP(free_cleanup) char *big = calloc(1, COPYRIGHT_MAX + 1);
	struct span_list list;

	(void)state;
	assert_non_null(big);
	assert_fails(ERR_LIMIT,
		     deb_copyright_read((struct span){big, COPYRIGHT_MAX + 1}, arena, &list, err));
	assert_good(buf_append(&text, SPAN("Format: x\n\n"), err));
	for (int i = 0; i <= COPYRIGHT_LICENCES_MAX; i++)
		assert_good(buf_printf(&text, err, "License: L%d\n", i));
	assert_fails(ERR_LIMIT, deb_copyright_read(buf_span(&text), arena, &list, err));

	memset(big, 'x', COPYRIGHT_NAME_MAX + 1);
	struct span long_name = arena_printf(arena, "Format: x\nLicense: %s\n", big);
	assert_good(deb_copyright_read(long_name, arena, &list, err));
	assert_int_equal(list.count, 0);
}

struct seen {
	size_t count;
	struct span name;
};

static int
see(void *context, struct span reference, struct span name, struct err *err)
{
	struct seen *seen = context;

	(void)err;
	assert_true(span_starts_with(reference, SPAN("LicenseRef-")));
	seen->count++;
	seen->name = name;
	return 0;
}

static void
licences_become_expressions(void **state)
{
	static const struct {
		const char *name;
		const char *expression;
		size_t references;
	} cases[] = {
		{"GPL-2+", "GPL-2.0-or-later", 0},
		{"gpl-2", "GPL-2.0-only", 0},
		{"Expat or GPL-3+ and Zlib", "MIT OR GPL-3.0-or-later AND Zlib", 0},
		{"public-domain", "LicenseRef-public-domain", 1},
		{"GPL-1+ OR Artistic", "GPL-1.0-or-later OR LicenseRef-Artistic", 1},
		{"common-licenses/Apache-2.0", "Apache-2.0", 0},
	};
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span text;
	struct span other;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seen seen = {0};

		assert_good(spdx_licence_expression(span_from(cases[i].name), arena, see, &seen,
						    &text, err));
		assert_span(text, cases[i].expression);
		assert_int_equal(seen.count, cases[i].references);
	}

	/* what is no plain and/or is one licence of its own, and two of them never the same */
	static const char *const odd[] = {
		"GPL-2+ with OpenSSL exception", "a, b and c", "and", "a or", "a  or b", ""};
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct seen seen = {0};

		assert_good(
			spdx_licence_expression(span_from(odd[i]), arena, see, &seen, &text, err));
		assert_int_equal(seen.count, 1);
		assert_span(seen.name, odd[i]);
		assert_int_equal(span_find(text, ' '), text.n);
	}
	struct seen seen = {0};
	assert_good(spdx_licence_expression(SPAN("a b"), arena, see, &seen, &text, err));
	assert_good(spdx_licence_expression(SPAN("a_b"), arena, see, &seen, &other, err));
	assert_false(span_equal(text, other));
}

/* ---- a small image ---- */

#define STATUS                                                                                     \
	"Package: app\nStatus: install ok installed\nVersion: 1:2.0-1+b1\nArchitecture: amd64\n"   \
	"Source: app-src (1:2.0-1)\nMaintainer: App Team <app@lists.example.org>\n"                \
	"Depends: libx (>= 1), mail-transport-agent | gone, app\n\n"                               \
	"Package: libx\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"           \
	"Maintainer: A Person <a@example.org>\n\n"                                                 \
	"Package: mta\nStatus: install ok unpacked\nVersion: 3\nArchitecture: all\n"               \
	"Provides: mail-transport-agent (= 3)\n\n"                                                 \
	"Package: old\nStatus: deinstall ok config-files\nVersion: 4\nArchitecture: all\n"

static const struct fixture_entry image_table[] = {
	{.path = "/etc/os-release", .content = "ID=debian\nVERSION_ID=\"12\"\n"},
	{.path = "/usr/bin/app", .content = "abc", .mode = 0755},
	{.path = "/usr/bin/app2", .hardlink = "/usr/bin/app"},
	{.path = "/usr/lib/libx.so", .content = ""},
	{.path = "/usr/share/doc/app/copyright",
	 .content = "Format: x\n\nFiles: *\nLicense: GPL-2+\n\nFiles: a\nLicense: MIT or odd\n"},
	{.path = "/usr/share/doc/libx", .type = IMAGE_SYMLINK, .link = "app"},
	{.path = "/var/lib/dpkg/info/app.list", .content = "/usr/bin/app\n/usr/bin/app2\n"},
	{.path = "/var/lib/dpkg/info/libx.list", .content = "/usr/lib/libx.so\n"},
	{.path = "/var/lib/dpkg/info/mta.list", .content = "/.\n"},
	{.path = "/var/lib/dpkg/info/old.list", .content = "/.\n"},
	{.path = "/var/lib/dpkg/status", .content = STATUS},
};

struct small {
	struct arena *arena;
	struct fixture fixture;
	struct inventory *inventory;
	struct sbom *sbom;
};

static int
setup(void **state)
{
	struct small *small = calloc(1, sizeof(*small));

	assert_non_null(small);
	small->arena = arena_new(0);
	assert_non_null(small->arena);
	assert_good(fixture_make(image_table, sizeof(image_table) / sizeof(image_table[0]),
				 &small->fixture, err));
	small->fixture.image->reference = SPAN("registry.example:5000/team/shop:1.4");
	small->fixture.image->config.architecture = SPAN("amd64");
	small->fixture.image->config.created = SPAN("2026-01-02T03:04:05Z");
	memset(small->fixture.image->manifest_digest.bytes, 0xab, DIGEST_BYTES);
	assert_good(inventory_read(small->fixture.image, small->fixture.contents, &small->inventory,
				   err));
	*state = small;
	return unsetenv("SOURCE_DATE_EPOCH");
}

static int
teardown(void **state)
{
	struct small *small = *state;

	sbom_free(small->sbom);
	inventory_free(small->inventory);
	fixture_free(&small->fixture);
	arena_free(small->arena);
	free(small);
	return 0;
}

static struct sbom *
make(struct small *small, const struct sbom_options *options)
{
	sbom_free(small->sbom);
	small->sbom = NULL;
	assert_good(sbom_make(small->fixture.image, small->fixture.contents, small->inventory,
			      options, &small->sbom, err));
	small->sbom->tool = SPAN("1.2.3");
	return small->sbom;
}

static void
the_record_says_what_is_there(void **state)
{
	struct small *small = *state;
	const struct sbom *sbom = make(small, &(struct sbom_options){.files = true});

	assert_int_equal(sbom->component_count, 3); /* not the one of which configuration is left */
	assert_span(sbom->components[0].component->name, "app");
	assert_int_equal(sbom->components[0].depend_count,
			 2); /* itself and what is not there: no */
	assert_int_equal(sbom->components[0].depends[0], 1);
	assert_int_equal(sbom->components[0].depends[1], 2);
	assert_true(sbom->components[0].licences_known);
	assert_int_equal(sbom->components[1].licences.count, 2); /* through the linked folder */
	assert_false(sbom->components[2].licences_known);
	assert_int_equal(sbom->created, 1767323045);
	assert_int_equal(sbom->gaps.count, 0);

	char digest[DIGEST_TEXT];
	assert_int_equal(sbom->file_count, 10);
	const struct sbom_file *file = &sbom->files[1];
	assert_span(small->fixture.image->entries[file->entry].path, "/usr/bin/app");
	assert_int_equal(file->owner, 0);
	assert_string_equal(digest_format(&file->sha256, digest),
			    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015"
			    "ad");
	assert_int_equal(file->sha1[0], 0xa9);
	assert_int_equal(file->sha1[19], 0x9d);
	assert_true(digest_equal(&file->sha256, &sbom->files[2].sha256));
	assert_int_equal(sbom->files[0].owner, COMPONENT_NONE);
}

static void
names_of_images(void **state)
{
#define DIGEST "sha256:abababababababababababababababababababababababababababababababab"
	static const struct {
		const char *reference;
		const char *title;
		const char *name;
		const char *repository;
		const char *tag;
	} cases[] = {
		{"docker.io/library/nginx:1.27", "docker.io/library/nginx:1.27", "nginx",
		 "docker.io/library/nginx", "1.27"},
		{"docker-daemon:team/Nginx:1.27", "team/Nginx:1.27", "nginx", "", ""},
		{"oci:out/image:hardened", DIGEST, "image", "", ""},
		{"oci-archive:x.tar", DIGEST, "image", "", ""},
		{"dir:/srv/Root/", DIGEST, "image", "", ""},
	};
	struct small *small = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		small->fixture.image->reference = span_from(cases[i].reference);
		const struct sbom *sbom = make(small, &(struct sbom_options){0});
		assert_span(sbom->title, cases[i].title);
		assert_span(sbom->name, cases[i].name);
		assert_span(sbom->repository, cases[i].repository);
		assert_span(sbom->tag, cases[i].tag);
	}
}

/* Where an image lies is no part of what it is made of. */
static void
the_same_image_elsewhere_is_the_same_document(void **state)
{
	struct small *small = *state;
	struct span first[2] = {{NULL, 0}};

	for (int place = 0; place < 2; place++) {
		small->fixture.image->reference =
			place == 0 ? SPAN("oci:out/image:hardened") : SPAN("oci:/srv/b:x");
		const struct sbom *sbom = make(small, &(struct sbom_options){.files = true});
		struct span text[2];

		assert_good(spdx_write(sbom, small->arena, &text[0], err));
		assert_good(cyclonedx_write(sbom, CYCLONEDX_1_6, small->arena, &text[1], err));
		for (int i = 0; i < 2; i++) {
			if (place == 0)
				first[i] = text[i];
			assert_true(span_equal(first[i], text[i]));
			assert_false(span_contains(text[i], SPAN("/srv")));
		}
	}
}

static void
assert_golden(const char *name, struct span text)
{
	CLEANUP(arena_cleanup) struct arena *arena = arena_new(0);
	struct span path = arena_printf(arena, "tests/golden/%s", name);
	struct span wanted = SPAN("");

	if (getenv("MOHS_GOLDEN"))
		assert_good(file_replace(path.p, text, 0644, err));
	assert_good(file_load(path.p, 65536, arena, &wanted, err));
	if (!span_equal(wanted, text))
		fail_msg("%s:\n%.*s", path.p, SPAN_ARG(text));
}

static void
documents_are_as_they_were(void **state)
{
	struct small *small = *state;
	const struct sbom *sbom = make(small, &(struct sbom_options){.files = true});
	struct span text;

	assert_good(spdx_write(sbom, small->arena, &text, err));
	assert_golden("sbom.spdx.json", text);
	assert_good(cyclonedx_write(sbom, CYCLONEDX_1_6, small->arena, &text, err));
	assert_golden("sbom.cdx.json", text);
}

/* Also where names are hostile, and a package is there twice. */
static void
names_stay_apart(void **state)
{
	struct small *small = *state;
	CLEANUP(json_cleanup) json_t *json = NULL;
	struct span text;

	small->inventory->components[0].name = SPAN("../\xff\"\n");
	small->inventory->components[1].purl = small->inventory->components[0].purl;
	small->inventory->components[2].purl = SPAN("");
	const struct sbom *sbom = make(small, &(struct sbom_options){0});
	assert_good(spdx_write(sbom, small->arena, &text, err));
	assert_good(json_parse(text, &json, err));
	assert_string_equal(
		json_string_value(json_object_get(
			json_array_get(json_object_get(json, "packages"), 2), "SPDXID")),
		"SPDXRef-Package-0-..----");
	json_cleanup(&json);
	assert_good(cyclonedx_write(sbom, CYCLONEDX_1_5, small->arena, &text, err));
	assert_good(json_parse(text, &json, err));
	const json_t *components = json_object_get(json, "components");
	const char *first =
		json_string_value(json_object_get(json_array_get(components, 1), "bom-ref"));
	const char *second =
		json_string_value(json_object_get(json_array_get(components, 2), "bom-ref"));
	assert_string_not_equal(first, second);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(components, 3), "bom-ref")),
		"component-2");
}

static void
what_was_removed_is_a_document_of_its_own(void **state)
{
	struct small *small = *state;
	struct plan_component fates[4] = {{FATE_KEPT, 1, 1, 0},
					  {FATE_REMOVED, 0, 1, IMAGE_NONE},
					  {FATE_DATA, 0, 0, IMAGE_NONE},
					  {FATE_REMOVED, 0, 0, IMAGE_NONE}};
	struct plan plan = {.components = fates, .component_count = 4};
	struct sbom_options options = {.plan = &plan, .files = true};
	const struct sbom *sbom = make(small, &options);
	struct span text;

	assert_int_equal(sbom->scope, SBOM_REMOVED);
	assert_int_equal(sbom->component_count, 2);
	assert_span(sbom->components[0].component->name, "libx");
	assert_span(sbom->components[1].component->name, "mta");
	assert_int_equal(sbom->file_count, 1);
	assert_int_equal(sbom->files[0].owner, 0);
	assert_good(spdx_write(sbom, small->arena, &text, err));
	assert_true(span_contains(text, SPAN("\"name\": \"components removed from ")));
	assert_good(cyclonedx_write(sbom, CYCLONEDX_1_6, small->arena, &text, err));
	assert_true(span_contains(text, SPAN("components removed from ")));

	plan.component_count = 3;
	assert_fails(ERR_MISMATCH, sbom_make(small->fixture.image, small->fixture.contents,
					     small->inventory, &options, &small->sbom, err));
}

static void
gaps_are_in_the_documents(void **state)
{
	struct small *small = *state;
	struct gap gap = {SPAN("/var/lib/rpm"), SPAN("found, not read")};
	struct span text;

	small->fixture.image->gaps = (struct gap_list){&gap, 1};
	/* bytes behind the end of the layer */
	uint32_t app = image_find(small->fixture.image, SPAN("/usr/bin/app"));
	small->fixture.image->entries[app].offset = 1UL << 40;
	const struct sbom *sbom = make(small, &(struct sbom_options){.files = true});
	assert_int_equal(sbom->gaps.count, 3); /* both names of the file */
	assert_int_equal(sbom->file_count, 8);
	assert_good(spdx_write(sbom, small->arena, &text, err));
	assert_true(span_contains(text, SPAN("gap: /var/lib/rpm: found, not read")));
	assert_true(span_contains(text, SPAN("gap: /usr/bin/app: not among the files")));
	assert_good(cyclonedx_write(sbom, CYCLONEDX_1_6, small->arena, &text, err));
	assert_true(span_contains(text, SPAN("/var/lib/rpm: found, not read")));
	assert_true(span_contains(text, SPAN("\"aggregate\": \"incomplete\"")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copyright_files_are_read),
		cmocka_unit_test(copyright_files_have_limits),
		cmocka_unit_test(licences_become_expressions),
		cmocka_unit_test_setup_teardown(the_record_says_what_is_there, setup, teardown),
		cmocka_unit_test_setup_teardown(names_of_images, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_image_elsewhere_is_the_same_document,
						setup, teardown),
		cmocka_unit_test_setup_teardown(documents_are_as_they_were, setup, teardown),
		cmocka_unit_test_setup_teardown(names_stay_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_removed_is_a_document_of_its_own, setup,
						teardown),
		cmocka_unit_test_setup_teardown(gaps_are_in_the_documents, setup, teardown),
	};

	return cmocka_run_group_tests_name("sbom", tests, NULL, NULL);
}
