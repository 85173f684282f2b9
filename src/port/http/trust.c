/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which certificate authorities are trusted: the system's, or $SSL_CERT_FILE and $SSL_CERT_DIR,
 * and for one host those in CERTS/HOST[:PORT]/ *.crt beside them.
 */
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/limits.h"
#include "port/http/parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static const char *
authority_file(void)
{
	const char *file = getenv("SSL_CERT_FILE");

	if (file && file[0])
		return file;
	return curl_version_info(CURLVERSION_NOW)->cainfo;
}

static void
directory_cleanup(DIR **directory)
{
	if (*directory)
		(void)closedir(*directory);
}

static int
append_file(int directory, const char *name, struct buf *all, struct err *err)
{
	CLEANUP(fd_cleanup)
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_sys(err, ERR_IO, errno, "cannot open %s", name);
	if (fd_read_all(fd, all, err) < 0)
		return err_wrap(err, "%s", name);
	return buf_byte(all, '\n', err);
}

/* Appends every *.crt of the folder; none is fine. */
static int
append_folder(const char *path, struct buf *all, struct err *err)
{
	CLEANUP(directory_cleanup) DIR *directory = opendir(path);
	const struct dirent *item;

	while (directory && (item = readdir(directory)) != NULL) {
		if (!span_ends_with(span_from(item->d_name), SPAN(".crt")))
			continue;
		if (append_file(dirfd(directory), item->d_name, all, err) < 0)
			return err_wrap(err, "%s", path);
	}
	return 0;
}

static int
host_authorities(const struct http *http, const struct origin *origin, struct buf *all,
		 struct err *err)
{
	const char *certs = http->options.certs ? http->options.certs : getenv("MOHS_CERTS");
	char path[PATH_MAX];

	if (!certs || !certs[0])
		certs = "/etc/docker/certs.d";
	(void)snprintf(path, sizeof(path), "%s/%s:%u", certs, origin->host, origin->port);
	int r = append_folder(path, all, err);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/%s", certs, origin->host);
	return append_folder(path, all, err);
}

int
trust_set(const struct http *http, CURL *easy, const struct origin *origin, struct err *err)
{
	CLEANUP(buf_cleanup) struct buf all = BUF_INIT(CERTIFICATES_MAX);
	const char *file = authority_file();
	const char *folder = getenv("SSL_CERT_DIR");

	if (!origin->https)
		return 0;
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	(void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (file)
		(void)curl_easy_setopt(easy, CURLOPT_CAINFO, file);
	if (folder && folder[0])
		(void)curl_easy_setopt(easy, CURLOPT_CAPATH, folder);

	int r = host_authorities(http, origin, &all, err);
	if (r < 0 || all.n == 0)
		return r;
	if (file && access(file, R_OK) == 0) {
		r = append_file(AT_FDCWD, file, &all, err);
		if (r < 0)
			return r;
	}
	struct curl_blob blob = {all.p, all.n, CURL_BLOB_COPY};
	if (curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob) != CURLE_OK)
		return err_memory(err);
	return 0;
}
