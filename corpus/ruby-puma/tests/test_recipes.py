# SPDX-License-Identifier: Apache-2.0
"""The recipes over HTTP and HTTPS."""
import hashlib
import signal
import threading

import pytest
import requests

import corpus

SITE = "http://127.0.0.1:9292"


@pytest.fixture
def http():
    with requests.Session() as session:
        session.trust_env = False
        session.verify = corpus.AUTHORITY
        yield session


def test_front_page_is_escaped(http):
    assert http.get(f"{SITE}/").text == "<h1>Recipes</h1><p>Soup</p><p>&lt;Cake&gt;</p>"


def test_recipe(http):
    made = http.post(f"{SITE}/recipes", json={"name": "Gulasch süß"})
    assert made.status_code == 201
    assert http.get(f"{SITE}/recipes/{made.json()['id']}").json()["name"] == "Gulasch süß"


@pytest.mark.parametrize("data, status", [("{", 400), ("{}", 422), ('{"name": ""}', 422)])
def test_bad_recipes(http, data, status):
    assert http.post(f"{SITE}/recipes", data=data).status_code == status


def test_recipe_that_is_not_there(http):
    assert http.get(f"{SITE}/recipes/999999").status_code == 404


def test_time_zone(http):
    assert http.get(f"{SITE}/zone").text == "14:00 CEST"


def test_html(http):
    assert http.post(f"{SITE}/html", data='<p><a href="x">y<a href="z">').json() == ["x", "z"]


def test_xml(http):
    assert http.post(f"{SITE}/xml", data="<a/>").text == "good"
    assert http.post(f"{SITE}/xml", data="<a").status_code == 400


def test_subprocess(http):
    assert http.get(f"{SITE}/process").text == "42"


def test_another_program(http):
    with open(corpus.AUTHORITY, "rb") as data:
        assert http.get(f"{SITE}/sum").text.split()[0] == hashlib.sha256(data.read()).hexdigest()


def test_names(http):
    assert http.get(f"{SITE}/names/localhost").text == "127.0.0.1"
    assert http.get(f"{SITE}/names/nowhere.invalid").status_code == 404


@pytest.mark.parametrize("path, text", [
    ("password", "same"), ("deflate", "squeezed"), ("yaml", "---\na:\n- 1\n- 2\n"), ("encoding", "5"), ("file", "3"),
    ("threads", "285")])
def test_library_of_the_language(http, path, text):
    assert http.get(f"{SITE}/{path}").text == text


@pytest.mark.parametrize("name", ["MD5", "SHA1", "SHA256", "SHA512", "SHA3-256", "BLAKE2b512"])
def test_digests(http, name):
    known = {"SHA3-256": "sha3_256", "BLAKE2b512": "blake2b"}.get(name, name.lower())
    assert http.get(f"{SITE}/digest/{name}").text == hashlib.new(known, b"x").hexdigest()


def test_sessions(http):
    assert [http.get(f"{SITE}/session").text for _ in range(3)] == ["1", "2", "3"]


@pytest.mark.parametrize("size", [0, 1000, 3000000])
def test_upload(http, size):
    assert http.post(f"{SITE}/upload", data=b"x" * size,
                     headers={"Content-Type": "application/octet-stream"}).text == str(size)


def test_tls(http):
    assert http.get("https://localhost:9293/healthz").text == "ok\n"


def test_error_is_500(http):
    assert http.get(f"{SITE}/error").status_code == 500


@pytest.mark.parametrize("method, path, status", [("GET", "/nothing", 404), ("DELETE", "/", 404), ("HEAD", "/", 200)])
def test_statuses(http, method, path, status):
    assert http.request(method, SITE + path).status_code == status


def test_many_clients():
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


def test_another_worker_after_a_signal(http):
    corpus.signal(signal.SIGTTIN)
    assert corpus.until(lambda: http.get(f"{SITE}/healthz").status_code == 200)


def test_malformed_request():
    assert b"400 Bad Request" in corpus.ask(9292, b"NONSENSE\r\n\r\n")
