# SPDX-License-Identifier: Apache-2.0
"""Queues and exchanges over AMQP, plain and TLS, and the management plug-in over HTTP."""
import ssl

import pika
import pytest
import requests

import corpus

API = "http://127.0.0.1:15672/api"


def connect(**options):
    return pika.BlockingConnection(pika.ConnectionParameters("localhost", **options))


@pytest.fixture
def channel():
    connection = connect()
    yield connection.channel()
    connection.close()


@pytest.fixture
def api():
    with requests.Session() as session:
        session.trust_env = False
        session.auth = ("guest", "guest")
        yield session


def get(channel, queue):
    return corpus.until(lambda: channel.basic_get(queue, auto_ack=True)[2], 5)


def test_default_exchange(channel):
    channel.queue_declare("plain", exclusive=True)
    channel.basic_publish("", "plain", b"hello")
    assert get(channel, "plain") == b"hello"


@pytest.mark.parametrize("kind, binding, key, arrives", [
    ("direct", "a", "a", True), ("direct", "a", "b", False), ("fanout", "", "x", True), ("topic", "a.*", "a.b", True),
    ("topic", "a.*", "a.b.c", False), ("topic", "a.#", "a.b.c", True)])
def test_exchanges(channel, kind, binding, key, arrives):
    name = f"exchange-{kind}-{binding}-{key}"
    channel.exchange_declare(name, kind, auto_delete=True)
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, name, binding)
    channel.confirm_delivery()
    channel.basic_publish(name, key, b"x")
    assert (channel.basic_get(queue, auto_ack=True)[2] == b"x") == arrives


def test_headers_exchange(channel):
    channel.exchange_declare("heads", "headers", auto_delete=True)
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, "heads", arguments={"x-match": "all", "kind": "a"})
    channel.basic_publish("heads", "", b"x", pika.BasicProperties(headers={"kind": "a"}))
    assert get(channel, queue) == b"x"


def test_acknowledgement(channel):
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.basic_publish("", queue, b"once")
    method, _, _ = corpus.until(lambda: (lambda got: got if got[0] else None)(channel.basic_get(queue)), 5)
    channel.basic_nack(method.delivery_tag, requeue=True)
    again = corpus.until(lambda: (lambda got: got if got[0] else None)(channel.basic_get(queue)), 5)
    assert again[0].redelivered


def test_confirms(channel):
    channel.confirm_delivery()
    channel.queue_declare("confirmed", exclusive=True)
    channel.basic_publish("", "confirmed", b"x", mandatory=True)
    with pytest.raises(pika.exceptions.UnroutableError):
        channel.basic_publish("", "no-such-queue", b"x", mandatory=True)


def test_dead_letters(channel):
    dead = channel.queue_declare("", exclusive=True).method.queue
    queue = channel.queue_declare("", exclusive=True, arguments={
        "x-message-ttl": 100, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}).method.queue
    channel.basic_publish("", queue, b"late")
    assert get(channel, dead) == b"late"


def test_priorities(channel):
    queue = channel.queue_declare("", exclusive=True, arguments={"x-max-priority": 5}).method.queue
    channel.confirm_delivery()
    for priority in (1, 5, 3):
        channel.basic_publish("", queue, str(priority).encode(), pika.BasicProperties(priority=priority))
    assert [get(channel, queue) for _ in range(3)] == [b"5", b"3", b"1"]


@pytest.mark.parametrize("kind", ["classic", "quorum", "stream"])
def test_kinds_of_queues(channel, kind):
    channel.queue_declare(f"kind-{kind}", durable=True, arguments={"x-queue-type": kind})
    channel.confirm_delivery()
    channel.basic_publish("", f"kind-{kind}", b"x")
    if kind != "stream":
        assert get(channel, f"kind-{kind}") == b"x"
    channel.queue_delete(f"kind-{kind}")


def test_large_message(channel):
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.basic_publish("", queue, b"x" * 2000000)
    assert len(get(channel, queue)) == 2000000


def test_transaction(channel):
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.tx_select()
    channel.basic_publish("", queue, b"x")
    channel.tx_rollback()
    assert channel.basic_get(queue)[0] is None


def test_tls():
    context = ssl.create_default_context(cafile=corpus.AUTHORITY)
    connection = connect(port=5671, ssl_options=pika.SSLOptions(context, "localhost"))
    assert connection.is_open
    connection.close()


def test_wrong_password():
    with pytest.raises(pika.exceptions.AMQPConnectionError):
        connect(credentials=pika.PlainCredentials("guest", "wrong"))


@pytest.mark.parametrize("path", ["overview", "nodes", "queues", "exchanges", "connections", "users", "vhosts", "definitions"])
def test_management(api, path):
    assert api.get(f"{API}/{path}").status_code == 200


def test_management_wants_a_password(api):
    assert api.get(f"{API}/overview", auth=("guest", "no")).status_code == 401


def test_user_is_made(api):
    assert api.put(f"{API}/users/ann", json={"password": "secret", "tags": ""}).status_code in (201, 204)
    assert api.put(f"{API}/permissions/%2F/ann", json={"configure": ".*", "write": ".*", "read": ".*"}).status_code in (201, 204)
    connect(credentials=pika.PlainCredentials("ann", "secret")).close()


def test_disk_is_watched(api):
    """By df, which the broker runs through a shell."""
    def free():
        return api.get(f"{API}/nodes").json()[0].get("disk_free")
    assert isinstance(corpus.until(free, 20), int) and free() > 0


def test_page(api):
    assert "RabbitMQ Management" in api.get("http://127.0.0.1:15672/").text
    assert api.get("http://127.0.0.1:15672/js/main.js").status_code == 200


def test_health(api):
    assert api.get(f"{API}/health/checks/alarms").json()["status"] == "ok"
    assert api.get(f"{API}/health/checks/virtual-hosts").json()["status"] == "ok"
