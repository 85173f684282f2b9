# SPDX-License-Identifier: Apache-2.0
"""Suites that come with a program's own source: their results as JUnit, one case for each point."""
import os
import pathlib
import re
import sys
import xml.etree.ElementTree as tree

CACHE = pathlib.Path(os.environ.get("CORPUS_CACHE", pathlib.Path(__file__).parent.parent / "out/cache"))
TAP = re.compile(r"^(not )?ok\b[ \t]*(\d*)[ \t]*-?[ \t]*([^#\n]*)(#[ \t]*(?:SKIP|TODO).*)?", re.IGNORECASE | re.MULTILINE)
# XML 1.0 knows no other control characters.
UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd]")


def source(name):
    return CACHE / "sources" / name


class Cases:
    """Collects cases; finish() writes them where mohs looks and ends with the right status."""

    def __init__(self, suite):
        self.suite = tree.Element("testsuite", name=suite)
        self.failed = 0

    def add(self, group, name, state, text=""):
        clean = {"name": UNPRINTABLE.sub("?", name), "classname": group}
        case = tree.SubElement(self.suite, "testcase", clean)
        if state == "failed":
            self.failed += 1
            tree.SubElement(case, "failure", message=UNPRINTABLE.sub("?", text[:500]))
            print(f"FAILED {group}: {name}: {text}")
        elif state == "skipped":
            tree.SubElement(case, "skipped", message=UNPRINTABLE.sub("?", text[:500]))

    def tap(self, group, text, status):
        """Points of a TAP stream; a program that ends badly without a failed one is one more."""
        failed, points = self.failed, 0
        for bad, number, title, directive in TAP.findall(text):
            points += 1
            state = "skipped" if directive else "failed" if bad else "passed"
            self.add(group, f"{number} {title}".strip(), state, directive)
        if (status and self.failed == failed) or (not points and "1..0" not in text):
            self.add(group, "the whole", "failed", f"exit status {status} after {points}: {text[-300:]}")

    def finish(self):
        count = len(self.suite)
        junit = os.environ.get("MOHS_JUNIT")
        if junit:
            tree.ElementTree(self.suite).write(junit)
        print(f"{count - self.failed} of {count} not failed")
        sys.exit(1 if self.failed or not count else 0)
