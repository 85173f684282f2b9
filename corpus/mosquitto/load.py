# SPDX-License-Identifier: Apache-2.0
"""Messages of quality 1 from one client to another, plain and over TLS."""
import pathlib
import sys
import threading
import time

import paho.mqtt.client as mqtt

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
sys.dont_write_bytecode = True
import corpus  # noqa: E402

SECONDS = 4  # on each port
WINDOW = 200  # on their way at once: a broker drops what its queue (1000) does not hold


def exchange(port, credentials, tls):
    received = threading.Semaphore(0)
    clients = [mqtt.Client(client_id=f"load-{port}-{name}") for name in ("in", "out")]
    for client in clients:
        if credentials:
            client.username_pw_set(*credentials)
        if tls:
            client.tls_set(corpus.AUTHORITY)

    def on_message(_client, _data, _message):
        received.release()
    subscribed = threading.Event()
    clients[0].on_message = on_message
    clients[0].on_subscribe = lambda *_: subscribed.set()
    for client in clients:
        client.connect("localhost", port)
        client.loop_start()
    clients[0].subscribe(f"load/{port}", 1)
    assert subscribed.wait(10)
    count = 0
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        for index in range(WINDOW):
            clients[1].publish(f"load/{port}", f"message {index}", 1)
        for index in range(WINDOW):
            assert received.acquire(timeout=30), f"{index} of {WINDOW}"
        count += WINDOW
    for client in clients:
        client.disconnect()
        client.loop_stop()
    return count


started = time.monotonic()
sent = exchange(1883, ("ann", "secret"), False) + exchange(8883, None, True)
print(f"rate: {sent / (time.monotonic() - started):.0f} messages/s")
