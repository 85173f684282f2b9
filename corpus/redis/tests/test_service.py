# SPDX-License-Identifier: Apache-2.0
"""What the suite of upstream does not ask of an image: TLS, files, users, tools."""
import os

import pytest
import redis

import corpus


@pytest.fixture
def client():
    return redis.Redis(host="localhost", port=6379, decode_responses=True)


def test_tls():
    over = redis.Redis(host="localhost", port=6380, ssl=True, ssl_ca_certs=corpus.AUTHORITY, decode_responses=True)
    over.set("tls", "yes")
    assert over.get("tls") == "yes"


def test_snapshot_is_written(client):
    client.set("kept", "1")
    client.save()
    path = f"/proc/{corpus.pid()}/root/var/lib/redis/dump.rdb"
    with open(path, "rb") as data:
        assert data.read(5) == b"REDIS"


def test_background_save(client):
    before = client.lastsave()
    corpus.until(lambda: not client.info("persistence")["rdb_bgsave_in_progress"])
    client.bgsave()
    assert corpus.until(lambda: not client.info("persistence")["rdb_bgsave_in_progress"])
    assert client.lastsave() >= before
    assert client.info("persistence")["rdb_last_bgsave_status"] == "ok"


def test_append_only_file(client):
    client.config_set("appendonly", "yes")
    client.set("appended", "1")
    folder = f"/proc/{corpus.pid()}/root/var/lib/redis/appendonlydir"
    assert corpus.until(lambda: os.path.isdir(folder) and os.listdir(folder))
    client.config_set("appendonly", "no")


def test_scripts(client):
    assert client.eval("return redis.call('set', KEYS[1], ARGV[1])['ok']", 1, "lua", "x") == "OK"
    assert client.eval("return cjson.encode({1, 2})", 0) == "[1,2]"


def test_transactions(client):
    with client.pipeline() as pipe:
        pipe.set("a", 1).incr("a").get("a")
        assert pipe.execute() == [True, 2, "2"]


def test_publish(client):
    listener = client.pubsub(ignore_subscribe_messages=True)
    listener.subscribe("news")
    assert corpus.until(lambda: client.publish("news", "x") == 1)
    assert corpus.until(listener.get_message)["data"] == "x"


def test_users(client):
    client.acl_setuser("ann", enabled=True, passwords=["+secret"], commands=["+get"], keys=["a*"])
    ann = redis.Redis(host="localhost", username="ann", password="secret")
    ann.get("a")
    with pytest.raises(redis.exceptions.NoPermissionError):
        ann.set("a", 1)


def test_runs_as_its_own_user():
    with open(f"/proc/{corpus.pid()}/status", encoding="ascii") as status:
        assert next(line for line in status if line.startswith("Uid:")).split()[1] != "0"


def test_health_check_of_the_image():
    assert corpus.inside("/usr/bin/redis-cli", "ping").strip() == "PONG"
