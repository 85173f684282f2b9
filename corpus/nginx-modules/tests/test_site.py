# SPDX-License-Identifier: Apache-2.0
"""What the site must do, over HTTP and HTTPS."""
import datetime
import signal
import struct
import subprocess
import time

import pytest
import requests

import corpus

SITE = "http://127.0.0.1"
TLS = "https://localhost"


@pytest.fixture
def http():
    with requests.Session() as session:
        session.trust_env = False
        session.verify = corpus.AUTHORITY
        yield session


def test_front_page(http):
    answer = http.get(f"{SITE}/")
    assert answer.status_code == 200
    assert "<h1>Gallery</h1>" in answer.text
    assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("path, kind", [
    ("/style.css", "text/css"), ("/gallery/dots.png", "image/png"), ("/books.xml", "text/xml")])
def test_types(http, path, kind):
    assert http.get(SITE + path).headers["Content-Type"].startswith(kind)


def test_compression(http):
    answer = http.get(f"{SITE}/style.css", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "sans-serif" in answer.text


def test_error_page(http):
    answer = http.get(f"{SITE}/nothing")
    assert answer.status_code == 404
    assert "No such page" in answer.text


def test_redirect(http):
    answer = http.get(f"{SITE}/moved", allow_redirects=False)
    assert answer.status_code == 301
    assert answer.headers["Location"].endswith("/index.html")


@pytest.mark.parametrize("credentials, status", [
    (None, 401), (("ann", "wrong"), 401), (("bob", "secret"), 401), (("ann", "secret"), 200)])
def test_private(http, credentials, status):
    assert http.get(f"{SITE}/private/note.txt", auth=credentials).status_code == status


def test_listing(http):
    assert "dots.png" in http.get(f"{SITE}/list/").text


def test_thumbnail_is_made_by_the_image_module(http):
    answer = http.get(f"{SITE}/thumb/dots.png")
    assert answer.status_code == 200
    assert answer.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", answer.content[16:24]) == (16, 16)


def test_what_is_no_image_is_refused_by_the_image_module(http):
    assert http.get(f"{SITE}/thumb/none.png").status_code in (404, 415)


def test_xml_is_transformed_by_the_xslt_module(http):
    assert "<li>Prozess</li><li>Swann</li>" in http.get(f"{SITE}/books").text.replace("\n", "")


def test_local_time_is_that_of_the_zone(http):
    zone, hour = http.get(f"{SITE}/ssi/time.html").text.split()
    assert zone in ("CET", "CEST")
    offset = 2 if zone == "CEST" else 1
    now = datetime.datetime.now(datetime.timezone.utc)
    assert int(hour) in {(now.hour + offset) % 24, (now.hour + offset - 1) % 24, (now.hour + offset + 1) % 24}


def test_range(http):
    answer = http.get(f"{SITE}/style.css", headers={"Range": "bytes=0-3", "Accept-Encoding": "identity"})
    assert (answer.status_code, answer.text) == (206, "body")


def test_range_past_the_end(http):
    assert http.get(f"{SITE}/index.html", headers={"Range": "bytes=9999999-", "Accept-Encoding": "identity"}).status_code == 416


def test_unchanged_is_not_sent_again(http):
    tag = http.get(f"{SITE}/index.html").headers["ETag"]
    assert http.get(f"{SITE}/index.html", headers={"If-None-Match": tag}).status_code == 304


def test_methods_are_limited(http):
    assert http.get(f"{SITE}/limited").status_code == 200
    assert http.post(f"{SITE}/limited").status_code == 403


def test_proxy(http):
    assert http.get(f"{SITE}/upstream/x").text == "upstream GET /x \n"


def test_upload_goes_through_a_temporary_file(http):
    assert http.post(f"{SITE}/upload", data=b"x" * 200000).text.startswith("upstream POST /echo 200000")


def test_upload_too_large(http):
    assert http.post(f"{SITE}/upload", data=b"x" * 300000).status_code == 413


def test_tls_with_the_authority(http):
    answer = http.get(f"{TLS}/")
    assert answer.status_code == 200
    assert "Gallery" in answer.text


@pytest.mark.parametrize("path", ["/", "/style.css"])
def test_http2(path):
    done = subprocess.run(["curl", "-sS", "--http2", "--cacert", corpus.AUTHORITY, "-o", "/dev/null", "-w",
                           "%{http_version} %{http_code}", TLS + path], stdout=subprocess.PIPE, check=True)
    assert done.stdout == b"2 200"


def test_malformed_request():
    assert b"400 Bad Request" in corpus.ask(80, b"NONSENSE\r\n\r\n")


def test_reload_keeps_serving(http):
    corpus.signal(signal.SIGHUP)
    for _ in range(8):
        assert http.get(f"{SITE}/healthz").status_code == 200
        time.sleep(0.1)


def test_log_is_reopened(http):
    corpus.signal(signal.SIGUSR1)
    time.sleep(0.3)
    assert http.get(f"{SITE}/").status_code == 200


def test_configuration_is_checked_inside():
    assert "test is successful" in corpus.inside("/usr/sbin/nginx", "-t")
