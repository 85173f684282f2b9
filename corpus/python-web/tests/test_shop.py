# SPDX-License-Identifier: Apache-2.0
"""The shop over HTTP."""
import hashlib
import signal
import threading

import pytest
import requests

import corpus

SITE = "http://127.0.0.1:8000"


@pytest.fixture
def http():
    with requests.Session() as session:
        session.trust_env = False
        yield session


def test_front_page_is_escaped(http):
    assert "<li>&lt;Kakao&gt;</li>" in http.get(f"{SITE}/").text


def test_order(http):
    made = http.post(f"{SITE}/orders", json={"article": "Tee ☕"})
    assert made.status_code == 201
    assert http.get(f"{SITE}/orders/{made.json()['id']}").json()["article"] == "Tee ☕"


@pytest.mark.parametrize("body", [None, {}, {"article": ""}, []])
def test_bad_orders(http, body):
    assert http.post(f"{SITE}/orders", json=body).status_code in (422, 500)


def test_order_that_is_not_there(http):
    assert http.get(f"{SITE}/orders/999999999").status_code == 404


def test_journal(http):
    before = http.get(f"{SITE}/journal").json()["count"]
    http.post(f"{SITE}/orders", json={"article": "x"})
    assert http.get(f"{SITE}/journal").json()["count"] == before + 1


def test_tls_to_the_database(http):
    assert http.get(f"{SITE}/secure").json() == {"tls": True}


@pytest.mark.parametrize("zone, time", [("Europe/Vienna", "14:00"), ("Asia/Tokyo", "21:00"), ("America/St_Johns", "09:30"),
                                        ("Asia/Kathmandu", "17:45")])
def test_time_zones(http, zone, time):
    answer = http.get(f"{SITE}/time/{zone}").json()
    assert answer == {"there": time, "here": "14:00"}


def test_unknown_zone(http):
    assert http.get(f"{SITE}/time/No/Where").status_code == 404


def test_locale(http):
    answer = http.get(f"{SITE}/locale").json()
    assert answer["month"] == "Jänner"
    assert answer["number"].endswith("234,50")


@pytest.mark.parametrize("kind, magic", [("PNG", b"\x89PNG"), ("JPEG", b"\xff\xd8\xff"), ("GIF", b"GIF8"),
                                         ("WEBP", b"RIFF"), ("TIFF", b"II"), ("BMP", b"BM")])
def test_pictures(http, kind, magic):
    assert http.get(f"{SITE}/thumbnail", params={"format": kind}).content.startswith(magic)


def test_xml(http):
    assert http.post(f"{SITE}/xml", data='<a name="x"><b name="y"/></a>').json() == {"names": ["x", "y"]}
    assert http.post(f"{SITE}/xml", data="<a").status_code == 400


def test_subprocess(http):
    assert http.get(f"{SITE}/process").text == "42\n"


def test_another_program(http):
    assert http.get(f"{SITE}/git").text.startswith("git version")


def test_names(http):
    assert http.get(f"{SITE}/names/database").json() == ["127.0.0.1"]
    assert http.get(f"{SITE}/names/nowhere.invalid").status_code == 404


def test_service_beside(http):
    assert http.get(f"{SITE}/fetch").text == "ok\n"


def test_tls_to_the_service_beside(http):
    assert "sans-serif" in http.get(f"{SITE}/fetch-tls").text


def test_upload(http):
    data = bytes(range(256)) * 1000
    answer = http.post(f"{SITE}/upload", files={"file": data}).json()
    assert answer == {"size": len(data), "name": hashlib.sha256(data).hexdigest()}


def test_crypt(http):
    assert http.get(f"{SITE}/crypt").text == "secret"


def test_sessions(http):
    assert [http.get(f"{SITE}/session").text for _ in range(3)] == ["1", "2", "3"]


def test_error_is_500_and_in_the_log(http):
    assert http.get(f"{SITE}/error").status_code == 500


@pytest.mark.parametrize("method, path, status", [("GET", "/nothing", 404), ("DELETE", "/", 405), ("HEAD", "/", 200)])
def test_statuses(http, method, path, status):
    assert http.request(method, SITE + path).status_code == status


def test_many_clients(http):
    wrong = []

    def one():
        for _ in range(10):
            if requests.get(f"{SITE}/healthz", timeout=10).text != "ok\n":
                wrong.append(1)
    threads = [threading.Thread(target=one) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_new_workers_after_a_signal(http):
    corpus.signal(signal.SIGHUP)
    assert corpus.until(lambda: http.get(f"{SITE}/healthz").status_code == 200)


def test_malformed_request():
    assert b"400 Bad Request" in corpus.ask(8000, b"NONSENSE\r\n\r\n")
