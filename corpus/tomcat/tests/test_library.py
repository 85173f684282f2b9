# SPDX-License-Identifier: Apache-2.0
"""Pages that Tomcat compiles, and what Java can do in this image."""
import hashlib
import subprocess

import pytest
import requests

import corpus

SITE = "http://127.0.0.1:8080"


@pytest.fixture
def http():
    with requests.Session() as session:
        session.trust_env = False
        session.verify = corpus.AUTHORITY
        yield session


def tool(http, what, **parameters):
    answer = http.get(f"{SITE}/tools.jsp", params=dict(parameters, what=what))
    assert answer.status_code == 200, answer.text
    return answer.text.strip()


def test_page(http):
    answer = http.get(f"{SITE}/")
    assert "<h1>Library</h1><p>Swann</p><p>Prozeß</p>" in answer.text


def test_error_page(http):
    answer = http.get(f"{SITE}/nothing")
    assert answer.status_code == 404
    assert "No such page" in answer.text


@pytest.mark.parametrize("credentials, status", [(None, 401), (("ann", "no"), 401), (("ann", "secret"), 200)])
def test_members(http, credentials, status):
    assert http.get(f"{SITE}/members/index.html", auth=credentials).status_code == status


@pytest.mark.parametrize("zone, time", [("Europe/Vienna", "14:00"), ("Asia/Tokyo", "21:00"), ("Asia/Kathmandu", "17:45")])
def test_time_zones(http, zone, time):
    assert tool(http, "zone", zone=zone) == time


def test_local_time(http):
    assert tool(http, "local") in ("14:00", "12:00")


@pytest.mark.parametrize("locale, part", [("de-AT", "234,50"), ("en-US", "$1,234.50"), ("ja-JP", "1,23")])
def test_numbers(http, locale, part):
    assert part in tool(http, "number", locale=locale)


def test_collation(http):
    assert tool(http, "collate") == "Apfel,Äpfel,Öl,Zebra"


@pytest.mark.parametrize("name", ["MD5", "SHA-1", "SHA-256", "SHA-512"])
def test_digests(http, name):
    assert tool(http, "digest", name=name) == hashlib.new(name.replace("-", ""), b"x").hexdigest()


@pytest.mark.parametrize("what, value", [("cipher", "34"), ("keys", "true"), ("file", "squeezed"), ("threads", "285"),
                                         ("script", "ba"), ("xml", "2"), ("fetch", "body")])
def test_library_of_the_language(http, what, value):
    assert tool(http, what) == value


def test_subprocess(http):
    with open(corpus.AUTHORITY, "rb") as data:
        assert tool(http, "process") == hashlib.sha256(data.read()).hexdigest()


def test_names(http):
    assert tool(http, "name", name="localhost") == "127.0.0.1"
    assert http.get(f"{SITE}/tools.jsp", params={"what": "name", "name": "nowhere.invalid"}).status_code == 404


def test_sessions(http):
    assert [tool(http, "session") for _ in range(3)] == ["1", "2", "3"]


@pytest.mark.parametrize("kind, magic", [("png", b"\x89PNG"), ("jpg", b"\xff\xd8\xff"), ("gif", b"GIF8")])
def test_pictures_with_text(http, kind, magic):
    assert http.get(f"{SITE}/picture.jsp", params={"format": kind}).content.startswith(magic)


def test_compression(http):
    answer = http.get(f"{SITE}/style.css", headers={"Accept-Encoding": "gzip"})
    assert answer.headers.get("Content-Encoding") == "gzip"
    assert "margin" in answer.text


def test_unchanged_is_not_sent_again(http):
    tag = http.get(f"{SITE}/style.css").headers["ETag"]
    assert http.get(f"{SITE}/style.css", headers={"If-None-Match": tag}).status_code == 304


def test_range(http):
    answer = http.get(f"{SITE}/style.css", headers={"Range": "bytes=0-3", "Accept-Encoding": "identity"})
    assert (answer.status_code, answer.text) == (206, "body")


def test_error_is_500(http):
    assert http.get(f"{SITE}/tools.jsp", params={"what": "error"}).status_code == 500


def test_tls(http):
    assert "Library" in http.get("https://localhost:8443/").text


def test_http2():
    done = subprocess.run(["curl", "-sS", "--http2", "--cacert", corpus.AUTHORITY, "-o", "/dev/null", "-w",
                           "%{http_version}", "https://localhost:8443/"], stdout=subprocess.PIPE, check=True)
    assert done.stdout == b"2"


def test_methods(http):
    assert http.request("TRACE", f"{SITE}/").status_code == 405
    assert http.head(f"{SITE}/style.css").status_code == 200


def test_malformed_request():
    assert b"400" in corpus.ask(8080, b"NONSENSE\r\n\r\n")
