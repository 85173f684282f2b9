# SPDX-License-Identifier: Apache-2.0
"""Scraping, queries, rules and administration over HTTP."""
import os
import signal
import time

import pytest
import requests

import corpus

SITE = "http://127.0.0.1:9090"


@pytest.fixture
def http():
    with requests.Session() as session:
        session.trust_env = False
        yield session


def query(http, expression, **parameters):
    answer = http.get(f"{SITE}/api/v1/query", params=dict(parameters, query=expression)).json()
    assert answer["status"] == "success", answer
    return answer["data"]["result"]


@pytest.mark.parametrize("path", ["/-/ready", "/-/healthy", "/metrics", "/api/v1/status/config", "/api/v1/status/flags",
                                  "/api/v1/status/runtimeinfo", "/api/v1/status/buildinfo", "/api/v1/status/tsdb"])
def test_addresses(http, path):
    assert http.get(SITE + path).status_code == 200


@pytest.mark.parametrize("job", ["prometheus", "exporter", "files"])
def test_targets_are_scraped(http, job):
    assert corpus.until(lambda: any(one["value"][1] == "1" for one in query(http, f'up{{job="{job}"}}')), 20)


def test_labels_of_targets(http):
    corpus.until(lambda: query(http, 'up{place="beside"}'))
    assert query(http, 'up{place="beside"}')[0]["metric"]["instance"] == "exporter:9100"
    assert query(http, 'up{found="file"}')


def test_metrics_of_the_exporter(http):
    corpus.until(lambda: query(http, "node_memory_MemTotal_bytes"))
    assert float(query(http, "node_memory_MemTotal_bytes")[0]["value"][1]) > 1e8


@pytest.mark.parametrize("expression, value", [
    ("1 + 1", "2"), ("2 ^ 10", "1024"), ("scalar(sqrt(vector(16)))", "4"), ("scalar(vector(7))", "7"), ("10 % 4", "2"), ("-5", "-5")])
def test_scalars(http, expression, value):
    assert http.get(f"{SITE}/api/v1/query", params={"query": expression}).json()["data"]["result"][1] == value


@pytest.mark.parametrize("expression", [
    "rate(prometheus_http_requests_total[30s])", "histogram_quantile(0.9, rate(prometheus_http_request_duration_seconds_bucket[30s]))",
    "topk(2, go_memstats_alloc_bytes)", "count by (job) (up)", "avg_over_time(up[10s])", "label_replace(up, \"a\", \"$1\", \"job\", \"(.*)\")",
    "absent(nothing)", "predict_linear(go_goroutines[10s], 60)", "sort_desc(up)", "time() - process_start_time_seconds",
    "quantile(0.5, go_goroutines)", "hour(vector(1719835200))", "up offset 1s", "changes(up[10s])"])
def test_expressions(http, expression):
    assert corpus.until(lambda: query(http, expression) or "scalar" in expression, 10)


def test_bad_expression(http):
    answer = http.get(f"{SITE}/api/v1/query", params={"query": "sum("})
    assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data")


def test_range(http):
    now = time.time()
    answer = http.get(f"{SITE}/api/v1/query_range", params={"query": "up", "start": now - 5, "end": now, "step": 1}).json()
    assert answer["data"]["resultType"] == "matrix"


def test_series_and_labels(http):
    assert "job" in http.get(f"{SITE}/api/v1/labels").json()["data"]
    assert "exporter" in http.get(f"{SITE}/api/v1/label/job/values").json()["data"]
    assert http.get(f"{SITE}/api/v1/series", params={"match[]": "up"}).json()["data"]


def test_recording_rule(http):
    assert corpus.until(lambda: query(http, 'job:up:sum{job="prometheus"}'), 15)


def test_alert_fires(http):
    rules = http.get(f"{SITE}/api/v1/rules").json()["data"]["groups"][0]["rules"]
    assert {rule["name"] for rule in rules} == {"job:up:sum", "NothingUp"}


def test_federation(http):
    assert "up{" in http.get(f"{SITE}/federate", params={"match[]": "up"}).text


def test_snapshot(http):
    answer = http.post(f"{SITE}/api/v1/admin/tsdb/snapshot").json()
    assert answer["status"] == "success"
    assert os.path.isdir(f"/proc/{corpus.pid()}/root/var/lib/prometheus/data/snapshots/{answer['data']['name']}")


def test_series_are_deleted(http):
    assert http.post(f"{SITE}/api/v1/admin/tsdb/delete_series", params={"match[]": "go_threads"}).status_code == 204
    assert http.post(f"{SITE}/api/v1/admin/tsdb/clean_tombstones").status_code == 204


@pytest.mark.parametrize("how", ["request", "signal"])
def test_reload(http, how):
    if how == "request":
        assert http.post(f"{SITE}/-/reload").status_code == 200
    else:
        corpus.signal(signal.SIGHUP)
    assert corpus.until(lambda: query(http, "prometheus_config_last_reload_successful")[0]["value"][1] == "1")


def test_name_that_is_not_there_breaks_nothing(http):
    assert corpus.until(lambda: query(http, "prometheus_sd_dns_lookup_failures_total"), 20)


def test_configuration_is_checked_inside():
    assert "SUCCESS" in corpus.inside("/usr/bin/promtool", "check", "config", "/etc/prometheus-corpus/prometheus.yml")
