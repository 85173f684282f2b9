# SPDX-License-Identifier: Apache-2.0
"""Waits until the job has ended: the job itself is the load."""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import corpus  # noqa: E402

WORK = pathlib.Path(__file__).resolve().parent.parent / "out/ffmpeg-batch/work"

if not corpus.until(lambda: not pathlib.Path(f"/proc/{corpus.pid()}/exe").exists() and (WORK / "sound.md5").exists(), 100):
    sys.exit("the job does not end")
