/* SPDX-License-Identifier: Apache-2.0 */
/* mohs init: a commented service file from what an image says of itself. */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "cmd/common.h"
#include "cmd/printable.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"

#include <stdio.h>
#include <unistd.h>

/* A YAML double-quoted scalar: safe whatever the image says. */
static int
put_quoted(struct buf *out, struct span s, struct err *err)
{
	int r = buf_byte(out, '"', err);

	while (s.n > 0 && r == 0) {
		uint32_t shown;
		uint32_t code;
		size_t n = printable_next(s, &shown, &code);

		if (code == '"' || code == '\\')
			r = buf_printf(out, err, "\\%c", (int)code);
		else if (shown != code && code <= 0xff)
			r = buf_printf(out, err, "\\x%02x", code);
		else if (shown != code)
			r = buf_printf(out, err, "\\u%04x", code);
		else
			r = buf_append(out, span_slice(s, 0, n), err);
		s = span_slice(s, n, s.n);
	}
	return r < 0 ? r : buf_byte(out, '"', err);
}

static int
put_list(struct buf *out, struct span_list list, struct err *err)
{
	int r = buf_byte(out, '[', err);

	for (size_t i = 0; i < list.count && r == 0; i++) {
		if (i > 0)
			r = buf_append(out, SPAN(", "), err);
		if (r == 0)
			r = put_quoted(out, list.items[i], err);
	}
	return r < 0 ? r : buf_byte(out, ']', err);
}

/* "# name: [..]" for what the image says; nothing when it says nothing. */
static int
put_remark(struct buf *out, const char *name, struct span_list list, struct err *err)
{
	if (list.count == 0)
		return 0;
	int r = buf_printf(out, err, "#   %s: ", name);
	if (r == 0)
		r = put_list(out, list, err);
	return r < 0 ? r : buf_byte(out, '\n', err);
}

static int
put_word(struct buf *out, const char *name, struct span word, struct err *err)
{
	return word.n ? put_remark(out, name, (struct span_list){&word, 1}, err) : 0;
}

static int
put_header(struct buf *out, const struct image *image, struct err *err)
{
	const struct image_config *config = &image->config;
	int r = buf_append(out,
			   SPAN("# How this service is hardened: mohs run -f mohs.yaml\n"
				"# Paths are relative to this file. The image says of itself:\n"),
			   err);

	if (r == 0)
		r = put_remark(out, "entrypoint", config->entrypoint, err);
	if (r == 0)
		r = put_remark(out, "command", config->command, err);
	if (r == 0)
		r = put_word(out, "user", config->user, err);
	if (r == 0)
		r = put_remark(out, "volumes", config->volumes, err);
	if (r == 0)
		r = put_word(out, "stop signal", config->stop_signal, err);
	for (size_t i = 0; i < config->port_count && r == 0; i++)
		r = buf_printf(out, err, "#   port: %u/%s\n", config->ports[i].number,
			       config->ports[i].udp ? "udp" : "tcp");
	return r;
}

static const struct image_port *
first_tcp_port(const struct image_config *config)
{
	for (size_t i = 0; i < config->port_count; i++) {
		if (!config->ports[i].udp)
			return &config->ports[i];
	}
	return NULL;
}

static bool
speaks_http(uint16_t port)
{
	static const uint16_t usual[] = {80, 3000, 5000, 8000, 8080, 8081, 8888, 9000};

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (usual[i] == port)
			return true;
	}
	return false;
}

static int
put_ready(struct buf *out, const struct image_config *config, struct err *err)
{
	const struct image_port *port = first_tcp_port(config);
	int r = buf_append(
		out, SPAN("\n# When the container is ready for load: http, tcp or command.\n"),
		err);

	if (r < 0)
		return r;
	if (config->health.set && config->health.test.count > 1 &&
	    span_equal(config->health.test.items[0], SPAN("CMD"))) {
		struct span_list command = {config->health.test.items + 1,
					    config->health.test.count - 1};

		r = buf_append(out, SPAN("ready:\n  command: "), err);
		if (r == 0)
			r = put_list(out, command, err);
		return r < 0 ? r : buf_append(out, SPAN("\n  timeout: 60s\n"), err);
	}
	if (!port)
		return buf_append(out, SPAN("# ready: {command: [/usr/bin/check], timeout: 60s}\n"),
				  err);
	if (speaks_http(port->number))
		return buf_printf(out, err,
				  "ready: {http: \"http://127.0.0.1:%u/\", timeout: 60s}\n",
				  port->number);
	return buf_printf(out, err, "ready: {tcp: \"127.0.0.1:%u\", timeout: 60s}\n", port->number);
}

