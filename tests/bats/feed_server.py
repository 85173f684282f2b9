#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Serves a folder on loopback, and NVD's API at /api: 2,003 CVEs, one of them changed later.

feed_server.py FOLDER LOG: writes the port to LOG.port, and a line per request to LOG.
"""
import functools
import http.server
import json
import sys
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
        else:
            super().do_GET()

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
