/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs in containers that tests look into: answers "hi" on a TCP port. Needs nothing but the
 * kernel. usage: listener PORT
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int listening = socket(AF_INET, SOCK_STREAM, 0);

	if (argc != 2)
		return 2;
	address.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	if (bind(listening, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listening, 8) < 0)
		return 1;
	for (;;) {
		int peer = accept(listening, NULL, NULL);

		if (peer >= 0) {
			(void)!write(peer, "hi\n", strlen("hi\n"));
			(void)close(peer);
		}
	}
}
