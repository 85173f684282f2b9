#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A database for Trivy in which each source package of a release (default: debian 12) has one flaw:
trivy_db.py [--release "alpine 3.23"] CACHE SOURCE...: the nth in order has CVE-2026-(1000 + n), from 0.

The file is a bbolt database (go.etcd.io/bbolt, page.go and bucket.go): two meta pages, a free list,
leaf pages; small buckets inside their parent's page.
"""
import json
import pathlib
import struct
import sys

PAGE = 4096
META, FREELIST, LEAF = 4, 16, 2


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def pad(data):
    return data.ljust(-(-len(data) // PAGE) * PAGE, b"\0")


def leaf(items, number=0):
    """items: (key, value, is a bucket)"""
    elements, data = b"", b""
    for i, (key, value, bucket) in enumerate(sorted(items)):
        elements += struct.pack("<IIII", bucket, 16 * (len(items) - i) + len(data), len(key), len(value))
        data += key + value
    size = 16 + len(elements) + len(data)
    overflow = (size - 1) // PAGE if number else 0
    return struct.pack("<QHHI", number, LEAF, len(items), overflow) + elements + data


def inline(items):
    return struct.pack("<QQ", 0, 0) + leaf(items)


def main():
    arguments = sys.argv[1:]
    release = "debian 12"
    if arguments[0] == "--release":
        release, arguments = arguments[1], arguments[2:]
    cache, sources = pathlib.Path(arguments[0]), sorted(set(arguments[1:]))
    bucket = release.encode()
    family = release.split()[0]
    ids = [b"CVE-2026-%d" % (1000 + i) for i in range(len(sources))]
    pages, next_page = [], 4

    def place(items):
        nonlocal next_page
        number, data = next_page, pad(leaf(items, next_page))
        pages.append(data)
        next_page += len(data) // PAGE
        return struct.pack("<QQ", number, 0)

    fixed = json.dumps({"FixedVersion": "99999"}).encode()
    detail = json.dumps({"Title": "flaw", "Severity": "HIGH"}).encode()
    source = json.dumps({"ID": family, "Name": "test", "URL": "test"}).encode()
    root = [
        (bucket, place([(name.encode(), inline([(one, fixed, 0)]), 1) for name, one in zip(sources, ids)]), 1),
        (b"vulnerability", place([(one, detail, 0) for one in ids]), 1),
        (b"data-source", inline([(bucket, source, 0)]), 1),
    ]
    out = b""
    for i in (0, 1):
        meta = struct.pack("<IIIIQQQQQ", 0xED0CDAED, 2, PAGE, 0, 3, 0, 2, next_page, i)
        out += pad(struct.pack("<QHHI", i, META, 0, 0) + meta + struct.pack("<Q", fnv1a(meta)))
    out += pad(struct.pack("<QHHI", 2, FREELIST, 0, 0)) + pad(leaf(root, 3)) + b"".join(pages)
    (cache / "db").mkdir(parents=True)
    (cache / "db/trivy.db").write_bytes(out)
    (cache / "db/metadata.json").write_text(json.dumps({
        "Version": 2, "NextUpdate": "2099-01-01T00:00:00Z", "UpdatedAt": "2026-01-01T00:00:00Z",
        "DownloadedAt": "2026-01-01T00:00:00Z"}))


main()
