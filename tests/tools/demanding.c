/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A service that asks the kernel for what it is told to: static, so that it is an image alone.
 *
 *	demanding PORT [UID]		chown a file to UID, then become it
 *	demanding try			say what memfd_create(2) answers
 *	GET /ok | /memfd | /write/PATH | /new-privileges | /stop
 *
 * Answers 200 when it got it, 500 when not.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void
fail(const char *what)
{
	perror(what);
	exit(9);
}

static void
stop(int number)
{
	(void)number;
	_exit(0);
}

static void
become(unsigned id)
{
	int fd = open("/data/owned", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || fchown(fd, id, id) < 0)
		fail("chown");
	if (setgroups(0, NULL) < 0 || setgid(id) < 0 || setuid(id) < 0)
		fail("setuid");
	(void)close(fd);
}

static int
listen_on(unsigned short port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0)
		fail("listen");
	return fd;
}

static int
write_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int good = fd >= 0 && write(fd, "x", 1) == 1;

	if (fd >= 0)
		(void)close(fd);
	return good;
}

static int
memory_file(void)
{
	int fd = memfd_create("x", MFD_CLOEXEC);

	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

/* The path of "GET PATH HTTP/1.1". */
static int
grant(char *request)
{
	char *path = strchr(request, ' ');
	char *end = path ? strchr(path + 1, ' ') : NULL;

	if (!end)
		return 0;
	*end = '\0';
	path++;
	if (strcmp(path, "/ok") == 0)
		return 1;
	if (strcmp(path, "/memfd") == 0)
		return memory_file();
	if (strcmp(path, "/new-privileges") == 0)
		return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
	if (strncmp(path, "/write/", 7) == 0)
		return write_file(path + 6);
	return 0;
}

int
main(int argc, char **argv)
{
	static const char *const answers[] = {
		"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
	};
	char request[4096];

	if (argc > 1 && strcmp(argv[1], "try") == 0) {
		(void)puts(memory_file() ? "granted" : strerror(errno));
		return 0;
	}
	(void)signal(SIGTERM, stop);
	int server = listen_on((unsigned short)atoi(argc > 1 ? argv[1] : "80"));
	if (argc > 2)
		become((unsigned)atoi(argv[2]));
	for (;;) {
		int fd = accept(server, NULL, NULL);
		ssize_t n = fd >= 0 ? read(fd, request, sizeof(request) - 1) : -1;

		if (n > 0) {
			request[n] = '\0';
			const char *answer = answers[grant(request)];
			if (write(fd, answer, strlen(answer)) < 0)
				perror("write");
		}
		if (fd >= 0)
			(void)close(fd);
	}
}
