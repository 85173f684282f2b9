# SPDX-License-Identifier: Apache-2.0
"""The photos over HTTP and HTTPS."""
import hashlib
import struct

import pytest
import requests

import corpus

SITE = "http://127.0.0.1:3000"
MAGIC = {"PNG": b"\x89PNG", "JPEG": b"\xff\xd8\xff", "GIF": b"GIF8", "TIFF": b"II", "BMP": b"BM", "PPM": b"P6",
         "PCX": b"\x0a", "SGI": b"\x01\xda", "XPM": b"/* XPM", "PDF": b"%PDF", "PS": b"%!PS", "SVG": b"<?xml",
         "WEBP": b"RIFF", "MIFF": b"id=Im", "FITS": b"SIMPLE"}


@pytest.fixture
def http():
    with requests.Session() as session:
        session.trust_env = False
        session.verify = corpus.AUTHORITY
        yield session


def test_front_page_is_escaped(http):
    assert "<p>&lt;Hill&gt;</p>" in http.get(f"{SITE}/").text


def test_title(http):
    made = http.post(f"{SITE}/titles", json={"title": "Größe"})
    assert (made.status_code, made.json()) == (201, {"title": "Größe"})


@pytest.mark.parametrize("body", [{}, {"title": ""}])
def test_bad_titles(http, body):
    assert http.post(f"{SITE}/titles", json=body).status_code == 422


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "PPM", "PCX", "SGI", "XPM", "WEBP", "MIFF", "FITS"])
def test_formats_written(http, kind):
    answer = http.get(f"{SITE}/picture/{kind}")
    assert answer.status_code == 200
    assert answer.content.startswith(MAGIC[kind])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "PPM", "WEBP", "MIFF"])
def test_formats_read(http, kind):
    answer = http.post(f"{SITE}/size", data=http.get(f"{SITE}/picture/{kind}").content)
    assert answer.json() == {"width": 64, "height": 48, "magick": kind if kind != "PPM" else answer.json()["magick"]}


def test_what_is_no_picture(http):
    assert http.post(f"{SITE}/size", data=b"not a picture").status_code == 415


def test_thumbnail(http):
    small = http.post(f"{SITE}/thumbnail", data=http.get(f"{SITE}/picture/JPEG").content).content
    assert struct.unpack(">II", small[16:24]) == (10, 8)


def test_text_by_freetype(http):
    assert http.get(f"{SITE}/text").content.startswith(b"\x89PNG")


def test_time_zone(http):
    assert http.get(f"{SITE}/zone").text == "14:00"


def test_dom(http):
    assert http.post(f"{SITE}/dom", data='<p><a href="x">y</a><a href="z">').json() == ["x", "z"]


def test_subprocess(http):
    with open(corpus.AUTHORITY, "rb") as data:
        assert http.get(f"{SITE}/process").text.split()[0] == hashlib.sha256(data.read()).hexdigest()


def test_names(http):
    assert http.get(f"{SITE}/names/localhost").text == "127.0.0.1"
    assert http.get(f"{SITE}/names/nowhere.invalid").status_code == 404


@pytest.mark.parametrize("path, text", [("digest", hashlib.sha256(b"x").hexdigest()), ("encoding", "6"), ("unicode", "ä")])
def test_library_of_the_language(http, path, text):
    assert http.get(f"{SITE}/{path}").text == text


def test_sessions(http):
    assert [http.get(f"{SITE}/session").text for _ in range(3)] == ["1", "2", "3"]


@pytest.mark.parametrize("size", [1, 1000, 1000000])
def test_upload(http, size):
    assert http.post(f"{SITE}/upload", files={"file": ("x", b"x" * size)}).text == str(size)


def test_tls(http):
    assert http.get("https://localhost:3443/healthz").text == "ok\n"


def test_https_client(http):
    assert http.get(f"{SITE}/fetch").text == "ok\n"


def test_static(http):
    assert http.get(f"{SITE}/style.css").headers["Content-Type"].startswith("text/css")


def test_error_is_500(http):
    assert http.get(f"{SITE}/error").status_code == 500


@pytest.mark.parametrize("method, path, status", [("GET", "/nothing", 404), ("DELETE", "/", 404), ("HEAD", "/", 200)])
def test_statuses(http, method, path, status):
    assert http.request(method, SITE + path).status_code == status
