/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/jar.h"

#include "base/ascii.h"
#include "base/cleanup.h"

/* ---- names ---- */

static const struct span suffixes[] = {
	SPAN_INIT(".ear"), SPAN_INIT(".hpi"), SPAN_INIT(".jar"),
	SPAN_INIT(".jpi"), SPAN_INIT(".par"), SPAN_INIT(".war"),
};

enum { SUFFIX_BYTES = 4 };

bool
jar_is_name(struct span path)
{
	if (path.n <= SUFFIX_BYTES)
		return false;
	struct span end = span_slice(path, path.n - SUFFIX_BYTES, path.n);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (span_equal_nocase(end, suffixes[i]))
			return true;
	}
	return false;
}

bool
jar_is_pom(struct span name, struct jar_identity *ret)
{
	const struct span before = SPAN("META-INF/maven/");
	const struct span behind = SPAN("/pom.properties");

	if (!span_starts_with(name, before) || !span_ends_with(name, behind) ||
	    name.n <= before.n + behind.n)
		return false;
	struct span rest = span_slice(name, before.n, name.n - behind.n);
	struct span group = span_cut(&rest, '/');
	if (group.n == 0 || rest.n == 0 || span_find(rest, '/') < rest.n)
		return false;
	*ret = (struct jar_identity){.group = group, .artifact = rest};
	return true;
}

/* "commons-lang3" and "3.14.0" of "/lib/commons-lang3-3.14.0.jar"; no version: name alone. */
static void
split_name(struct span path, struct jar_identity *ret)
{
	struct span name = span_base_name(path);

	if (jar_is_name(name))
		name.n -= SUFFIX_BYTES;
	*ret = (struct jar_identity){.artifact = name, .version = SPAN("")};
	for (size_t i = 1; i + 1 < name.n; i++) {
		if (name.p[i] != '-' || !ascii_is_digit(name.p[i + 1]))
			continue;
		ret->artifact = span_slice(name, 0, i);
		ret->version = span_slice(name, i + 1, name.n);
		return;
	}
}

/* ---- pom.properties ---- */

/* "\:" and "\=" as they are meant; what else is escaped is no part of a coordinate. */
static int
unescape(struct span value, struct arena *arena, struct span *ret, struct err *err)
{
	char *text = arena_alloc(arena, value.n + 1);
	size_t n = 0;

	if (!text)
		return err_memory(err);
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\\' && i + 1 < value.n)
			i++;
		text[n++] = value.p[i];
	}
	*ret = (struct span){text, n};
	return 0;
}

/* Ended by CR, LF or both. */
static struct span
cut_line(struct span *rest)
{
	size_t end = 0;

	while (end < rest->n && rest->p[end] != '\n' && rest->p[end] != '\r')
		end++;
	struct span line = span_slice(*rest, 0, end);
	if (end + 1 < rest->n && rest->p[end] == '\r' && rest->p[end + 1] == '\n')
		end++;
	*rest = end < rest->n ? span_slice(*rest, end + 1, rest->n) : (struct span){NULL, 0};
	return line;
}

int
jar_read_pom(struct span text, struct arena *arena, struct jar_identity *ret, struct err *err)
{
	struct jar_identity pom = {{NULL, 0}};
	const struct {
		struct span key;
		struct span *to;
	} fields[] = {
		{SPAN("artifactId"), &pom.artifact},
		{SPAN("groupId"), &pom.group},
		{SPAN("version"), &pom.version},
	};
	int r = 0;

	while (r == 0 && text.p) {
		struct span line = span_trim(cut_line(&text));
		size_t end = 0;

		while (end < line.n && line.p[end] != '=' && line.p[end] != ':')
			end++;
		if (line.n == 0 || line.p[0] == '#' || line.p[0] == '!' || end == line.n)
			continue;
		struct span key = span_trim(span_slice(line, 0, end));
		struct span value = span_trim(span_slice(line, end + 1, line.n));
		for (size_t i = 0; r == 0 && i < sizeof(fields) / sizeof(fields[0]); i++) {
			if (span_equal(key, fields[i].key) && !span_contains(value, SPAN("${")))
				r = unescape(value, arena, fields[i].to, err);
		}
	}
	if (r == 0)
		*ret = pom;
	return r;
}

