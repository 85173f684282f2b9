# SPDX-License-Identifier: Apache-2.0
"""The store over HTTP."""
import hashlib
import threading
import time

import pytest
import requests

import corpus

SITE = "http://127.0.0.1:7000"


@pytest.fixture
def http():
    with requests.Session() as session:
        session.trust_env = False
        yield session


def test_health(http):
    assert http.get(f"{SITE}/healthz").text == "ok\n"


@pytest.mark.parametrize("value", [b"", b"x", "größe".encode(), bytes(range(256)), b"y" * 3000000])
def test_value_comes_back(http, value):
    assert http.put(f"{SITE}/keep/key", data=value).status_code == 201
    assert http.get(f"{SITE}/keep/key").content == value


def test_keys_are_sorted(http):
    for key in ("b", "a", "c"):
        http.put(f"{SITE}/keep/sorted-{key}", data="x")
    listed = [key for key in http.get(f"{SITE}/keys").text.split() if key.startswith("sorted-")]
    assert listed == ["sorted-a", "sorted-b", "sorted-c"]


def test_delete(http):
    http.put(f"{SITE}/keep/gone", data="x")
    assert http.delete(f"{SITE}/keep/gone").status_code == 204
    assert http.delete(f"{SITE}/keep/gone").status_code == 404
    assert http.get(f"{SITE}/keep/gone").status_code == 404


@pytest.mark.parametrize("method, path, status", [("POST", "/keep/x", 405), ("GET", "/", 404), ("PUT", "/keep/", 404),
                                                  ("PATCH", "/", 405)])
def test_statuses(http, method, path, status):
    assert http.request(method, SITE + path).status_code == status


def test_clock(http):
    assert abs(int(http.get(f"{SITE}/time").text) - time.time()) < 5


def test_names(http):
    assert http.get(f"{SITE}/names/localhost").text in ("127.0.0.1", "::1")
    assert http.get(f"{SITE}/names/nowhere.invalid").status_code == 404


def test_subprocess(http):
    with open(f"/proc/{corpus.pid()}/root/etc/os-release", "rb") as data:
        assert http.get(f"{SITE}/sum").text.split()[0] == hashlib.sha256(data.read()).hexdigest()


def test_log_is_written(http):
    http.put(f"{SITE}/keep/logged", data="abc")
    with open(f"/proc/{corpus.pid()}/root/tmp/keep.log", encoding="utf-8") as log:
        assert "put logged 3" in log.read()


def test_runs_as_nobody():
    with open(f"/proc/{corpus.pid()}/status", encoding="ascii") as status:
        assert next(line for line in status if line.startswith("Uid:")).split()[1] == "65534"


def test_connection_is_closed_when_asked(http):
    assert b"ok" in corpus.ask(7000, b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert b"ok" in corpus.ask(7000, b"GET /healthz HTTP/1.0\r\n\r\n")


def test_many_clients():
    wrong = []

    def one(number):
        for index in range(20):
            requests.put(f"{SITE}/keep/c{number}", data=str(index), timeout=10)
            if requests.get(f"{SITE}/keep/c{number}", timeout=10).text != str(index):
                wrong.append(number)
    threads = [threading.Thread(target=one, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
