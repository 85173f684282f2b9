#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Serves a folder on loopback, and NVD's API at /api: 2,003 CVEs, one of them changed later.

feed_server.py FOLDER LOG: writes the port to LOG.port, and a line per request to LOG.

While LOG.etag is there, files have an ETag and parts of them can be had. LOG.cut ("PATH BYTES"):
that answer halts after so many bytes while the file is there, and then ends. LOG.stubborn: a part is given of
whatever version there is.
"""
import functools
import hashlib
import http.server
import json
import os
import sys
import time
import urllib.parse

TOTAL = 2003


def cve(number, score):
    data = {"version": "3.1", "baseScore": score}
    return {"cve": {"id": f"CVE-2030-{number:04}", "metrics": {"cvssMetricV31": [{"type": "Primary", "cvssData": data}]}}}


class Handler(http.server.SimpleHTTPRequestHandler):
    log = None

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/api":
            self.answer_api(urllib.parse.parse_qs(url.query))
        elif os.path.exists(self.log.name + ".etag") and os.path.isfile(self.translate_path(self.path)):
            self.answer_file()
        else:
            super().do_GET()

    def answer_file(self):
        with open(self.translate_path(self.path), "rb") as file:
            body = file.read()
        etag = f'"{hashlib.sha256(body).hexdigest()}"'
        if self.headers.get("If-None-Match") == etag:
            self.send_response(304)
            self.end_headers()
            return
        start = 0
        if "Range" in self.headers and (
            self.headers.get("If-Range") in (None, etag) or os.path.exists(self.log.name + ".stubborn")
        ):
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        if not self.cut(body[start:]):
            self.wfile.write(body[start:])

    def cut(self, body):
        name = self.log.name + ".cut"
        try:
            with open(name, encoding="utf-8") as file:
                path, size = file.read().split()
        except FileNotFoundError:
            return False
        if path != self.path:
            return False
        self.wfile.write(body[: int(size)])
        self.wfile.flush()
        while os.path.exists(name):
            time.sleep(0.05)
        self.close_connection = True
        return True

    def answer_api(self, query):
        start = int(query["startIndex"][0])
        size = int(query["resultsPerPage"][0])
        if "lastModStartDate" in query:
            items, total = [cve(1, 9.9)][start:], 1
        else:
            items, total = [cve(i + 1, 5.0) for i in range(TOTAL)][start : start + size], TOTAL
        body = json.dumps({"totalResults": total, "vulnerabilities": items}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code="-", size="-"):
        key = self.headers.get("apiKey", "-")
        self.log.write(f"{getattr(code, 'value', code)} {self.path} {key}\n")
        self.log.flush()

    def log_message(self, *args):
        pass


def main():
    folder, log = sys.argv[1:]
    Handler.log = open(log, "w", encoding="utf-8")
    handler = functools.partial(Handler, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    with open(log + ".port", "w", encoding="utf-8") as port:
        port.write(str(server.server_port))
    server.serve_forever()


main()
