/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/kubernetes_yaml.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "codec/json.h"

#include <stdarg.h>
#include <stdio.h>

enum { NAME_MAX_LABEL = 63 }; /* RFC 1123 */

struct manifest {
	const struct limits *limits;
	const struct service *service;
	struct span image;
	struct buf text;
	char name[NAME_MAX_LABEL + 1];
	struct err *err;
	int r; /* the first failure */
};

static void put(struct manifest *manifest, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void
put(struct manifest *manifest, const char *format, ...)
{
	CLEANUP(free_cleanup) char *line = NULL;
	va_list args;

	va_start(args, format);
	int n = vasprintf(&line, format, args);
	va_end(args);
	if (manifest->r == 0 && n < 0)
		manifest->r = err_memory(manifest->err);
	if (manifest->r == 0)
		manifest->r =
			buf_append(&manifest->text, (struct span){line, (size_t)n}, manifest->err);
}

/* A JSON string is a YAML one (YAML 1.2, 1.3). */
static void
put_text(struct manifest *manifest, struct span text)
{
	CLEANUP(json_cleanup) json_t *string = json_span(text);
	CLEANUP(free_cleanup)
	char *quoted = string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;

	if (!quoted && manifest->r == 0)
		manifest->r = err_memory(manifest->err);
	put(manifest, "%s", quoted ? quoted : "");
}

/* Text for people: one line of ASCII, whatever is in it. */
static void
put_comment(struct manifest *manifest, const char *indent, const char *subject, struct span text)
{
	put(manifest, "%s# %s: ", indent, subject);
	for (size_t i = 0; i < text.n; i++)
		put(manifest, "%c", text.p[i] >= ' ' && text.p[i] < 0x7f ? text.p[i] : '?');
	put(manifest, "\n");
}

/* Lower-case letters, digits and hyphens, none at an end. */
static void
make_name(struct manifest *manifest)
{
	struct span from = manifest->service->name;
	size_t n = 0;

	for (size_t i = 0; i < from.n && n < NAME_MAX_LABEL; i++) {
		char c = from.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			manifest->name[n++] = c;
		else if (n > 0 && manifest->name[n - 1] != '-')
			manifest->name[n++] = '-';
	}
	while (n > 0 && manifest->name[n - 1] == '-')
		n--;
	manifest->name[n] = '\0';
	if (n == 0)
		memcpy(manifest->name, "service", sizeof("service"));
}

static bool
is_proposed(const struct manifest *manifest, enum limit limit)
{
	return manifest->limits->limits[limit].proposed;
}

static void
put_head(struct manifest *manifest)
{
	const struct limits *limits = manifest->limits;

	put(manifest, "# What the hardened image was seen to need, and nothing else.\n");
	if (limits->outcome == LIMITS_PASSED)
		put(manifest, "# Its tests passed under these limits: %u of %u.\n", limits->passed,
		    limits->passed);
	else
		put_comment(manifest, "", "NOT VERIFIED",
			    limits->failure.n ? limits->failure : SPAN("not tried"));
	if (is_proposed(manifest, LIMIT_SECCOMP))
		put(manifest,
		    "# seccomp.json goes to /var/lib/kubelet/seccomp/mohs/%s.json on each node.\n",
		    manifest->name);
	for (enum limit limit = 0; limit < LIMITS; limit++) {
		if (!is_proposed(manifest, limit)) {
			put(manifest, "# Left out:\n");
			put_comment(manifest, "", limit_name(limit), limits->limits[limit].reason);
		}
	}
}

static void
put_pod(struct manifest *manifest)
{
	const char *name = manifest->name;

	put(manifest,
	    "apiVersion: apps/v1\n"
	    "kind: Deployment\n"
	    "metadata:\n"
	    "  name: \"%s\"\n"
	    "spec:\n"
	    "  selector:\n"
	    "    matchLabels:\n"
	    "      app: \"%s\"\n"
	    "  template:\n"
	    "    metadata:\n"
	    "      labels:\n"
	    "        app: \"%s\"\n"
	    "    spec:\n",
	    name, name, name);
	if (manifest->limits->low_ports_by_sysctl)
		put(manifest, "      securityContext:\n"
			      "        sysctls:\n"
			      "          - name: net.ipv4.ip_unprivileged_port_start\n"
			      "            value: \"0\"\n");
}

static void
put_ports(struct manifest *manifest)
{
	const struct limits *limits = manifest->limits;

	if (limits->port_count)
		put(manifest, "          ports:\n");
	for (size_t i = 0; i < limits->port_count; i++)
		put(manifest,
		    "            - containerPort: %u\n"
		    "              protocol: %s\n",
		    limits->ports[i].number, limits->ports[i].udp ? "UDP" : "TCP");
}

/* Kubernetes says them without "CAP_". */
static void
put_capabilities(struct manifest *manifest)
{
	const struct span_list *names = &manifest->limits->capabilities;

	put(manifest, "            capabilities:\n"
		      "              drop:\n"
		      "                - ALL\n");
	if (names->count)
		put(manifest, "              add:\n");
	for (size_t i = 0; i < names->count; i++) {
		struct span name = names->items[i];

		if (span_starts_with(name, SPAN("CAP_")))
			name = span_slice(name, 4, name.n);
		put(manifest, "                - %.*s\n", SPAN_ARG(name));
	}
}

static void
put_security(struct manifest *manifest)
{
	const struct limits *limits = manifest->limits;

	put(manifest, "          securityContext:\n"
		      "            privileged: false\n");
	if (is_proposed(manifest, LIMIT_NO_NEW_PRIVILEGES))
		put(manifest, "            allowPrivilegeEscalation: false\n");
	if (is_proposed(manifest, LIMIT_READ_ONLY))
		put(manifest, "            readOnlyRootFilesystem: true\n");
	if (limits->other_user)
		put(manifest, "            # root in the image; the tests pass as this user too\n");
	if (limits->uid == 0)
		put(manifest, "            # starts as root, as the image says: runAsNonRoot is "
			      "left out\n");
	else
		put(manifest,
		    "            runAsNonRoot: true\n"
		    "            runAsUser: %u\n"
		    "            runAsGroup: %u\n",
		    limits->uid, limits->gid);
	if (is_proposed(manifest, LIMIT_CAPABILITIES))
		put_capabilities(manifest);
	if (is_proposed(manifest, LIMIT_SECCOMP))
		put(manifest,
		    "            seccompProfile:\n"
		    "              type: Localhost\n"
		    "              localhostProfile: mohs/%s.json\n",
		    manifest->name);
}

static void
put_volumes(struct manifest *manifest)
{
	const struct limits *limits = manifest->limits;
	bool proposed = is_proposed(manifest, LIMIT_READ_ONLY);

	for (size_t i = 0; proposed && i < limits->refused_count; i++) {
		put_comment(manifest, "          ", "stays read-only", limits->refused[i].path);
		put_comment(manifest, "          ", "  because", limits->refused[i].reason);
	}
	if (!proposed || limits->volume_count == 0)
		return;
	put(manifest, "          # an emptyDir ends with its pod: what must stay wants a claim\n"
		      "          volumeMounts:\n");
	for (size_t i = 0; i < limits->volume_count; i++) {
		const struct limits_volume *volume = &limits->volumes[i];

		if (volume->declared)
			put(manifest, "            # a VOLUME of the image\n");
		if (volume->in_image && (volume->mode & 0002) == 0)
			put(manifest,
			    "            # %04o %u:%u in the image, 0777 0:0 in the volume\n",
			    (unsigned)volume->mode, volume->uid, volume->gid);
		put(manifest,
		    "            - name: writable-%zu\n"
		    "              mountPath: ",
		    i);
		put_text(manifest, volume->path);
		put(manifest, "\n");
	}
	put(manifest, "      volumes:\n");
	for (size_t i = 0; i < limits->volume_count; i++)
		put(manifest,
		    "        - name: writable-%zu\n"
		    "          emptyDir: {}\n",
		    i);
}

int
kubernetes_yaml_write(const struct limits *limits, const struct service *service, struct span image,
		      struct arena *arena, struct span *ret, struct err *err)
{
	struct manifest manifest = {
		.limits = limits,
		.service = service,
		.image = image,
		.text = BUF_INIT(MANIFEST_TEXT_MAX),
		.err = err,
	};

	make_name(&manifest);
	put_head(&manifest);
	put_pod(&manifest);
	put(&manifest,
	    "      containers:\n"
	    "        - name: \"%s\"\n"
	    "          image: ",
	    manifest.name);
	put_text(&manifest, image);
	put(&manifest, "\n");
	put_ports(&manifest);
	put_security(&manifest);
	put_volumes(&manifest);
	struct span text = manifest.r == 0 ? arena_copy(arena, buf_span(&manifest.text)) : SPAN("");
	buf_cleanup(&manifest.text);
	if (manifest.r < 0)
		return manifest.r;
	if (!text.p)
		return err_memory(err);
	*ret = text;
	return 0;
}
