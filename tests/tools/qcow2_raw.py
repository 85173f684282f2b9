#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The content of a qcow2 image (QEMU, docs/interop/qcow2.txt): qcow2_raw.py IMAGE RAW

Versions 2 and 3, clusters as they are or deflated; no backing file, no encryption.
"""
import struct
import sys
import zlib

OFFSET = 0x00FFFFFFFFFFFE00
COMPRESSED = 1 << 62
ZERO = 1


def read_table(source, offset, count):
    source.seek(offset)
    return struct.unpack(f">{count}Q", source.read(8 * count))


def read_cluster(source, entry, bits):
    size = 1 << bits
    if entry & COMPRESSED:
        shift = 62 - (bits - 8)
        offset = entry & ((1 << shift) - 1)
        sectors = (entry >> shift & ((1 << (bits - 8)) - 1)) + 1
        source.seek(offset)
        return zlib.decompressobj(-15).decompress(source.read(sectors * 512 - offset % 512), size)
    if entry & ZERO or not entry & OFFSET:
        return b""
    source.seek(entry & OFFSET)
    return source.read(size)


def main():
    with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as out:
        magic, version, backing, _, bits, size, encrypted, entries, table = struct.unpack(">4sIQIIQIIQ", source.read(48))
        features = struct.unpack(">24xQ", source.read(32))[0] if version > 2 else 0
        if magic != b"QFI\xfb" or version not in (2, 3) or backing or encrypted or features & ~1:
            sys.exit(f"{sys.argv[1]}: not a kind of image this reads")
        out.truncate(size)
        per_table = (1 << bits) // 8
        for i, first in enumerate(read_table(source, table, entries)):
            if not first & OFFSET:
                continue
            for k, entry in enumerate(read_table(source, first & OFFSET, per_table)):
                data = read_cluster(source, entry, bits)
                if data:
                    out.seek((i * per_table + k) << bits)
                    out.write(data)


main()
