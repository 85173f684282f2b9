# SPDX-License-Identifier: Apache-2.0
"""Questions over UDP from several clients."""
import threading
import time

import dns.message
import dns.query

CLIENTS, QUESTIONS = 3, 4000


def client(number):
    for index in range(QUESTIONS):
        question = dns.message.make_query(f"host{(index + number) % 200 + 1}.corpus.example", "A")
        assert dns.query.udp(question, "127.0.0.1", timeout=5).answer


started = time.monotonic()
threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"rate: {CLIENTS * QUESTIONS / (time.monotonic() - started):.0f} questions/s")
