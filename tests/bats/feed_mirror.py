#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a small mirror of the feeds that are archives or XML: feed_mirror.py FOLDER

The shapes are the official ones, the content is made up.
"""
import bz2
import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile

folder = sys.argv[1]
vex = os.path.join(os.path.dirname(__file__), "..", "unit", "data", "redhat_vex.json")


def write(path, data):
    path = os.path.join(folder, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def osv(ecosystem, *records):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for record in records:
            archive.writestr(record["id"] + ".json", json.dumps(record))
    write(f"osv/{ecosystem}/all.zip", data.getvalue())


def affected(ecosystem, name, events, **further):
    return {
        "package": {"ecosystem": ecosystem, "name": name},
        "ranges": [{"type": "ECOSYSTEM", "events": [dict([event]) for event in events]}],
        **further,
    }


def fixed(version):
    return [("introduced", "0"), ("fixed", version)]


HIGH = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}]

osv(
    "PyPI",
    {"id": "PYSEC-2024-1", "aliases": ["CVE-2024-0001", "GHSA-aaaa-bbbb-cccc"],
     "affected": [affected("PyPI", "Foo.Bar", fixed("1.5"))]},
    {"id": "GHSA-aaaa-bbbb-cccc", "aliases": ["CVE-2024-0001"], "severity": HIGH,
     "affected": [affected("PyPI", "foo_bar", [("introduced", "1.2"), ("fixed", "1.6"),
                                               ("introduced", "2.0"), ("last_affected", "2.1")]),
                  affected("npm", "other", fixed("1"))]},
    {"id": "PYSEC-2024-2", "affected": [{"package": {"ecosystem": "PyPI", "name": "a"},
                                         "versions": ["1.0", "1.1"]}]},
    {"id": "PYSEC-2024-3", "affected": [{"package": {"ecosystem": "PyPI", "name": "a"}}]},
    {"id": "PYSEC-2024-4", "withdrawn": "2024-01-01T00:00:00Z",
     "affected": [affected("PyPI", "a", fixed("9"))]},
)
osv("NuGet", {"id": "GHSA-dddd", "aliases": ["CVE-2024-0002"],
              "affected": [affected("NuGet", "Newton.Json", fixed("13.0.1"))]})
osv(
    "AlmaLinux",
    {"id": "ALSA-2024:0001", "summary": "Important: nodejs:18 security update",
     "related": ["CVE-2024-0003"],
     "affected": [affected("AlmaLinux:8", "npm", fixed("1:10.8.2-1.module_el8.10.0+1+a"))]},
    {"id": "ALBA-2024:0002", "affected": [affected("AlmaLinux:8", "bash", fixed("5-1.el8"))]},
)
osv("Rocky Linux", {"id": "RLSA-2024:0001", "upstream": ["CVE-2024-0003"],
                    "affected": [affected("Rocky Linux:9", "openssl", fixed("1:3.0.7-27.el9"))]})
osv("Azure Linux", {"id": "AZL-1", "upstream": ["CVE-2024-0003"],
                    "affected": [affected("Azure Linux:3", "curl", fixed("8.8.0-1.azl3"))]})
osv("SUSE", {"id": "SUSE-SU-2024:0001-1", "upstream": ["CVE-2024-0004"], "affected": [
    affected("SUSE:Linux Enterprise Module for Basesystem 15 SP5", "openssl", fixed("1.1-1"),
             ecosystem_specific={"binaries": [{"libssl1": "1.1-2", "openssl": "1.1-1"}]}),
    affected("SUSE:Linux Enterprise Server 15 SP3-LTSS", "openssl", fixed("1.1-1"),
             ecosystem_specific={"binaries": [{"libssl1": "1.1-2"}]})]})
osv("openSUSE", {"id": "openSUSE-SU-2024:0001-1", "upstream": ["CVE-2024-0004"], "affected": [
    affected("openSUSE:Leap 15.6", "openssl", fixed("1"),
             ecosystem_specific={"binaries": [{"libssl1": "1.1-2"}]}),
    affected("openSUSE:Tumbleweed", "openssl", fixed("1"),
             ecosystem_specific={"binaries": [{"libssl1": "3-1"}]})]})
osv(
    "Ubuntu",
    {"id": "UBUNTU-CVE-2024-0005", "upstream": ["CVE-2024-0005"],
     "severity": [{"type": "Ubuntu", "score": "low"}],
     "affected": [affected("Ubuntu:22.04:LTS", "bash", [("introduced", "0")]),
                  affected("Ubuntu:Pro:18.04:LTS", "bash", fixed("4.4.18-2ubuntu1.3+esm1")),
                  affected("Ubuntu:Pro:FIPS:20.04:LTS", "bash", fixed("1"))]},
    {"id": "USN-1-1", "affected": [affected("Ubuntu:22.04:LTS", "bash", fixed("9"))]},
)

tar = io.BytesIO()
with tarfile.open(fileobj=tar, mode="w") as archive:
    archive.add(vex, "2024/cve-2024-0001.json")
write("redhat/csaf_vex.tar.zst",
      subprocess.run(["zstd", "-q"], input=tar.getvalue(), capture_output=True, check=True).stdout)

UPDATE = """<updates><update type="security"><id>ALAS2023-2023-001</id><severity>medium</severity>
<references><reference type="cve" id="CVE-2024-0006"/></references><pkglist><collection>
<package arch="x86_64" epoch="1" name="curl" version="7.87.0" release="2.{0}"/>
<package arch="aarch64" epoch="1" name="curl" version="7.87.0" release="2.{0}"/>
</collection></pkglist></update></updates>
"""
write("amazon/2/updateinfo.xml.gz", gzip.compress(UPDATE.format("amzn2").encode()))
write("amazon/2023/updateinfo.xml", UPDATE.format("amzn2023").encode())

DEFINITIONS = """<oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5">
<definitions><definition class="patch"><metadata><reference source="elsa" ref_id="ELSA-2024-0001"/>
<reference source="CVE" ref_id="CVE-2024-0007"/><advisory><severity>LOW</severity></advisory>
</metadata><criteria><criterion comment="Oracle Linux 8 is installed"/>
<criterion comment="Module nodejs:18 is enabled"/><criteria operator="OR">
<criterion comment="npm is earlier than 1:10.8.2-1.module+el8.10.0+1"/></criteria></criteria>
</definition></definitions></oval_definitions>
"""
write("oracle/com.oracle.elsa-all.xml.bz2", bz2.compress(DEFINITIONS.encode()))
write("kev/known_exploited_vulnerabilities.json",
      b'{"vulnerabilities": [{"cveID": "CVE-2024-0001"}]}')
write("epss/epss_scores-current.csv", b"cve,epss\nCVE-2024-0001,0.5\n")
write("nvd/cves.json", b'{"vulnerabilities": [], "totalResults": 0}')
write("feeds.json", json.dumps({
    "pypi": {"date": "2026-11-22T00:00:00Z", "partial": "three packages only"},
    "redhat": "2026-11-23T00:00:00Z",
    "nuget": {"date": "2026-11-23T00:00:00Z"},
}).encode())