/* ---- MANIFEST.MF ---- */

/* A header with its continuation lines joined; false behind the main section. */
static bool
next_header(struct span *rest, char *line, size_t *ret_n)
{
	struct span part = rest->p ? cut_line(rest) : (struct span){NULL, 0};

	*ret_n = 0;
	if (part.n == 0)
		return false;
	memcpy(line, part.p, part.n);
	*ret_n = part.n;
	while (rest->n && rest->p[0] == ' ') {
		part = cut_line(rest);
		memcpy(line + *ret_n, part.p + 1, part.n - 1);
		*ret_n += part.n - 1;
	}
	return true;
}

int
jar_read_manifest(struct span text, struct arena *arena, struct jar_manifest *ret, struct err *err)
{
	struct jar_manifest manifest = {{NULL, 0}};
	const struct {
		struct span key;
		struct span *to;
	} fields[] = {
		{SPAN("Bundle-Name"), &manifest.bundle_name},
		{SPAN("Bundle-SymbolicName"), &manifest.bundle_symbolic_name},
		{SPAN("Bundle-Version"), &manifest.bundle_version},
		{SPAN("Implementation-Title"), &manifest.implementation_title},
		{SPAN("Implementation-Vendor-Id"), &manifest.implementation_vendor_id},
		{SPAN("Implementation-Version"), &manifest.implementation_version},
		{SPAN("Specification-Title"), &manifest.specification_title},
		{SPAN("Specification-Version"), &manifest.specification_version},
	};
	CLEANUP(free_cleanup) char *line = malloc(text.n + 1);
	size_t n = 0;

	if (!line)
		return err_memory(err);
	while (next_header(&text, line, &n)) {
		struct span value = {line, n};
		struct span key = span_cut(&value, ':');

		for (size_t i = 0; value.p && i < sizeof(fields) / sizeof(fields[0]); i++) {
			if (!span_equal_nocase(key, fields[i].key))
				continue;
			*fields[i].to = arena_copy(arena, span_trim(value));
			if (!fields[i].to->p)
				return err_memory(err);
		}
	}
	struct span directives = manifest.bundle_symbolic_name;
	if (directives.n)
		manifest.bundle_symbolic_name = span_trim(span_cut(&directives, ';'));
	*ret = manifest;
	return 0;
}

/* ---- guesses ---- */

/* "org.apache.commons": letters, and points between them. */
static bool
is_group(struct span s)
{
	bool point = false;

	for (size_t i = 0; i < s.n; i++) {
		bool good = ascii_is_letter(s.p[i]) || ascii_is_digit(s.p[i]) || s.p[i] == '-' ||
			    s.p[i] == '_';

		point |= s.p[i] == '.';
		if (!good && (s.p[i] != '.' || i == 0 || i + 1 == s.n))
			return false;
	}
	return point;
}

/* Letters, digits and "-_.", as file names of artefacts have them: no title in words. */
static bool
is_artifact(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_is_letter(s.p[i]) && !ascii_is_digit(s.p[i]) && s.p[i] != '-' &&
		    s.p[i] != '_' && s.p[i] != '.')
			return false;
	}
	return s.n > 0;
}

static struct span
first_of(const struct span *texts, size_t count, bool (*fits)(struct span))
{
	for (size_t i = 0; i < count; i++) {
		if (texts[i].n && fits(texts[i]))
			return texts[i];
	}
	return SPAN("");
}

static bool
is_version(struct span s)
{
	return is_artifact(s) && ascii_is_digit(s.p[0]);
}

/* What stands in front of the artifact in "org.slf4j.api", "com.google.guava.guava". */
static struct span
group_of_bundle(struct span symbolic, struct span artifact)
{
	size_t point = span_find_last(symbolic, '.');

	if (!is_group(symbolic))
		return SPAN("");
	if (artifact.n < symbolic.n && span_ends_with(symbolic, artifact) &&
	    symbolic.p[symbolic.n - artifact.n - 1] == '.')
		point = symbolic.n - artifact.n - 1;
	return span_slice(symbolic, 0, point);
}

