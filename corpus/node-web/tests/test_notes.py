# SPDX-License-Identifier: Apache-2.0
"""The notes over HTTP, HTTPS and websockets."""
import base64
import os
import socket
import struct

import pytest
import requests

import corpus

SITE = "http://127.0.0.1:3000"


@pytest.fixture
def http():
    with requests.Session() as session:
        session.trust_env = False
        session.verify = corpus.AUTHORITY
        yield session


def test_front_page(http):
    answer = http.get(f"{SITE}/")
    assert answer.text == "<h1>Notes</h1>"
    assert answer.headers["X-Powered-By"] == "Express"


def test_note(http):
    made = http.post(f"{SITE}/notes", json={"words": "größer"})
    assert made.status_code == 201
    assert http.get(f"{SITE}/notes/{made.json()['id']}").json()["words"] == "größer"


@pytest.mark.parametrize("body", [{}, {"words": ""}, {"words": 5}])
def test_bad_notes(http, body):
    assert http.post(f"{SITE}/notes", json=body).status_code == 422


def test_bad_json(http):
    assert http.post(f"{SITE}/notes", data="{", headers={"Content-Type": "application/json"}).status_code == 400


def test_note_that_is_not_there(http):
    assert http.get(f"{SITE}/notes/999999").status_code == 404


@pytest.mark.parametrize("zone, time", [("Europe/Vienna", "14:00:00"), ("Asia/Tokyo", "21:00:00"), ("Asia/Kathmandu", "17:45:00")])
def test_time_zones(http, zone, time):
    assert http.get(f"{SITE}/time/{zone}").json() == {"there": time, "here": 14}


def test_unknown_zone(http):
    assert http.get(f"{SITE}/time/No/Where").status_code == 404


def test_number_by_icu(http):
    text = http.get(f"{SITE}/number").text
    assert "€" in text and text.endswith("234,50")


def test_child_process(http):
    assert http.get(f"{SITE}/process").text == "42"


def test_another_program(http):
    assert http.get(f"{SITE}/git").text.startswith("git version")


def test_worker(http):
    assert http.get(f"{SITE}/worker").text == "499999500000"


def test_names(http):
    assert http.get(f"{SITE}/names/localhost").json() == {"address": "127.0.0.1"}
    assert http.get(f"{SITE}/names/nowhere.invalid").status_code == 404


def test_hash(http):
    answer = http.get(f"{SITE}/hash").json()
    assert answer == {"sha": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", "key": 32}


def test_gzip(http):
    assert http.get(f"{SITE}/gzip").text == "squeezed " * 100


def test_brotli(http):
    assert http.get(f"{SITE}/brotli").text == "through brotli"


def test_static(http):
    answer = http.get(f"{SITE}/static/style.css")
    assert answer.headers["Content-Type"].startswith("text/css")
    assert http.get(f"{SITE}/static/style.css", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("size", [0, 10, 3000000])
def test_upload(http, size):
    assert http.post(f"{SITE}/upload", data=b"x" * size).json() == {"size": size}


def test_tls(http):
    assert http.get("https://localhost:3443/healthz").text == "ok\n"


def test_https_client(http):
    assert http.get(f"{SITE}/fetch").text == "ok\n"


def test_module_that_is_loaded_late(http):
    assert http.get(f"{SITE}/module").text == "42"


def test_error_is_500(http):
    assert http.get(f"{SITE}/error").status_code == 500


@pytest.mark.parametrize("method, path, status", [("GET", "/nothing", 404), ("DELETE", "/", 404), ("HEAD", "/", 200)])
def test_statuses(http, method, path, status):
    assert http.request(method, SITE + path).status_code == status


def test_websocket():
    with socket.create_connection(("127.0.0.1", 3000), timeout=5) as connection:
        key = base64.b64encode(os.urandom(16)).decode()
        connection.sendall(f"GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        assert b"101 Switching" in connection.recv(4096)
        connection.sendall(b"\x81\x85" + struct.pack(">I", 0) + b"hello")
        assert connection.recv(100) == b"\x81\x05HELLO"


def test_malformed_request():
    assert b"400 Bad Request" in corpus.ask(3000, b"NONSENSE\r\n\r\n")
