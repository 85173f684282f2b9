# SPDX-License-Identifier: Apache-2.0
"""What a broker must do, by MQTT 3.1.1 and 5, plain, over TLS and websockets."""
import json
import os
import queue
import signal

import paho.mqtt.client as mqtt
import pytest

import corpus


class Client:
    """A connected client whose messages come through a queue."""

    def __init__(self, port=1883, credentials=("ann", "secret"), tls=False, **options):
        self.messages, self.codes = queue.Queue(), queue.Queue()
        transport = options.pop("transport", "tcp")
        will = options.pop("will", None)
        options.setdefault("clean_session", None if options.get("protocol") == mqtt.MQTTv5 else True)
        self.mqtt = mqtt.Client(transport=transport, **options)
        if credentials:
            self.mqtt.username_pw_set(*credentials)
        if tls:
            self.mqtt.tls_set(corpus.AUTHORITY)
        if will:
            self.mqtt.will_set(*will)
        self.mqtt.on_connect = lambda _c, _d, _f, code, *_: self.codes.put(int(getattr(code, "value", code)))
        self.mqtt.on_message = lambda _c, _d, message: self.messages.put(message)
        self.subscribed = queue.Queue()
        self.mqtt.on_subscribe = lambda _c, _d, _m, granted, *_: self.subscribed.put(granted)
        self.mqtt.connect("localhost", port, keepalive=10)
        self.mqtt.loop_start()
        self.code = self.codes.get(timeout=10)

    def subscribe(self, topic, quality=1):
        self.mqtt.subscribe(topic, quality)
        return self.subscribed.get(timeout=10)

    def publish(self, topic, payload, quality=1, retain=False):
        self.mqtt.publish(topic, payload, quality, retain).wait_for_publish(10)

    def next(self, seconds=10):
        try:
            return self.messages.get(timeout=seconds)
        except queue.Empty:
            return None

    def close(self):
        self.mqtt.disconnect()
        self.mqtt.loop_stop()


@pytest.fixture
def client():
    made = []

    def make(*arguments, **options):
        made.append(Client(*arguments, **options))
        return made[-1]
    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("quality", [0, 1, 2])
def test_delivery(client, quality):
    ann = client()
    ann.subscribe(f"test/{quality}", quality)
    ann.publish(f"test/{quality}", "hello", quality)
    message = ann.next()
    assert (message.payload, message.qos) == (b"hello", quality)


@pytest.mark.parametrize("credentials, code", [
    (("ann", "secret"), 0), (("ann", "wrong"), 5), (("eve", "x"), 5), (None, 5)])
def test_passwords(client, credentials, code):
    assert client(credentials=credentials).code == code


def test_access_list(client):
    ann, bob = client(), client(credentials=("bob", "hidden"))
    bob.subscribe("news/#")
    bob.subscribe("secret/#")
    ann.publish("secret/a", "no")
    ann.publish("news/a", "yes")
    assert bob.next().payload == b"yes"
    assert bob.next(0.5) is None


def test_retained(client):
    client().publish("kept/a", "last", retain=True)
    late = client()
    late.subscribe("kept/a")
    message = late.next()
    assert (message.payload, bool(message.retain)) == (b"last", True)


@pytest.mark.parametrize("pattern, topic, matches", [
    ("a/+/c", "a/b/c", True), ("a/#", "a/b/c/d", True), ("a/+", "a/b/c", False), ("+/b", "a/b", True)])
def test_wildcards(client, pattern, topic, matches):
    one = client()
    one.subscribe(pattern)
    one.publish(topic, "x")
    assert (one.next(10 if matches else 0.5) is not None) == matches


def test_session_survives(client):
    first = client(client_id="stays", clean_session=False)
    first.subscribe("queue/a")
    first.close()
    client().publish("queue/a", "while away")
    again = client(client_id="stays", clean_session=False)
    assert again.next().payload == b"while away"


def test_will(client):
    watcher = client()
    watcher.subscribe("wills/a")
    dying = client(will=("wills/a", "gone", 1))
    dying.mqtt._sock.shutdown(2)  # no goodbye
    dying.mqtt.loop_stop()
    assert watcher.next().payload == b"gone"


def test_large_message(client):
    one = client()
    one.subscribe("large")
    one.publish("large", b"x" * 1000000)
    assert len(one.next().payload) == 1000000


def test_version_5(client):
    one = client(protocol=mqtt.MQTTv5)
    one.subscribe("five")
    one.publish("five", "v")
    assert one.next().payload == b"v"


def test_tls(client):
    one = client(port=8883, credentials=None, tls=True)
    one.subscribe("over/tls")
    one.publish("over/tls", "safe")
    assert one.next().payload == b"safe"


def test_websockets(client):
    one = client(port=9001, credentials=None, transport="websockets")
    one.subscribe("over/web")
    one.publish("over/web", "w")
    assert one.next().payload == b"w"


def test_plugin_knows_the_administrator_only(client):
    assert client(port=1884, credentials=("admin", "secret")).code == 0
    assert client(port=1884, credentials=("ann", "secret")).code == 5


def test_plugin_makes_a_user(client):
    admin = client(port=1884, credentials=("admin", "secret"))
    admin.subscribe("$CONTROL/dynamic-security/v1/response")
    admin.publish("$CONTROL/dynamic-security/v1", json.dumps(
        {"commands": [{"command": "createClient", "username": "new", "password": "p"}]}))
    answer = json.loads(admin.next().payload)["responses"][0]
    assert answer.get("error") in (None, "Client already exists")
    assert client(port=1884, credentials=("new", "p")).code == 0


def test_statistics(client):
    ann = client()
    ann.subscribe("$SYS/broker/version")
    assert ann.next().payload.startswith(b"mosquitto version 2")


def test_reload(client):
    corpus.signal(signal.SIGHUP)
    ann = client()
    ann.subscribe("after/reload")
    ann.publish("after/reload", "still")
    assert ann.next().payload == b"still"


def test_state_is_saved(client):
    client().publish("saved/a", "x", retain=True)
    corpus.signal(signal.SIGUSR1)
    database = f"/proc/{corpus.pid()}/root/var/lib/mosquitto/mosquitto.db"
    assert corpus.until(lambda: os.path.exists(database))
