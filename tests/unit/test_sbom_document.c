/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of all tools: what they say, and what that means. */
#include "group_arena.h"
#include "test.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "base/limits.h"
#include "codec/sbom_document.h"
#include "stage/sbom_document.h"
#include "stage/sbom_document/taking.h"

#include <stdio.h>

#define CYCLONEDX(components)                                                                      \
	"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":[" components "]}"
#define SPDX(packages) "{\"spdxVersion\":\"SPDX-2.3\",\"packages\":[" packages "]}"
#define LIBRARY(purl)  "{\"type\":\"library\",\"name\":\"x\",\"purl\":\"" purl "\"}"
#define SYSTEM(id, version)                                                                        \
	"{\"type\":\"operating-system\",\"name\":\"" id "\",\"version\":\"" version "\"}"

#define DEBIAN SYSTEM("debian", "12")
#define INNER  LIBRARY("pkg:deb/debian/inner@1?upstream=i")

static struct inventory *
take(const char *text)
{
	CLEANUP(sbom_document_cleanup) struct sbom_document *document = NULL;
	struct inventory *inventory = NULL;

	assert_good(sbom_document_read(span_from(text), &document, err));
	assert_good(taking_inventory(document, arena, &inventory, err));
	return inventory;
}

/* "SUBJECT: TEXT" lines. */
static const char *
gaps_of(const struct inventory *inventory)
{
	struct span text = SPAN("");

	for (size_t i = 0; i < inventory->gaps.count; i++)
		text = arena_printf(arena, "%.*s%.*s: %.*s\n", SPAN_ARG(text),
				    SPAN_ARG(inventory->gaps.items[i].subject),
				    SPAN_ARG(inventory->gaps.items[i].text));
	return text.p;
}

static void
assert_gap(const struct inventory *inventory, const char *part)
{
	if (!span_contains(span_from(gaps_of(inventory)), span_from(part)))
		fail_msg("no \"%s\" in the gaps:\n%s", part, gaps_of(inventory));
}

/* ---- the system ---- */

