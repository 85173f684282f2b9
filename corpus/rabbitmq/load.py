# SPDX-License-Identifier: Apache-2.0
"""Messages through a durable queue."""
import time

import pika

COUNT = 8000

connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1"))
channel = connection.channel()
channel.queue_declare("load", durable=True)
started = time.monotonic()
for index in range(COUNT):
    channel.basic_publish("", "load", f"message {index}".encode(), pika.BasicProperties(delivery_mode=2))
received = 0
for method, _properties, _body in channel.consume("load", inactivity_timeout=20):
    assert method is not None, f"{received} of {COUNT}"
    channel.basic_ack(method.delivery_tag)
    received += 1
    if received == COUNT:
        break
channel.cancel()
connection.close()
print(f"rate: {COUNT / (time.monotonic() - started):.0f} messages/s")
