#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges a bill of materials: sbom_check.py FILE [PACKAGES]

PACKAGES: lines "name version architecture source source-version" that have to be all of it.
$MOHS_SCHEMAS: a folder with spdx23.json, bom-1.5.schema.json, bom-1.6.schema.json,
spdx.schema.json, jsf-0.82.schema.json; where it is set the document is held against them as well.
"""
import json
import os
import pathlib
import re
import sys
import urllib.parse

ID = re.compile(r"SPDXRef-[A-Za-z0-9.-]+$")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
PURL = re.compile(r"pkg:(?:apk|deb)/[a-z0-9.-]+/([^@?]+)@([^?]+)\?(.*)$")
LICENCE = re.compile(r"[A-Za-z0-9.+-]+$")
SUPPLIER = re.compile(r"(Person|Organization): .+|NOASSERTION$")


def each_once(values, what):
    values = list(values)
    assert len(values) == len(set(values)), f"{what} twice"
    return set(values)


def check_licence(expression, known):
    if expression == "NOASSERTION":
        return
    for word in re.sub(r"[()]", " ", expression).split():
        if word in ("AND", "OR"):
            continue
        assert LICENCE.match(word), expression
        assert not word.startswith("LicenseRef-") or word in known, word


def from_purl(purl):
    found = PURL.match(purl)
    assert found, purl
    name, version = map(urllib.parse.unquote, found.groups()[:2])
    qualifiers = dict(part.split("=") for part in found.group(3).split("&"))
    assert list(qualifiers) == sorted(qualifiers) and "distro" in qualifiers, purl
    source, _, source_version = urllib.parse.unquote(qualifiers.get("upstream", name)).partition("@")
    return " ".join([name, version, qualifiers["arch"], source, source_version or version])


def check_spdx(d):
    assert (d["spdxVersion"], d["dataLicense"]) == ("SPDX-2.3", "CC0-1.0")
    assert TIME.match(d["creationInfo"]["created"]) and d["creationInfo"]["creators"]
    assert d["documentNamespace"].startswith("https://") and "#" not in d["documentNamespace"]
    packages, files = d["packages"], d.get("files", [])
    ids = each_once([x["SPDXID"] for x in packages + files] + [d["SPDXID"]], "an SPDXID")
    assert all(map(ID.match, ids))
    references = each_once((x["licenseId"] for x in d.get("hasExtractedLicensingInfos", [])), "a licence")
    assert all(x["extractedText"] for x in d.get("hasExtractedLicensingInfos", []))
    for relation in d["relationships"]:
        assert relation["spdxElementId"] in ids and relation["relatedSpdxElement"] in ids, relation
    each_once(map(json.dumps, d["relationships"]), "a relationship")
    pairs = {(x["spdxElementId"], x["relationshipType"], x["relatedSpdxElement"]) for x in d["relationships"]}
    image, system = packages[0], packages[1]
    assert image["primaryPackagePurpose"] == "CONTAINER" and image["checksums"]
    assert system["primaryPackagePurpose"] == "OPERATING_SYSTEM"
    assert (d["SPDXID"], "DESCRIBES", image["SPDXID"]) in pairs
    for package in packages:
        assert package["downloadLocation"] and package["filesAnalyzed"] is False
        assert SUPPLIER.match(package["supplier"]), package["supplier"]
        check_licence(package["licenseDeclared"], references)
    for package in packages[1:]:
        assert (image["SPDXID"], "CONTAINS", package["SPDXID"]) in pairs
    for file in files:
        assert file["fileName"].startswith("./")
        assert [x["algorithm"] for x in file["checksums"]] == ["SHA1", "SHA256"]
    for package in packages[2:]:
        line = from_purl(package["externalRefs"][0]["referenceLocator"])
        name, version, _, source, source_version = line.split(" ")
        assert (name, version) == (package["name"], package["versionInfo"])
        assert package["sourceInfo"] == f"built package from: {source} {source_version}", package["sourceInfo"]
        yield line


def check_cyclonedx(d):
    assert d["bomFormat"] == "CycloneDX" and d["specVersion"] in ("1.5", "1.6")
    assert UUID.match(d["serialNumber"]) and TIME.match(d["metadata"]["timestamp"])
    assert d["metadata"]["component"]["purl"].startswith("pkg:oci/")
    system, packages = d["components"][0], [x for x in d["components"][1:] if x["type"] == "library"]
    assert system["type"] == "operating-system"
    inner = [y for x in d["components"] for y in x.get("components", [])]
    refs = each_once((x["bom-ref"] for x in d["components"] + inner + [d["metadata"]["component"]]), "a bom-ref")
    each_once((x["ref"] for x in d["dependencies"]), "a dependency")
    for one in d["dependencies"]:
        assert one["ref"] in refs and each_once(one["dependsOn"], "a need") <= refs, one
    for package in packages:
        line = from_purl(package["purl"])
        name, version, _, source, source_version = line.split(" ")
        assert (name, version) == (package["name"], package["version"])
        said = {x["name"]: x["value"] for x in package["properties"]}
        assert (said["mohs:source"], said["mohs:source-version"]) == (source, source_version)
        yield line


def check_schema(d, folder):
    import jsonschema  # pylint: disable=import-outside-toplevel
    load = lambda name: json.loads((folder / name).read_text())  # noqa: E731
    if "spdxVersion" in d:
        found = jsonschema.Draft201909Validator(load("spdx23.json")).iter_errors(d)
    else:
        schema = load(f"bom-{d['specVersion']}.schema.json")
        base = schema["$id"].rsplit("/", 1)[0]
        store = {f"{base}/{part}{middle}.schema.json": load(f"{part}.schema.json")
                 for part in ("spdx", "jsf-0.82") for middle in ("", ".SNAPSHOT")}
        resolver = jsonschema.RefResolver(schema["$id"], schema, store=store)
        found = jsonschema.Draft7Validator(schema, resolver=resolver).iter_errors(d)
    found = [f"{list(x.absolute_path)}: {x.message[:200]}" for x in found]
    assert not found, "\n".join(found[:5])


def main():
    d = json.loads(pathlib.Path(sys.argv[1]).read_text())
    lines = sorted(check_spdx(d) if "spdxVersion" in d else check_cyclonedx(d))
    if len(sys.argv) > 2:
        wanted = sorted(pathlib.Path(sys.argv[2]).read_text().splitlines())
        assert lines == wanted, f"differ: {sorted(set(lines) ^ set(wanted))[:6]}"
    if os.environ.get("MOHS_SCHEMAS"):
        check_schema(d, pathlib.Path(os.environ["MOHS_SCHEMAS"]))
    print(len(lines))


main()
