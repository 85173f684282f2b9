# SPDX-License-Identifier: Apache-2.0
"""What the proxy must do between a client and the web server beside it."""
import signal
import socket
import subprocess
import time

import pytest
import requests

import corpus

PLAIN = "http://127.0.0.1:8080"
TLS = "https://localhost:8443"


@pytest.fixture
def http():
    with requests.Session() as session:
        session.trust_env = False
        session.verify = corpus.AUTHORITY
        yield session


def admin(command):
    """A command of the admin socket, inside the container."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(f"/proc/{corpus.pid()}/root/tmp/haproxy.sock")
        connection.sendall(command.encode() + b"\n")
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer.decode()


def test_page_comes_through(http):
    answer = http.get(f"{PLAIN}/")
    assert answer.status_code == 200
    assert "<h1>Gallery</h1>" in answer.text
    assert answer.headers["Via"] == "haproxy"


def test_errors_come_through(http):
    assert http.get(f"{PLAIN}/nothing").status_code == 404


def test_round_robin():
    seen = set()
    for _ in range(6):
        seen.add(requests.get(f"{PLAIN}/", timeout=5).cookies.get("SERVER"))
    assert seen == {"a", "b"}


def test_sticks_to_a_server(http):
    first = http.get(f"{PLAIN}/").cookies.get("SERVER")
    for _ in range(4):
        assert http.get(f"{PLAIN}/", cookies={"SERVER": first}).status_code == 200


def test_terminates_tls(http):
    assert http.get(f"{TLS}/").status_code == 200


@pytest.mark.parametrize("version", ["--tlsv1.2", "--tlsv1.3"])
def test_tls_versions(version):
    subprocess.run(["curl", "-sSf", version, "--cacert", corpus.AUTHORITY, "-o", "/dev/null", f"{TLS}/"], check=True)


def test_http2():
    done = subprocess.run(["curl", "-sS", "--http2", "--cacert", corpus.AUTHORITY, "-o", "/dev/null", "-w",
                           "%{http_version}", f"{TLS}/"], stdout=subprocess.PIPE, check=True)
    assert done.stdout == b"2"


def test_tls_to_the_web_server_is_verified(http):
    answer = http.get(f"{PLAIN}/tls/style.css")
    assert answer.status_code == 200
    assert "sans-serif" in answer.text


def test_redirect_to_tls(http):
    answer = http.get(f"{PLAIN}/secure/x", allow_redirects=False)
    assert answer.status_code == 301
    assert answer.headers["Location"].startswith("https://")


def test_lua(http):
    assert http.get(f"{PLAIN}/lua").text.startswith("hello from Lua 5")


def test_error_file(http):
    answer = http.get(f"{PLAIN}/down")
    assert answer.status_code == 503
    assert "come back later" in answer.text


@pytest.mark.parametrize("credentials, status", [(None, 401), (("ann", "no"), 401), (("ann", "secret"), 200)])
def test_members(http, credentials, status):
    assert http.get(f"{PLAIN}/members", auth=credentials).status_code == status


def test_rate_limit(http):
    codes = [http.get(f"{PLAIN}/limited").status_code for _ in range(12)]
    assert codes[0] == 200
    assert codes[-1] == 429


def test_compression(http):
    answer = http.get(f"{PLAIN}/style.css", headers={"Accept-Encoding": "gzip"})
    assert answer.headers.get("Content-Encoding") == "gzip"


def test_large_body(http):
    assert http.post(f"{PLAIN}/upload", data=b"x" * 200000).text.startswith("upstream POST")


def test_statistics(http):
    assert "Statistics Report" in http.get("http://127.0.0.1:8404/stats").text
    assert "haproxy_process_" in http.get("http://127.0.0.1:8404/metrics").text


def test_admin_socket():
    assert "Name: HAProxy" in admin("show info")


def test_server_is_drained_and_taken_back(http):
    admin("set server plain/a state maint")
    assert {requests.get(f"{PLAIN}/", timeout=5).cookies.get("SERVER") for _ in range(4)} == {"b"}
    admin("set server plain/a state ready")
    assert corpus.until(lambda: requests.get(f"{PLAIN}/", timeout=5).cookies.get("SERVER") == "a")


def test_malformed_request():
    assert b"400 Bad" in corpus.ask(8080, b"NONSENSE\r\n\r\n")


def test_reload_keeps_serving(http):
    corpus.signal(signal.SIGUSR2)
    for _ in range(10):
        assert http.get(f"{PLAIN}/ready").status_code == 200
        time.sleep(0.1)


def test_configuration_is_checked_inside():
    assert "Configuration file is valid" in corpus.inside("/usr/sbin/haproxy", "-c", "-f", "/etc/haproxy/corpus.cfg")