static int
put_loads(struct buf *out, const struct image_config *config, struct err *err)
{
	const struct image_port *port = first_tcp_port(config);
	unsigned number = port ? port->number : 8080;

	return buf_printf(
		out, err,
		"\n# What production does most. Commands run on this machine, inside the "
		"container's\n"
		"# network: 127.0.0.1 is the container. What no load and no test touches is "
		"removed.\n"
		"# Repetitions tell how likely something was not seen.\n"
		"# Without any, a built-in prober crawls the exposed ports: a narrow profile.\n"
		"# loads:\n"
		"#   - {name: browse, run: [wrk, -t1, -c16, -d6s, \"http://127.0.0.1:%u/\"], "
		"repeat: 5}\n"
		"\n# The service's own test suite; it runs while profiling and again on the "
		"hardened\n"
		"# image. JUnit XML written to $MOHS_JUNIT is counted test by test.\n"
		"# tests:\n"
		"#   - {name: api, run: [pytest, -q, \"--junitxml=${MOHS_JUNIT}\"]}\n"
		"\n# What it needs beside it; same network, not recorded.\n"
		"# services:\n"
		"#   - {name: db, image: \"docker.io/library/postgres:16\", env: "
		"{POSTGRES_PASSWORD: x}}\n",
		number);
}

static int
put_service(struct buf *out, const struct image *image, struct err *err)
{
	struct span reference = image->reference;
	int r = put_header(out, image, err);

	if (r == 0)
		r = buf_append(out, SPAN("\nservice: my-service\nteam: my-team\nimage: "), err);
	if (r == 0)
		r = put_quoted(out, reference, err);
	if (r == 0)
		r = buf_append(out,
			       SPAN("\n# Where the hardened image goes; by default into the folder "
				    "of -o.\n"
				    "# output: oci:build/hardened:latest    # or a registry: "
				    "registry.example.com/shop/frontend:1.4\n"),
			       err);
	if (r == 0)
		r = put_ready(out, &image->config, err);
	if (r == 0)
		r = put_loads(out, &image->config, err);
	if (r == 0)
		r = buf_append(
			out,
			SPAN("\nharden:\n"
			     "  granularity: file   # or package: whole packages and what they "
			     "depend on\n"
			     "  # entrypoint: auto  # a start through a shell script is replaced "
			     "by "
			     "what it comes to\n"
			     "  # commands: auto    # a shell that programs run commands "
			     "through is replaced by a table of them\n"
			     "  # unused_libraries: stub   # libraries that are loaded and never "
			     "called lose their code\n"
			     "  # keep: [\"/usr/share/zoneinfo/**\"]\n"
			     "  # drop: [\"/usr/share/doc/**\"]\n"
			     "  # extend: always    # also what passing tests ask for in vain; or "
			     "never\n"
			     "\n# The standard it is judged by; without it, the built-in one.\n"
			     "# policy: policy.yaml\n"
			     "\n# Signs the image and attests what was measured: mohs key generate "
			     "-o my-service\n"
			     "# sign: {key: my-service.key}\n"),
			err);
	return r;
}

static int
write_out(const char *output, bool force, struct span text, struct err *err)
{
	if (span_equal(span_from(output), SPAN("-"))) {
		(void)fwrite(text.p, 1, text.n, stdout);
		return fflush(stdout) == 0
			       ? 0
			       : err_set(err, ERR_IO, "cannot write to standard output");
	}
	if (!force && access(output, F_OK) == 0)
		return err_set(err, ERR_USAGE, "%s is there already; --force replaces it", output);
	int r = file_replace(output, text, 0644, err);
	if (r == 0)
		(void)fprintf(stderr, "Wrote %s; next: mohs run -f %s\n", output, output);
	return r;
}

static int
init(const char *reference, const char *output, bool force, struct err *err)
{
	CLEANUP(image_cleanup) struct image *image = NULL;
	CLEANUP(buf_cleanup) struct buf text = BUF_INIT(YAML_DOCUMENT_MAX);
	struct image_options options = common_image_options();
	int r = image_open(span_from(reference), &options, &image, NULL, err);

	if (r == 0)
		r = put_service(&text, image, err);
	terminal_clear();
	return r < 0 ? r : write_out(output, force, buf_span(&text), err);
}

static int
run(int argc, char **argv)
{
	struct option_list rest;
	struct err err = ERR_INIT;
	const char *output = "mohs.yaml";
	bool force = false;
	const struct option_spec specs[] = {
		{"output", 'o', OPTION_TEXT, &output},
		{"force", 0, OPTION_FLAG, &force},
		COMMON_SPECS,
	};
	enum options_result parsed = options_parse(argc, argv, specs, 1, 1, &rest);

	if (parsed != OPTIONS_GO)
		return parsed == OPTIONS_HELP ? 0 : 2;
	common_catch_signals();
	return init(rest.items[0], output, force, &err) < 0 ? terminal_error(argv[0], &err) : 0;
}

const struct verb verb_init = {"init", "write a commented service file for an image", run};
