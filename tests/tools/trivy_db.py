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


def write(cache, buckets, details, sources):
    """buckets: {name: {package: {id: advisory}}}, details: {id: vulnerability}, sources: {bucket: {"ID": ..}},
    all as Trivy has them in JSON."""
    pages, next_page = [], 4

    def place(items):
        nonlocal next_page
        number, data = next_page, pad(leaf(items, next_page))
        pages.append(data)
        next_page += len(data) // PAGE
        return struct.pack("<QQ", number, 0)

    def flat(values):
        return [(key.encode(), json.dumps(value).encode(), 0) for key, value in values.items()]

    def nested(packages):
        return [(name.encode(), inline(flat(advisories)), 1) for name, advisories in packages.items()]

    root = [(name.encode(), place(nested(packages)), 1) for name, packages in buckets.items()]
    root += [(b"vulnerability", place(flat(details)), 1), (b"data-source", place(flat(sources)), 1)]
    out = b""
    for i in (0, 1):
        meta = struct.pack("<IIIIQQQQQ", 0xED0CDAED, 2, PAGE, 0, 3, 0, 2, next_page, i)
        out += pad(struct.pack("<QHHI", i, META, 0, 0) + meta + struct.pack("<Q", fnv1a(meta)))
    top = pad(leaf(root, 3))
    assert len(top) == PAGE, "the root has one page"
    out += pad(struct.pack("<QHHI", 2, FREELIST, 0, 0)) + top + b"".join(pages)
    folder = pathlib.Path(cache) / "db"
    folder.mkdir(parents=True)
    (folder / "trivy.db").write_bytes(out)
    (folder / "metadata.json").write_text(json.dumps({
        "Version": 2, "NextUpdate": "2099-01-01T00:00:00Z", "UpdatedAt": "2026-01-01T00:00:00Z",
        "DownloadedAt": "2026-01-01T00:00:00Z"}))


def main():
    arguments = sys.argv[1:]
    release = "debian 12"
    if arguments[0] == "--release":
        release, arguments = arguments[1], arguments[2:]
    names = sorted(set(arguments[1:]))
    ids = [f"CVE-2026-{1000 + i}" for i in range(len(names))]
    write(arguments[0], {release: {name: {one: {"FixedVersion": "99999"}} for name, one in zip(names, ids)}},
          {one: {"Title": "flaw", "Severity": "HIGH"} for one in ids},
          {release: {"ID": release.split()[0], "Name": "test", "URL": "test"}})


if __name__ == "__main__":
    main()