static void
the_system_is_what_is_stated(void **state)
{
	static const struct {
		const char *text;
		const char *system; /* "ID|VERSION_ID|CODENAME"; "" when it is not known */
	} cases[] = {
		{CYCLONEDX(SYSTEM("debian", "12")), "debian|12|"},
		{CYCLONEDX(SYSTEM("Debian", "12.4")), "debian|12.4|"},
		{CYCLONEDX(SYSTEM("debian", "trixie")), "debian||trixie"},
		{CYCLONEDX("{\"type\":\"operating-system\",\"name\":\"debian\",\"version\":\"12\","
			   "\"properties\":[{\"name\":\"syft:distro:versionCodename\","
			   "\"value\":\"bookworm\"}]}"),
		 "debian|12|bookworm"},
		{SPDX("{\"SPDXID\":\"SPDXRef-o\",\"name\":\"debian\",\"versionInfo\":\"12\","
		      "\"primaryPackagePurpose\":\"OPERATING_SYSTEM\"}"),
		 "debian|12|"},
		{SPDX("{\"SPDXID\":\"SPDXRef-o\",\"name\":\"debian\",\"versionInfo\":\"12.1\","
		      "\"primaryPackagePurpose\":\"OPERATING-SYSTEM\"}"),
		 "debian|12.1|"},
		{CYCLONEDX(LIBRARY("pkg:deb/debian/a@1?distro=debian-12")), "debian|12|"},
		{CYCLONEDX(LIBRARY("pkg:deb/debian/a@1?distro=bookworm")), "debian||bookworm"},
		{CYCLONEDX(LIBRARY("pkg:deb/debian/a@1?distro=debian")), "debian||"},
		{CYCLONEDX(LIBRARY("pkg:rpm/opensuse-leap/a@1?distro=opensuse-leap-15.4")),
		 "opensuse-leap|15.4|"},
		{CYCLONEDX(LIBRARY("pkg:deb/debian/a@1?distro=debian-12") "," LIBRARY(
			 "pkg:deb/debian/b@1?distro=debian-12.4")),
		 "debian|12|"},
		/* the component goes before the purls, which say what it leaves open */
		{CYCLONEDX(SYSTEM("debian", "") "," LIBRARY("pkg:deb/debian/a@1?distro=debian-12")),
		 "debian|12|"},
		{CYCLONEDX(
			 SYSTEM("debian", "12") "," LIBRARY("pkg:deb/debian/a@1?distro=debian-11")),
		 "debian|12|"},
		/* two at once are none */
		{CYCLONEDX(SYSTEM("debian", "12") "," SYSTEM("debian", "11")), ""},
		{CYCLONEDX(SYSTEM("debian", "12") "," SYSTEM("ubuntu", "12")), ""},
		{CYCLONEDX(LIBRARY("pkg:deb/debian/a@1?distro=debian-12") "," LIBRARY(
			 "pkg:deb/debian/b@1?distro=debian-bullseye")),
		 ""},
		{CYCLONEDX(LIBRARY("pkg:rpm/a/a@1?distro=a-22.04") "," LIBRARY(
			 "pkg:rpm/a/b@1?distro=a-22.10")),
		 ""},
		{CYCLONEDX(LIBRARY("pkg:npm/a@1")), ""},
		{CYCLONEDX(""), ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct inventory *inventory = take(cases[i].text);
		const struct os_identity *os = &inventory->os;
		struct span got = SPAN("");

		if (os->known)
			got = arena_printf(arena, "%.*s|%.*s|%.*s", SPAN_ARG(os->id),
					   SPAN_ARG(os->version_id), SPAN_ARG(os->codename));
		else
			assert_gap(inventory, "system: the document ");
		if (!span_equal(got, span_from(cases[i].system)))
			fail_msg("\"%s\" of %s", got.p, cases[i].text);
	}
}

/* ---- packages ---- */

static void
versions_have_their_epoch(void **state)
{
	static const struct {
		const char *purl;
		const char *version;
		const char *got; /* NULL: left out */
	} cases[] = {
		{"pkg:deb/debian/a@1:2.0-1", "", "1:2.0-1"},
		{"pkg:deb/debian/a@1%3A2.0-1", "1:2.0-1", "1:2.0-1"},
		{"pkg:deb/debian/a@2.0-1?epoch=1", "2.0-1", "1:2.0-1"},
		{"pkg:deb/debian/a@2.0-1?epoch=1", "1:2.0-1", "1:2.0-1"},
		{"pkg:deb/debian/a@1%3A2.0-1?epoch=1", "2.0-1", "1:2.0-1"},
		{"pkg:deb/debian/a@2.0-1", "1:2.0-1", "1:2.0-1"},
		{"pkg:deb/debian/a@2.0%2Bdfsg-1", "2.0+dfsg-1", "2.0+dfsg-1"},
		{"pkg:deb/debian/a", "3:4", "3:4"},
		{"pkg:deb/debian/a@1:2.0?epoch=2", "", NULL},
		{"pkg:deb/debian/a@1:2.0", "2:2.0", NULL},
		{"pkg:deb/debian/a@2.0?epoch=x", "", NULL},
		{"pkg:deb/debian/a@2.0", "3.0", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span text = arena_printf(
			arena,
			CYCLONEDX(SYSTEM("debian", "12") ",{\"type\":\"library\",\"name\":\"a\","
							 "\"version\":\"%s\",\"purl\":\"%s\"}"),
			cases[i].version, cases[i].purl);
		const struct inventory *inventory = take(text.p);

		if (!cases[i].got) {
			assert_int_equal(inventory->component_count, 0);
			assert_gap(inventory, "not matched: ");
			continue;
		}
		if (inventory->component_count != 1)
			fail_msg("%s: %s", cases[i].purl, gaps_of(inventory));
		assert_span(inventory->components[0].version, cases[i].got);
		assert_span(inventory->components[0].source_version, cases[i].got);
	}
}

static void
sources_are_found(void **state)
{
	static const struct {
		const char *purl;
		const char *properties;
		const char *source;
		const char *version;
	} cases[] = {
		{"pkg:deb/debian/a@2", "", "a", "2"},
		{"pkg:deb/debian/a@2?upstream=b", "", "b", "2"},
		{"pkg:deb/debian/a@2?upstream=b%401:3", "", "b", "1:3"},
		{"pkg:deb/debian/a@2?upstream=b", "{\"name\":\"mohs:source\",\"value\":\"c\"}", "b",
		 "2"},
		{"pkg:deb/debian/a@2",
		 "{\"name\":\"mohs:source\",\"value\":\"c\"},"
		 "{\"name\":\"mohs:source-version\",\"value\":\"3\"}",
		 "c", "3"},
		{"pkg:deb/debian/a@2",
		 "{\"name\":\"aquasecurity:trivy:SrcName\",\"value\":\"c\"},"
		 "{\"name\":\"aquasecurity:trivy:SrcEpoch\",\"value\":\"1\"},"
		 "{\"name\":\"aquasecurity:trivy:SrcVersion\",\"value\":\"3\"},"
		 "{\"name\":\"aquasecurity:trivy:SrcRelease\",\"value\":\"4\"}",
		 "c", "1:3-4"},
		{"pkg:deb/debian/a@2",
		 "{\"name\":\"aquasecurity:trivy:SrcName\",\"value\":\"c\"},"
		 "{\"name\":\"aquasecurity:trivy:SrcVersion\",\"value\":\"3\"}",
		 "c", "3"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span text = arena_printf(
			arena,
			CYCLONEDX(SYSTEM("debian", "12") ",{\"type\":\"library\",\"purl\":\"%s\","
							 "\"properties\":[%s]}"),
			cases[i].purl, cases[i].properties);
		const struct inventory *inventory = take(text.p);

		assert_int_equal(inventory->component_count, 1);
		assert_span(inventory->components[0].source, cases[i].source);
		assert_span(inventory->components[0].source_version, cases[i].version);
		if (i == 0)
			assert_gap(inventory, "source packages: the document names none");
		else
			assert_int_equal(inventory->gaps.count, 0);
	}
	const struct inventory *spdx =
		take(SPDX("{\"SPDXID\":\"SPDXRef-a\",\"name\":\"a\",\"versionInfo\":\"2\","
			  "\"sourceInfo\":\"built package from: c 1:3-4\",\"externalRefs\":["
			  "{\"referenceType\":\"cpe23Type\",\"referenceLocator\":\"cpe\"},"
			  "{\"referenceCategory\":\"PACKAGE-MANAGER\",\"referenceType\":\"purl\","
			  "\"referenceLocator\":\"pkg:deb/debian/a@2?distro=debian-12&arch=arm64\"}"
			  "]}"));
	assert_span(spdx->components[0].source, "c");
	assert_span(spdx->components[0].source_version, "1:3-4");
	assert_span(spdx->components[0].architecture, "arm64");
	assert_span(spdx->components[0].ecosystem, "dpkg");
}

/* By the file of the source package, and with the module's stream. */
static void
rpm_has_qualifiers_of_its_own(void **state)
{
	const struct inventory *inventory = take(CYCLONEDX(SYSTEM("rhel", "9.4") "," LIBRARY(
		"pkg:rpm/rhel/npm@8.19-1.el9?arch=noarch&epoch=1&modularitylabel=nodejs:18:8060:ad"
		"&upstream=nodejs-18.1-2.el9.src.rpm")));
	const struct component *npm = &inventory->components[0];

	(void)state;
	assert_int_equal(inventory->component_count, 1);
	assert_span(npm->ecosystem, "rpm");
	assert_span(npm->version, "1:8.19-1.el9");
	assert_span(npm->source, "nodejs");
	assert_span(npm->source_version, "1:18.1-2.el9");
	assert_span(npm->module, "nodejs:18");
}

static void
each_type_has_its_ecosystem_and_key(void **state)
{
	static const struct {
		const char *purl;
		const char *component; /* "ECOSYSTEM|NAME|VERSION|SOURCE|SOURCE_VERSION|MODULE" */
	} cases[] = {
		{"pkg:pypi/ruamel_yaml@0.17", "pypi|ruamel_yaml|0.17|ruamel-yaml|0.17|"},
		{"pkg:pypi/Zope.-_Interface@5", "pypi|Zope.-_Interface|5|zope-interface|5|"},
		{"pkg:npm/%40angular/core@17.0.1",
		 "npm|@angular/core|17.0.1|@angular/core|17.0.1|"},
		{"pkg:npm/JSONStream@1", "npm|JSONStream|1|JSONStream|1|"},
		{"pkg:maven/org.apache/log4j@2?type=jar",
		 "maven|org.apache:log4j|2|org.apache:log4j|2|"},
		{"pkg:golang/github.com/Azure/go@v1.2.3#sub",
		 "golang|github.com/Azure/go|v1.2.3|github.com/Azure/go|v1.2.3|"},
		{"pkg:golang/stdlib@1.22.1", "golang|stdlib|1.22.1|stdlib|1.22.1|"},
		{"pkg:cargo/serde@1.0", "cargo|serde|1.0|serde|1.0|"},
		{"pkg:gem/rails@7", "gem|rails|7|rails|7|"},
		{"pkg:composer/Symfony/Http-Kernel@6",
		 "composer|Symfony/Http-Kernel|6|symfony/http-kernel|6|"},
		{"pkg:nuget/Newtonsoft.Json@13", "nuget|Newtonsoft.Json|13|newtonsoft.json|13|"},
		{"pkg:bitnami/nginx@1.25.3?arch=amd64", "generic|nginx|1.25.3|nginx|1.25.3|"},
		{"pkg:generic/openssl@3.0.1", "generic|openssl|3.0.1|openssl|3.0.1|"},
		{"pkg:hex/phoenix@1", "hex|phoenix|1|phoenix|1|"},
		{"pkg:rpm/rocky/bash@5.1-2.el9?arch=x86_64&upstream=bash-5.1-2.el9.src.rpm",
		 "rpm|bash|5.1-2.el9|bash|5.1-2.el9|"},
		{"pkg:rpm/rocky/openssl-libs@3.0-1?epoch=1&upstream=openssl-3.0-1.src.rpm",
		 "rpm|openssl-libs|1:3.0-1|openssl|1:3.0-1|"},
		{"pkg:rpm/rocky/a-b@3.0-1?epoch=0&upstream=a-b-c-3.1-1.nosrc.rpm",
		 "rpm|a-b|3.0-1|a-b-c|3.1-1|"},
		{"pkg:rpm/rocky/a@3.0-1?upstream=src.rpm", "rpm|a|3.0-1|src.rpm|3.0-1|"},
		{"pkg:rpm/rocky/npm@1%3A10.2-1?modularitylabel=nodejs:20:920230:rhel9&upstream=n",
		 "rpm|npm|1:10.2-1|n|1:10.2-1|nodejs:20"},
		{"pkg:rpm/rocky/npm@10.2-1?rpmmod=nodejs:20&upstream=n",
		 "rpm|npm|10.2-1|n|10.2-1|nodejs:20"},
		{"pkg:rpm/rocky/npm@10.2-1?rpmmod=nodejs&upstream=n", "rpm|npm|10.2-1|n|10.2-1|"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct inventory *inventory = take(
			arena_printf(
				arena,
				CYCLONEDX(SYSTEM("rocky",
						 "9.2") ",{\"type\":\"library\",\"purl\":\"%s\"}"),
				cases[i].purl)
				.p);

		assert_int_equal(inventory->component_count, 1);
		const struct component *one = &inventory->components[0];
		assert_span(arena_printf(arena, "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s",
					 SPAN_ARG(one->ecosystem), SPAN_ARG(one->name),
					 SPAN_ARG(one->version), SPAN_ARG(one->source),
					 SPAN_ARG(one->source_version), SPAN_ARG(one->module)),
			    cases[i].component);
	}
}

static void
systems_have_more_than_one_name(void **state)
{
	static const struct {
		const char *name;
		const char *version;
		const char *purl;
		const char *system; /* "ID|VERSION_ID" */
	} cases[] = {
		{"alma", "9.2", "pkg:rpm/alma/a@1-1?distro=alma-9.2", "almalinux|9.2"},
		{"almalinux", "9.2", "pkg:rpm/almalinux/a@1-1?distro=almalinux-9.2",
		 "almalinux|9.2"},
		{"redhat", "9.2", "pkg:rpm/redhat/a@1-1?distro=redhat-9.2", "rhel|9.2"},
		{"rhel", "9.2", "pkg:rpm/redhat/a@1-1?distro=rhel-9.2", "rhel|9.2"},
		{"amazon", "2 (Karoo)", "pkg:rpm/amazon/a@1-1?distro=amazon-2+%28Karoo%29",
		 "amzn|2"},
		{"oracle", "8.7", "pkg:rpm/oracle/a@1-1?distro=oracle-8.7", "ol|8.7"},
		{"ol", "8.7", "pkg:rpm/ol/a@1-1?distro=ol-8.7", "ol|8.7"},
		{"SUSE Linux Enterprise Server", "15.4",
		 "pkg:rpm/suse%20linux%20enterprise%20server/a@1-1", "sles|15.4"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct inventory *inventory =
			take(arena_printf(arena,
					  CYCLONEDX("{\"type\":\"operating-system\",\"name\":"
						    "\"%s\",\"version\":\"%s\"},"
						    "{\"type\":\"library\",\"purl\":\"%s\"}"),
					  cases[i].name, cases[i].version, cases[i].purl)
				     .p);

		assert_span(arena_printf(arena, "%.*s|%.*s", SPAN_ARG(inventory->os.id),
					 SPAN_ARG(inventory->os.version_id)),
			    cases[i].system);
		if (inventory->component_count != 1)
			fail_msg("%s: %s", cases[i].purl, gaps_of(inventory));
	}
}

static void
what_cannot_be_matched_is_named(void **state)
{
	static const char *const components[] = {
		DEBIAN,
		"{\"type\":\"library\",\"name\":\"nameless\"}",
		"{\"type\":\"framework\"}",
		"{\"type\":\"file\",\"name\":\"/bin/ls\"}",
		LIBRARY("pkg:deb/debian/bad@%zz"),
		LIBRARY("pkg:npm/%40a/b@1.0"),
		LIBRARY("pkg:deb/ubuntu/other@1?upstream=o"),
		LIBRARY("pkg:deb/debian/old@1?distro=debian-11&upstream=o"),
		LIBRARY("pkg:deb/debian/same@1?distro=debian-bookworm&upstream=o"),
		LIBRARY("pkg:deb/debian/good@1?distro=debian-12.4&upstream=o"),
	};
	struct span text = SPAN("");

	for (size_t i = 0; i < sizeof(components) / sizeof(components[0]); i++)
		text = arena_printf(arena, "%.*s%s%s", SPAN_ARG(text), i ? "," : "", components[i]);
	text = arena_printf(arena, CYCLONEDX("%.*s"), SPAN_ARG(text));
	const struct inventory *inventory = take(text.p);

	(void)state;
	assert_gap(inventory, "nameless: not matched: the document gives it no package URL\n");
	assert_gap(inventory, "component without a name: not matched: ");
	assert_gap(inventory, "pkg:deb/debian/bad@%zz: not matched: not a package URL: ");
	assert_gap(inventory, "pkg:deb/ubuntu/other@1?upstream=o: not matched: it is of another");
	assert_gap(inventory, "debian-11&upstream=o: not matched: it is of another distribution");
	assert_int_equal(inventory->gaps.count, 5);
	assert_int_equal(inventory->component_count, 3);
	assert_span(inventory->components[0].name, "good"); /* by ecosystem, then name */
	assert_span(inventory->components[1].name, "same");
	assert_span(inventory->components[2].ecosystem, "npm");
	assert_true(inventory->any_database);
	assert_span(inventory->document.format, "CycloneDX 1.6");
}

static void
what_a_document_is_about_is_no_component(void **state)
{
	const struct inventory *image = take(
		"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.4\",\"metadata\":{\"component\":"
		"{\"type\":\"container\",\"name\":\"app:1\",\"purl\":\"pkg:oci/app@sha256%3Aff\","
		"\"components\":[" INNER "]}},\"components\":[" DEBIAN "]}");
	const struct inventory *several =
		take("{\"spdxVersion\":\"SPDX-2.2\",\"documentDescribes\":[\"a\",\"b\"],"
		     "\"packages\":[{\"SPDXID\":\"a\",\"name\":\"one\"},"
		     "{\"SPDXID\":\"b\",\"name\":\"two\"}]}");
	const struct inventory *one =
		take("{\"spdxVersion\":\"SPDX-2.3\",\"name\":\"a name\",\"relationships\":["
		     "{\"spdxElementId\":\"SPDXRef-DOCUMENT\",\"relationshipType\":\"DESCRIBES\","
		     "\"relatedSpdxElement\":\"a\"},{\"relationshipType\":\"CONTAINS\"}],"
		     "\"packages\":[{\"SPDXID\":\"a\",\"name\":\"dir\"}]}");

	(void)state;
	assert_span(image->document.name, "app:1");
	assert_int_equal(image->component_count, 1);
	assert_span(image->components[0].name, "inner");
	assert_int_equal(image->gaps.count, 0);
	assert_gap(several, "one: not matched");
	assert_gap(several, "two: not matched");
	assert_span(one->document.name, "a name");
	assert_int_equal(one->gaps.count, 1); /* it names no system */
}

static void
a_documents_own_gaps_stay(void **state)
{
	const struct inventory *cyclonedx = take(
		"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.7\",\"metadata\":{\"properties\":"
		"["
		"{\"name\":\"mohs:gap\",\"value\":\"/var/lib/rpm: cannot be read\"}]},"
		"\"components\":[" DEBIAN "],\"compositions\":[{\"aggregate\":\"incomplete\"}]}");
	const struct inventory *incomplete = take(
		"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"components\":[" DEBIAN "],"
		"\"compositions\":[{\"aggregate\":\"complete\"},"
		"{\"aggregate\":\"incomplete_first_party_only\"}]}");
	const struct inventory *spdx = take(
		"{\"spdxVersion\":\"SPDX-2.3\",\"annotations\":[{\"annotator\":\"Tool: mohs-0.1\","
		"\"comment\":\"gap: packages: none\"},{\"annotator\":\"Person: x\","
		"\"comment\":\"gap: not ours: at all\"}]}");

	(void)state;
	assert_string_equal(gaps_of(cyclonedx), "/var/lib/rpm: cannot be read\n");
	assert_gap(incomplete, "document: says of itself that it is incomplete");
	assert_string_equal(gaps_of(spdx), "packages: none\nsystem: the document names none, "
					   "neither as a component nor in a package URL\n");
}

static void
what_was_guessed_stays_guessed(void **state)
{
	const struct inventory *cyclonedx = take(CYCLONEDX(
		"{\"type\":\"library\",\"name\":\"x\",\"purl\":\"pkg:generic/x@1\",\"properties\":["
		"{\"name\":\"mohs:guessed\",\"value\":\"/usr/bin/x\"}]}," LIBRARY("pkg:npm/a@1")));
	const struct inventory *spdx =
		take(SPDX("{\"SPDXID\":\"x\",\"name\":\"x\",\"comment\":"
			  "\"guessed: told from the bytes of /usr/bin/x alone\",\"externalRefs\":["
			  "{\"referenceType\":\"purl\",\"referenceLocator\":\"pkg:generic/x@1\"}]},"
			  "{\"SPDXID\":\"y\",\"name\":\"y\",\"comment\":\"guessed: by somebody\","
			  "\"externalRefs\":[{\"referenceType\":\"purl\","
			  "\"referenceLocator\":\"pkg:generic/y@1\"}]}"));

	(void)state;
	assert_int_equal(cyclonedx->component_count, 2);
	assert_true(cyclonedx->components[0].guessed);
	assert_span(cyclonedx->components[0].database, "/usr/bin/x");
	assert_false(cyclonedx->components[1].guessed);
	assert_int_equal(spdx->component_count, 2);
	assert_true(spdx->components[0].guessed);
	assert_span(spdx->components[0].database, "/usr/bin/x");
	assert_false(spdx->components[1].guessed);
}

/* ---- what is no document ---- */

static void
others_are_refused(void **state)
{
	static const struct {
		enum err_kind kind;
		const char *text;
	} cases[] = {
		{ERR_INVALID, ""},
		{ERR_INVALID, "{\"spdxVersion\":\"SPDX-2.3\""},
		{ERR_INVALID, "{\"spdxVersion\":\"SPDX-2.3\",\"spdxVersion\":\"SPDX-2.3\"}"},
		{ERR_INVALID, "{\"spdxVersion\":\"SPDX-2.3\",\"bomFormat\":\"CycloneDX\"}"},
		{ERR_INVALID, "{\"spdxVersion\":23}"},
		{ERR_INVALID, "{\"spdxVersion\":\"SPDX-2.3\",\"packages\":{}}"},
		{ERR_INVALID, "{\"spdxVersion\":\"SPDX-2.3\",\"packages\":[1]}"},
		{ERR_INVALID, "{\"spdxVersion\":\"SPDX-2.3\",\"relationships\":\"x\"}"},
		{ERR_INVALID, "{\"spdxVersion\":\"SPDX-2.3\",\"relationships\":[{}]}"},
		{ERR_INVALID, "{\"spdxVersion\":\"SPDX-2.3\",\"documentDescribes\":[{}]}"},
		{ERR_INVALID, SPDX("{\"name\":\"no id\"}")},
		{ERR_INVALID, SPDX("{\"SPDXID\":\"a\",\"externalRefs\":{}}")},
		{ERR_INVALID, SPDX("{\"SPDXID\":\"a\",\"externalRefs\":[{}]}")},
		{ERR_INVALID, SPDX("{\"SPDXID\":\"a\",\"versionInfo\":[\"1\"]}")},
		{ERR_INVALID, SPDX("{\"SPDXID\":\"a\",\"name\":\"a\\u0000b\"}")},
		{ERR_INVALID, "{\"bomFormat\":\"Other\",\"specVersion\":\"1.6\"}"},
		{ERR_INVALID, "{\"bomFormat\":\"CycloneDX\"}"},
		{ERR_INVALID, CYCLONEDX("{\"name\":\"no type\"}")},
		{ERR_INVALID, CYCLONEDX("[]")},
		{ERR_INVALID, CYCLONEDX("{\"type\":\"library\",\"components\":{}}")},
		{ERR_INVALID, CYCLONEDX("{\"type\":\"library\",\"properties\":[\"x\"]}")},
		{ERR_INVALID, "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\","
			      "\"components\":{}}"},
		{ERR_UNSUPPORTED, "{}"},
		{ERR_UNSUPPORTED, "[]"},
		{ERR_UNSUPPORTED, "{\"spdxVersion\":\"SPDX-3.0\"}"},
		{ERR_UNSUPPORTED, "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.3\"}"},
		{ERR_UNSUPPORTED, "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"2.0\"}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sbom_document *document = NULL;
		struct err err = ERR_INIT;
		int r = sbom_document_read(span_from(cases[i].text), &document, &err);

		if (r != -(int)cases[i].kind || document)
			fail_msg("%s: %d, %s", cases[i].text, r, err.text);
	}
}

static struct span
repeated(const char *first, const char *again, size_t count, const char *last)
{
	CLEANUP(buf_cleanup) struct buf buf = BUF_INIT(64 * MIB);

	assert_good(buf_printf(&buf, err, "%s", first));
	for (size_t i = 0; i < count; i++)
		assert_good(buf_printf(&buf, err, "%s", again));
	assert_good(buf_printf(&buf, err, "%s", last));
	return arena_copy(arena, buf_span(&buf));
}

static void
there_are_limits(void **state)
{
	static const char start[] =
		"{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":[";
	static const char inside[] = "{\"type\":\"a\",\"components\":[";
	struct span deep = repeated(start, inside, SBOM_DEPTH_MAX, "");
	struct span ends = repeated("", "]}", SBOM_DEPTH_MAX + 1, "");
	struct span good = repeated(start, inside, SBOM_DEPTH_MAX - 1, "");
	struct sbom_document *document = NULL;

	(void)state;
	deep = arena_printf(arena, "%.*s{\"type\":\"a\"}%.*s", SPAN_ARG(deep), SPAN_ARG(ends));
	assert_fails(ERR_LIMIT, sbom_document_read(deep, &document, err));
	good = arena_printf(arena, "%.*s{\"type\":\"a\"}%.*s", SPAN_ARG(good),
			    SPAN_ARG(span_slice(ends, 2, ends.n)));
	assert_good(sbom_document_read(good, &document, err));
	assert_int_equal(document->item_count, SBOM_DEPTH_MAX);
	sbom_document_cleanup(&document);
	assert_fails(ERR_LIMIT, sbom_document_read(repeated(start, "{\"type\":\"a\"},",
							    SBOM_ITEMS_MAX, "{\"type\":\"a\"}]}"),
						   &document, err));
	assert_fails(ERR_INVALID,
		     sbom_document_read(repeated("", "[", 100000, ""), &document, err));
}

static void
a_likely_document_is_seen(void **state)
{
	(void)state;
	assert_true(sbom_document_likely(span_from("\n {\"x\":1,\"bomFormat\":")));
	assert_true(sbom_document_likely(span_from("{\"spdxVersion\"")));
	assert_false(sbom_document_likely(span_from("SPDXVersion: SPDX-2.3\nspdxVersion")));
	assert_false(sbom_document_likely(span_from("{}")));
	assert_false(sbom_document_likely(span_from("")));
}

/* The same through the child, with what only the parent says. */
static void
the_child_reads_it_too(void **state)
{
	static const char text[] = CYCLONEDX(SYSTEM("debian", "12") "," LIBRARY(
		"pkg:deb/debian/b@1?upstream=s") "," LIBRARY("pkg:deb/debian/a@1?upstream=s"));
	CLEANUP(inventory_cleanup) struct inventory *inventory = NULL;
	struct digest digest;
	char digest_text[DIGEST_TEXT];

	(void)state;
	assert_good(sbom_document_inventory(span_from(text), SPAN("sbom:f"), &inventory, err));
	digest_of(span_from(text), &digest);
	assert_span(inventory->document.reference, "sbom:f");
	assert_span(inventory->document.digest, digest_format(&digest, digest_text));
	assert_int_equal(inventory->component_count, 2);
	assert_span(inventory->components[0].name, "a");
	assert_int_equal(inventory->owner_count, 0);
	inventory_cleanup(&inventory);
	assert_fails(ERR_INVALID,
		     sbom_document_inventory(SPAN("{"), SPAN("sbom:f"), &inventory, err));
	assert_fails(ERR_UNSUPPORTED,
		     sbom_document_inventory(SPAN("{}"), SPAN("sbom:f"), &inventory, err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_system_is_what_is_stated),
		cmocka_unit_test(versions_have_their_epoch),
		cmocka_unit_test(sources_are_found),
		cmocka_unit_test(rpm_has_qualifiers_of_its_own),
		cmocka_unit_test(each_type_has_its_ecosystem_and_key),
		cmocka_unit_test(systems_have_more_than_one_name),
		cmocka_unit_test(what_cannot_be_matched_is_named),
		cmocka_unit_test(what_a_document_is_about_is_no_component),
		cmocka_unit_test(a_documents_own_gaps_stay),
		cmocka_unit_test(what_was_guessed_stays_guessed),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(there_are_limits),
		cmocka_unit_test(a_likely_document_is_seen),
		cmocka_unit_test(the_child_reads_it_too),
	};

	return cmocka_run_group_tests_name("sbom_document", tests, group_arena, group_arena_free);
}
