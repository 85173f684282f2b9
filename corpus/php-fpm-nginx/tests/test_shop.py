# SPDX-License-Identifier: Apache-2.0
"""The shop over HTTP, and that what dies is started again."""
import os
import signal
import threading

import pytest
import requests

import corpus

SITE = "http://127.0.0.1:8080"


@pytest.fixture
def http():
    with requests.Session() as session:
        session.trust_env = False
        yield session


def processes(name):
    """Numbers of the processes of a program, as seen from here."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/comm", encoding="utf-8") as comm:
                    if comm.read().strip() == name:
                        found.append(int(entry))
            except OSError:
                pass
    return sorted(found)


def test_front_page(http):
    assert http.get(f"{SITE}/").text == "<h1>Shop</h1>"


def test_item(http):
    made = http.post(f"{SITE}/items", json={"name": "Tee ☕"})
    assert made.status_code == 201
    assert http.get(f"{SITE}/items/{made.json()['id']}").json()["name"] == "Tee ☕"


@pytest.mark.parametrize("data", ["", "{}", "{", '{"name": ""}'])
def test_bad_items(http, data):
    assert http.post(f"{SITE}/items", data=data).status_code == 422


def test_item_that_is_not_there(http):
    assert http.get(f"{SITE}/items/999999").status_code == 404


@pytest.mark.parametrize("path, text", [("zone", "21:00 JST"), ("upper", "GRÖSSE"), ("who", "www-data"), ("slow", "late")])
def test_pages(http, path, text):
    assert http.get(f"{SITE}/{path}").text == text


def test_sessions(http):
    assert [http.get(f"{SITE}/session").text for _ in range(3)] == ["1", "2", "3"]


def test_static(http):
    assert http.get(f"{SITE}/style.css").headers["Content-Type"] == "text/css"


def test_status_of_the_pool(http):
    assert "pool:                 shop" in http.get(f"{SITE}/status").text


def test_error_is_500(http):
    assert http.get(f"{SITE}/error").status_code == 500


def test_not_found(http):
    assert http.get(f"{SITE}/nothing").status_code == 404


def test_too_large(http):
    assert http.post(f"{SITE}/items", data=b"x" * 5000000).status_code == 413


def test_many_at_once(http):
    codes = []
    threads = [threading.Thread(target=lambda: codes.append(requests.get(f"{SITE}/slow", timeout=30).status_code))
               for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 12


def test_worker_that_dies_is_replaced(http):
    assert http.get(f"{SITE}/die").status_code == 502
    assert corpus.until(lambda: http.get(f"{SITE}/").status_code == 200)


def test_server_that_dies_is_started_again(http):
    master = processes("nginx")[0]
    os.kill(master, signal.SIGKILL)

    def back():
        try:
            return http.get(f"{SITE}/", timeout=2).status_code == 200 and master not in processes("nginx")
        except OSError:
            return False
    # Workers of the dead one go when they notice.
    for number in processes("nginx"):
        os.kill(number, signal.SIGKILL)
    assert corpus.until(back, 20)


def test_supervisor_is_asked(http):
    def status():
        return corpus.inside("/usr/bin/supervisorctl", "-c", "/etc/supervisor/corpus.conf", "status", check=False)
    assert corpus.until(lambda: status().count("RUNNING") == 2)


def test_supervisor_restarts(http):
    corpus.inside("/usr/bin/supervisorctl", "-c", "/etc/supervisor/corpus.conf", "restart", "php")
    assert corpus.until(lambda: http.get(f"{SITE}/ping").status_code == 200)


def test_health_check_of_the_image():
    assert corpus.inside("/usr/bin/curl", "-fsS", "http://127.0.0.1:8080/ping") == "pong"


def test_configurations_are_checked_inside():
    assert "test is successful" in corpus.inside("/usr/sbin/nginx", "-t")
    assert "test is successful" in corpus.inside("/usr/sbin/php-fpm8.2", "--test")
