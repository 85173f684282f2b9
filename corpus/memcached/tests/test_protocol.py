# SPDX-License-Identifier: Apache-2.0
"""The text and the meta protocol, many clients, and the tools of the image."""
import socket
import threading

import pytest

import corpus


class Client:
    def __init__(self):
        self.socket = socket.create_connection(("127.0.0.1", 11211), timeout=5)
        self.stream = self.socket.makefile("rwb")

    def command(self, line, data=None):
        self.stream.write(line.encode() + b"\r\n" + (data + b"\r\n" if data is not None else b""))
        self.stream.flush()
        return self.stream.readline().rstrip(b"\r\n").decode()

    def get(self, key):
        head = self.command(f"get {key}")
        if head == "END":
            return None
        data = self.stream.read(int(head.split()[3]) + 2)[:-2]
        assert self.stream.readline() == b"END\r\n"
        return data

    def stats(self, what=""):
        self.stream.write(f"stats {what}".strip().encode() + b"\r\n")
        self.stream.flush()
        values = {}
        while (line := self.stream.readline()) != b"END\r\n":
            _, name, value = line.decode().split(" ", 2)
            values[name] = value.strip()
        return values


@pytest.fixture
def client():
    connected = Client()
    connected.command("flush_all")
    yield connected
    connected.socket.close()


@pytest.mark.parametrize("size", [0, 1, 1000, 100000, 1000000])
def test_values_come_back(client, size):
    assert client.command(f"set key 0 0 {size}", b"x" * size) == "STORED"
    assert client.get("key") == b"x" * size


def test_too_large_is_refused(client):
    assert "too large" in client.command("set key 0 0 2000000", b"x" * 2000000)


def test_add_replace(client):
    assert client.command("replace key 0 0 1", b"a") == "NOT_STORED"
    assert client.command("add key 0 0 1", b"a") == "STORED"
    assert client.command("add key 0 0 1", b"b") == "NOT_STORED"
    assert client.get("key") == b"a"


def test_append_prepend(client):
    client.command("set key 0 0 1", b"b")
    assert client.command("append key 0 0 1", b"c") == "STORED"
    assert client.command("prepend key 0 0 1", b"a") == "STORED"
    assert client.get("key") == b"abc"


def test_counters(client):
    client.command("set n 0 0 1", b"5")
    assert client.command("incr n 37") == "42"
    assert client.command("decr n 50") == "0"


def test_delete(client):
    client.command("set key 0 0 1", b"a")
    assert client.command("delete key") == "DELETED"
    assert client.command("delete key") == "NOT_FOUND"


def test_expiry(client):
    client.command("set key 0 1 1", b"a")
    assert corpus.until(lambda: client.get("key") is None, seconds=5)


def test_meta_commands(client):
    assert client.command("ms key 3", b"abc") == "HD"
    assert client.command("mn") == "MN"
    assert client.command("md key") == "HD"


@pytest.mark.parametrize("what", ["", "settings", "items", "slabs", "sizes", "conns"])
def test_statistics(client, what):
    client.command("set key 0 0 1", b"a")
    assert client.stats(what) is not None


def test_runs_as_its_own_user(client):
    with open(f"/proc/{client.stats()['pid'] and corpus.pid()}/status", encoding="ascii") as status:
        uid = next(line for line in status if line.startswith("Uid:")).split()[1]
    assert uid != "0"


def test_many_clients():
    wrong = []

    def one(number):
        mine = Client()
        for index in range(50):
            mine.command(f"set c{number} 0 0 {len(str(index))}", str(index).encode())
            if mine.get(f"c{number}") != str(index).encode():
                wrong.append(number)
        mine.socket.close()
    threads = [threading.Thread(target=one, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_health_check_of_the_image():
    corpus.inside("/usr/bin/memcping", "--servers=127.0.0.1:11211")


def test_version(client):
    assert client.command("version").startswith("VERSION 1.")
