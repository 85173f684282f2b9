# SPDX-License-Identifier: Apache-2.0
"""Waits until the job has written its last output."""
import os
import pathlib
import sys
import time

WORK = pathlib.Path(__file__).resolve().parent.parent / "out/ffmpeg-batch/work"

deadline = time.monotonic() + 100
while time.monotonic() < deadline:
    if not os.path.exists(f"/proc/{os.environ['MOHS_PID']}/exe") and (WORK / "sound.md5").exists():
        sys.exit(0)
    time.sleep(0.1)
sys.exit("the job does not end")
