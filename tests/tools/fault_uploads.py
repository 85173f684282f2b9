# SPDX-License-Identifier: Apache-2.0
"""The part of fault-registry that takes uploads: repositories whose names begin with "up-"."""
import hashlib
import json
import re
import urllib.parse
import uuid

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
WRONG = "sha256:" + "0" * 64


def digest_of(body):
    return "sha256:" + hashlib.sha256(body).hexdigest()


def listed(*digests):
    """An index of referrers as another client would write it."""
    entries = [{"mediaType": MANIFEST, "size": 2, "digest": digest, "artifactType": "application/x-other"}
               for digest in digests]
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()


class Repository:
    def __init__(self):
        self.blobs, self.manifests, self.tags, self.uploads, self.faults = {}, {}, {}, {}, {}


REPOSITORIES = {}


class Uploads:
    """Mixed into the handlers; `server.other` is the second server's port."""

    def take_body(self, most=None):
        n = int(self.headers.get("Content-Length", 0))
        return self.rfile.read(n if most is None else min(n, most))

    def once(self, key):
        count = self.repository.faults.get(key, 0)
        self.repository.faults[key] = count + 1
        return count == 0

    def place(self, session):
        if self.fault == "up-elsewhere":
            return f"http://127.0.0.1:{self.other_port()}/session/{self.fault}/{session}?state=x"
        if self.fault == "up-plain":
            return f"http://127.0.0.1:{self.other_port()}/session/{self.fault}/{session}"
        if self.fault in ("up-die", "up-gone"):
            return f"http://{self.headers['Host']}/v2/{self.fault}/blobs/uploads/{session}?state=x"
        return f"/v2/{self.fault}/blobs/uploads/{session}"

    def upload(self, method):
        """True when the request was one for a repository of this kind."""
        path = urllib.parse.urlsplit(self.path)
        match = re.fullmatch(r"/(?:v2|session)/(up-[a-z-]+)/?(?:(blobs/uploads|blobs|manifests|referrers)/)?(.*)",
                             path.path)
        if not match:
            return False
        self.fault, kind, what = match.groups()
        if path.path.startswith("/session/"):
            kind = "blobs/uploads"
        self.repository = REPOSITORIES.setdefault(self.fault, Repository())
        query = dict(urllib.parse.parse_qsl(path.query))
        self.note(method)
        if self.fault == "up-elsewhere" and self.name == "main" and "Authorization" not in self.headers:
            self.take_body()
            self.challenge('Basic realm="here"')
            return True
        {"blobs/uploads": self.session, "blobs": self.one_blob, "manifests": self.one_manifest,
         "referrers": self.referrers}[kind](method, what, query)
        return True

    def one_blob(self, method, digest, _query):
        if digest not in self.repository.blobs:
            return self.send(404)
        body = self.repository.blobs[digest]
        size = len(body) + (self.fault == "up-size")
        headers = [("Docker-Content-Digest", WRONG if self.fault == "up-head" else digest)]
        return self.send(200, b"" if method == "HEAD" else body, headers, length=size)

    def session(self, method, session, query):
        if method == "POST":
            if self.fault == "up-busy" and self.once("POST"):
                return self.send(429, b"", [("Retry-After", "1")])
            session = uuid.uuid4().hex
            self.repository.uploads[session] = b""
            return self.send(202, b"", [("Location", self.place(session))])
        if session not in self.repository.uploads:
            self.take_body()
            return self.send(404, b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}')
        if method == "DELETE":
            del self.repository.uploads[session]
            return self.send(204)
        if method == "GET":
            return self.send(204, b"", self.state(session))
        return self.piece(method, session, query)

    def state(self, session):
        n = len(self.repository.uploads[session])
        return [("Location", self.place(session)), ("Range", f"0-{max(n - 1, 0)}")]

    def piece(self, method, session, query):
        uploads = self.repository.uploads
        length = int(self.headers.get("Content-Length", 0))
        if self.fault in ("up-die", "up-gone") and length > 1000 and self.once("piece"):
            uploads[session] += self.take_body(length // 2)
            if self.fault == "up-gone":
                del uploads[session]
            self.close_connection = True
            self.connection.close()
            return None
        start = self.headers.get("Content-Range", f"{len(uploads[session])}-").split("-")[0]
        body = self.take_body()
        if self.fault == "up-down" or (self.fault == "up-partly" and length > 1000):
            return self.send(500)
        if self.fault == "up-busy" and self.once("piece"):
            return self.send(503, b"", [("Retry-After", "1")])
        if self.fault == "up-redirect":
            return self.send(307, b"", [("Location", f"http://127.0.0.1:{self.other_port()}/taken")])
        if int(start) != len(uploads[session]):
            return self.send(416, b"", self.state(session))
        if self.fault == "up-keep" and method == "PATCH":
            body = body[:len(body) // 2 + 1]
        if self.fault == "up-more" and method == "PATCH":
            return self.send(202, b"", [("Range", "0-999999999")])
        uploads[session] += body
        if method == "PATCH":
            return self.send(202, b"", self.state(session))
        return self.finish(session, query["digest"])

    def finish(self, session, digest):
        body = self.repository.uploads.pop(session)
        if self.fault == "up-flip" or digest_of(body) != digest:
            return self.send(400, b'{"errors":[{"code":"DIGEST_INVALID","message":"does not match"}]}')
        self.repository.blobs[digest] = body
        said = WRONG if self.fault == "up-lie" else digest
        return self.send(201, b"", [("Docker-Content-Digest", said)])

    def one_manifest(self, method, name, _query):
        if method == "PUT":
            return self.put_manifest(name, self.take_body())
        repository = self.repository
        digest = name if name.startswith("sha256:") else repository.tags.get(name)
        if digest not in repository.manifests:
            return self.send(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
        kind, body = repository.manifests[digest]
        return self.send(200, body, [("Content-Type", kind), ("Docker-Content-Digest", digest),
                                     ("ETag", f'"{digest}"')])

    def overwrite(self, name, body):
        self.repository.manifests[digest_of(body)] = (INDEX, body)
        self.repository.tags[name] = digest_of(body)

    def condition(self, name):
        """Another client writes before the first request of each kind of condition."""
        wanted, tags = self.headers.get("If-Match"), self.repository.tags
        if self.once("If-Match" if wanted else "If-None-Match"):
            others = json.loads(self.repository.manifests[tags[name]][1]) if name in tags else {}
            body = json.loads(listed("sha256:" + ("2" if wanted else "1") * 64))
            body["manifests"] += others.get("manifests", [])
            self.overwrite(name, json.dumps(body).encode())
        if wanted:
            return wanted == f'"{tags.get(name)}"'
        return self.headers.get("If-None-Match") == "*" and name not in tags

    def put_manifest(self, name, body):
        repository, digest = self.repository, digest_of(body)
        is_list = name.startswith("sha256-") and "." not in name
        if self.fault == "up-match" and is_list and not self.condition(name):
            return self.send(412)
        if not name.startswith("sha256:"):
            repository.tags[name] = digest
        repository.manifests[digest] = (self.headers["Content-Type"], body)
        if is_list and (self.fault == "up-race" and self.once("race") or self.fault == "up-war"):
            self.overwrite(name, listed("sha256:" + "1" * 64))
        said = WRONG if self.fault == "up-mismatch" else digest
        subject = json.loads(body).get("subject", {}).get("digest")
        headers = [("Docker-Content-Digest", said)]
        if subject and self.fault in ("up-api", "up-claims"):
            headers.append(("OCI-Subject", subject))
        return self.send(201, b"", headers)

    def referrers(self, _method, subject, query):
        if self.fault == "up-broken":
            return self.send(500)
        if self.fault != "up-api":
            return self.send(404)
        entries = []
        for digest, (kind, body) in self.repository.manifests.items():
            document = json.loads(body)
            if document.get("subject", {}).get("digest") == subject:
                entries.append({"mediaType": kind, "digest": digest, "size": len(body),
                                "artifactType": document.get("artifactType"),
                                "annotations": document.get("annotations", {})})
        page = int(query.get("page", 0))
        body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries[page:page + 1]}).encode()
        headers = [("Content-Type", INDEX)]
        if page + 1 < len(entries):
            headers.append(("Link", f'<{self.path.split("?")[0]}?page={page + 1}>; rel="next"'))
        return self.send(200, body, headers)
