# SPDX-License-Identifier: Apache-2.0
"""What a web application does with a cache: gets, sets, increments, on several connections."""
import random
import socket
import threading
import time

THREADS, ROUNDS = 4, 30000
random.seed(1)


def worker(number):
    with socket.create_connection(("127.0.0.1", 11211)) as connection:
        stream = connection.makefile("rwb")
        for index in range(ROUNDS):
            key = f"k{number}:{index % 500}".encode()
            value = b"v" * (10 + index % 900)
            if index % 10 == 0:
                stream.write(b"set %s 0 60 %d\r\n%s\r\n" % (key, len(value), value))
                stream.flush()
                assert stream.readline() == b"STORED\r\n"
            else:
                stream.write(b"get %s\r\n" % key)
                stream.flush()
                while (line := stream.readline()) != b"END\r\n":
                    if line.startswith(b"VALUE"):
                        stream.read(int(line.split()[3]) + 2)


started = time.monotonic()
threads = [threading.Thread(target=worker, args=(number,)) for number in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"rate: {THREADS * ROUNDS / (time.monotonic() - started):.0f} requests/s")