/*
 * Groups of artefacts that are published by build tools which put no record into them, and whose
 * manifests name no group or another one. The first prefix that fits counts.
 */
static const struct {
	struct span artifact;
	struct span group;
} published[] = {
	{SPAN_INIT("checker-qual"), SPAN_INIT("org.checkerframework")},
	{SPAN_INIT("elasticsearch"), SPAN_INIT("org.elasticsearch")},
	{SPAN_INIT("hamcrest"), SPAN_INIT("org.hamcrest")},
	{SPAN_INIT("junit"), SPAN_INIT("junit")},
	{SPAN_INIT("kotlin-"), SPAN_INIT("org.jetbrains.kotlin")},
	{SPAN_INIT("lucene-"), SPAN_INIT("org.apache.lucene")},
	{SPAN_INIT("micrometer-"), SPAN_INIT("io.micrometer")},
	{SPAN_INIT("spring-amqp"), SPAN_INIT("org.springframework.amqp")},
	{SPAN_INIT("spring-batch-"), SPAN_INIT("org.springframework.batch")},
	{SPAN_INIT("spring-boot"), SPAN_INIT("org.springframework.boot")},
	{SPAN_INIT("spring-cloud-"), SPAN_INIT("org.springframework.cloud")},
	{SPAN_INIT("spring-data-"), SPAN_INIT("org.springframework.data")},
	{SPAN_INIT("spring-integration-"), SPAN_INIT("org.springframework.integration")},
	{SPAN_INIT("spring-kafka"), SPAN_INIT("org.springframework.kafka")},
	{SPAN_INIT("spring-rabbit"), SPAN_INIT("org.springframework.amqp")},
	{SPAN_INIT("spring-security-"), SPAN_INIT("org.springframework.security")},
	{SPAN_INIT("spring-session-"), SPAN_INIT("org.springframework.session")},
	{SPAN_INIT("spring-ws-"), SPAN_INIT("org.springframework.ws")},
	{SPAN_INIT("spring-"), SPAN_INIT("org.springframework")},
	{SPAN_INIT("tomcat-embed-"), SPAN_INIT("org.apache.tomcat.embed")},
	{SPAN_INIT("tomcat-"), SPAN_INIT("org.apache.tomcat")},
};

static struct span
published_group(struct span artifact)
{
	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
		if (span_starts_with(artifact, published[i].artifact))
			return published[i].group;
	}
	return SPAN("");
}

/* "4.1.100.Final-linux-x86_64" of a file whose manifest says "4.1.100.Final". */
static bool
has_classifier(struct span named, struct span stated)
{
	return stated.n && span_starts_with(named, stated) && named.n > stated.n &&
	       named.p[stated.n] == '-';
}

int
jar_guess(const struct jar_manifest *manifest, struct span path, struct arena *arena,
	  struct jar_identity *ret, struct err *err)
{
	const struct span versions[] = {manifest->implementation_version, manifest->bundle_version,
					manifest->specification_version};
	const struct span titles[] = {manifest->implementation_title, manifest->specification_title,
				      manifest->bundle_name};
	struct jar_identity guess;

	split_name(path, &guess);
	struct span version =
		first_of(versions, sizeof(versions) / sizeof(versions[0]), is_version);
	bool named = guess.version.n > 0;

	if (!named)
		guess.version = version;
	else if (has_classifier(guess.version, manifest->implementation_version))
		guess.version = manifest->implementation_version;
	if (!named) {
		struct span title =
			first_of(titles, sizeof(titles) / sizeof(titles[0]), is_artifact);

		if (title.n)
			guess.artifact = title;
	}
	guess.group = published_group(guess.artifact);
	if (guess.group.n == 0 && is_group(manifest->implementation_vendor_id))
		guess.group = manifest->implementation_vendor_id;
	else if (guess.group.n == 0)
		guess.group = group_of_bundle(manifest->bundle_symbolic_name, guess.artifact);

	struct span *const texts[] = {&guess.group, &guess.artifact, &guess.version};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		*texts[i] = arena_copy(arena, *texts[i]);
		if (!texts[i]->p)
			return err_memory(err);
	}
	*ret = guess;
	return 0;
}
