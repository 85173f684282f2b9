# SPDX-License-Identifier: Apache-2.0
"""The guest book and what PHP can do in this image, over HTTP."""
import hashlib
import io
import signal
import time
import zipfile

import pytest
import requests

import corpus

SITE = "http://127.0.0.1"


@pytest.fixture
def http():
    with requests.Session() as session:
        session.trust_env = False
        session.verify = corpus.AUTHORITY
        yield session


def tool(http, what):
    answer = http.get(f"{SITE}/tools.php", params={"what": what})
    assert answer.status_code == 200, answer.text
    return answer


def test_front_page(http):
    answer = http.get(f"{SITE}/")
    assert "<h1>Guest book</h1>" in answer.text
    assert answer.headers["X-Corpus"] == "yes"


def test_entry_is_written_and_read(http):
    made = http.post(f"{SITE}/guestbook.php", data={"author": "Jörg", "words": "<b>hello</b>"})
    assert made.status_code == 201
    assert http.get(f"{SITE}/guestbook.php", params={"id": made.json()["id"]}).json()["author"] == "Jörg"
    assert "&lt;b&gt;hello" in http.get(f"{SITE}/").text


def test_rewritten_address(http):
    number = http.post(f"{SITE}/guestbook.php", data={"author": "a"}).json()["id"]
    assert http.get(f"{SITE}/entry/{number}").json()["id"] == number


@pytest.mark.parametrize("author", ["", "ö" * 21])
def test_bad_entries_are_refused(http, author):
    assert http.post(f"{SITE}/guestbook.php", data={"author": author}).status_code == 422


def test_entry_that_is_not_there(http):
    assert http.get(f"{SITE}/guestbook.php", params={"id": 10**9}).status_code == 404


@pytest.mark.parametrize("credentials, status", [(None, 401), (("ann", "no"), 401), (("ann", "secret"), 200)])
def test_members(http, credentials, status):
    assert http.get(f"{SITE}/members/", auth=credentials).status_code == status


def test_time_zones(http):
    local, tokyo = tool(http, "zone").text.split()
    assert tokyo == "21:00"
    assert local in ("CET", "CEST", "UTC")


def test_currency_by_icu(http):
    assert "1.234,50" in tool(http, "number").text.replace("\u00a0", ".").replace(" ", ".")


def test_collation_by_icu(http):
    assert tool(http, "collate").text == "Apfel,Äpfel,Öl,Zebra"


def test_locale_of_the_system(http):
    name, point, month = tool(http, "locale").text.split()
    assert (name, point, month) == ("de_AT.UTF-8", ",", "Jänner")


def test_png(http):
    assert tool(http, "picture").content.startswith(b"\x89PNG")


def test_jpeg(http):
    assert tool(http, "jpeg").content.startswith(b"\xff\xd8\xff")


def test_xml(http):
    assert tool(http, "xml").text == "1"


def test_zip(http):
    with zipfile.ZipFile(io.BytesIO(tool(http, "zip").content)) as archive:
        assert archive.read("a.txt") == b"inside"


def test_subprocess(http):
    with open(corpus.AUTHORITY, "rb") as data:
        assert tool(http, "process").text.split()[0] == hashlib.sha256(data.read()).hexdigest()


def test_https_client_and_server(http):
    assert "margin" in tool(http, "curl").text


def test_name_service(http):
    assert tool(http, "name").text == "127.0.0.1"


def test_sessions(http):
    assert [tool(http, "session").text for _ in range(3)] == ["1", "2", "3"]


def test_password_hash(http):
    assert tool(http, "hash").text == "yes8"


def test_error_is_500(http):
    assert http.get(f"{SITE}/tools.php", params={"what": "error"}).status_code == 500


def test_upload(http):
    data = bytes(range(256)) * 2000
    answer = http.post(f"{SITE}/upload.php", files={"file": ("x.bin", data)})
    assert answer.text == f"{len(data)} {hashlib.sha256(data).hexdigest()}"


def test_tls(http):
    assert http.get("https://localhost/style.css").status_code == 200


def test_expiry_header(http):
    assert "max-age=86400" in http.get(f"{SITE}/style.css").headers["Cache-Control"]


def test_not_found(http):
    assert http.get(f"{SITE}/nothing").status_code == 404


def test_malformed_request():
    assert b"400 Bad Request" in corpus.ask(80, b"NONSENSE\r\n\r\n")


def test_graceful_restart(http):
    corpus.signal(signal.SIGUSR1)
    for _ in range(10):
        assert http.get(f"{SITE}/style.css").status_code == 200
        time.sleep(0.1)
