# SPDX-License-Identifier: Apache-2.0
"""What the job wrote: formats by their first bytes, and the same bytes as the first time it ran."""
import hashlib
import json
import os
import pathlib
import shutil
import struct
import zlib

import pytest

import corpus

WORK = pathlib.Path(__file__).resolve().parents[2] / "out/ffmpeg-batch/work"
MAGIC = {"h264.mp4": (4, b"ftyp"), "mpeg4.avi": (0, b"RIFF"), "vp9.webm": (0, b"\x1a\x45\xdf\xa3"), "moving.gif": (0, b"GIF89a"),
         "mjpeg.mkv": (0, b"\x1a\x45\xdf\xa3"), "first.png": (0, b"\x89PNG"), "filtered.mkv": (0, b"\x1a\x45\xdf\xa3"),
         "sound.mp3": (0, b""), "sound.m4a": (4, b"ftyp"), "sound.ogg": (0, b"OggS"), "opus.ogg": (0, b"OggS"),
         "sound.flac": (0, b"fLaC"), "sound.wav": (0, b"RIFF")}
REFERENCE = json.loads((pathlib.Path(__file__).parent / "reference.json").read_text())


@pytest.fixture(scope="session", autouse=True)
def job():
    """The outputs once the job has ended; they go afterwards, so that each run has to make its own."""
    assert corpus.until(lambda: not os.path.exists(f"/proc/{corpus.pid()}/exe") and (WORK / "sound.md5").exists(), 100)
    yield
    shutil.rmtree(WORK / "last", ignore_errors=True)
    (WORK / "last").mkdir()
    for path in WORK.iterdir():
        if path.is_file():
            path.rename(WORK / "last" / path.name)


@pytest.mark.parametrize("name", sorted(MAGIC))
def test_format(name):
    offset, magic = MAGIC[name]
    data = (WORK / name).read_bytes()
    assert len(data) > 500
    assert data[offset:offset + len(magic)] == magic


@pytest.mark.parametrize("name", sorted(REFERENCE))
def test_same_as_the_reference(name):
    assert hashlib.sha256((WORK / name).read_bytes()).hexdigest() == REFERENCE[name]


def test_frames_are_all_there():
    frames = [line for line in (WORK / "frames.md5").read_text().splitlines() if not line.startswith("#")]
    assert len(frames) == 20
    assert len({line.split(",")[-1] for line in frames}) == 20


def test_picture_can_be_decoded():
    data = (WORK / "first.png").read_bytes()
    assert struct.unpack(">II", data[16:24]) == (160, 120)
    packed, place = b"", 8
    while place < len(data):
        size, kind = struct.unpack(">I4s", data[place:place + 8])
        if kind == b"IDAT":
            packed += data[place + 8:place + 8 + size]
        place += 12 + size
    assert len(zlib.decompress(packed)) >= 160 * 120 * 3


def test_sound_is_a_tone():
    data = (WORK / "sound.wav").read_bytes()
    samples = struct.unpack(f"<{(len(data) - 44) // 2}h", data[44:44 + (len(data) - 44) // 2 * 2])
    crossings = sum(1 for one, two in zip(samples, samples[1:]) if one < 0 <= two)
    assert abs(crossings - 880) < 5
