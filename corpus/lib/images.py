# SPDX-License-Identifier: Apache-2.0
"""Makes OCI layouts of three layers: a base every application shares, its packages, its own files.

Layers are kept in the cache as a compressed tar and as a folder: an image whose packages were
installed before takes seconds, and the folders can be run without mohs.
"""
import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import stat
import subprocess
import tarfile
import tempfile

import yaml

EPOCH = 1700000000
CREATED = "2023-11-14T22:13:20Z"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Goes up when layers are made in another way than those in a cache.
VERSION = "1"
# Of the release that the names of packages and the advisories are of. Updates are on top of it, and not
# on their own: what they do not have comes from the release.
RELEASE = "bookworm"
UPDATES = ("bookworm-updates", "bookworm-security")
# What images are made from: the release as it was last published, or that with its updates.
STATES = RELEASED, UPDATED = "released", "updated"

# What a setup or apt sees; everything mounted goes with the namespace, every process it left as well.
INSIDE = """
set -e
mount -t overlay -o "lowerdir=$LOWER,upperdir=$UPPER,workdir=$WORK,redirect_dir=off,index=off" overlay "$ROOT"
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
mount --bind /etc/resolv.conf "$ROOT/etc/resolv.conf"
mount --bind "$CACHE/lists" "$ROOT/var/lib/apt/lists"
mount --bind "$CACHE/archives" "$ROOT/var/cache/apt/archives"
exec env -i DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 HOME=/root "$PATH_LINE" SOURCE_DATE_EPOCH=%d \
    chroot "$ROOT" /bin/sh -ec "$SCRIPT"
""" % EPOCH

# A start script of a package must not start its service while an image is made; dpkg need not wait
# for the disk; what apt can fetch again is no part of an image. As official base images have it.
BASE_FILES = {
    "usr/sbin/policy-rc.d": ("#!/bin/sh\nexit 101\n", 0o755),
    "etc/dpkg/dpkg.cfg.d/docker-apt-speedup": ("force-unsafe-io\n", 0o644),
    "etc/apt/apt.conf.d/docker-gzip-indexes": (
        'Acquire::GzipIndexes "true";\nAcquire::CompressionTypes::Order:: "gz";\n', 0o644),
}


class ImageError(Exception):
    """An image could not be made; the text says why."""


@dataclasses.dataclass
class Layer:
    """One layer of the cache."""
    folder: pathlib.Path  # the files, whiteouts as overlayfs has them
    blob: pathlib.Path    # tar+gzip
    digest: str
    diff_id: str

    @property
    def size(self):
        return self.blob.stat().st_size


def call(command, **options):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, **options)
    if done.returncode:
        tail = done.stdout.decode(errors="replace").splitlines()[-25:]
        raise ImageError(f"{command[0]}: exit status {done.returncode}\n" + "\n".join(tail))
    return done.stdout.decode(errors="replace")


def archives(state):
    """Lines of a sources.list, of the mirrors that this machine uses for its own Debian."""
    mirrors = {}
    targets = call(["apt-get", "indextargets", "--format", "$(COMPONENT) $(RELEASE) $(REPO_URI)",
                    "Created-By: Packages"])
    for component, suite, address in (line.split() for line in targets.splitlines()):
        if component == "main":
            mirrors.setdefault(suite, address)
    if os.environ.get("MOHS_DEMO_MIRROR"):
        mirrors[RELEASE] = os.environ["MOHS_DEMO_MIRROR"]
    wanted = (RELEASE, *(UPDATES if state == UPDATED else ()))
    lacking = [suite for suite in wanted if suite not in mirrors]
    if lacking:
        raise ImageError(f"apt of this machine names no mirror of {', '.join(lacking)}"
                         + ("; set MOHS_DEMO_MIRROR" if RELEASE in lacking else ""))
    return [f"{mirrors[suite]} {suite} main" for suite in wanted]


# ---- layers ----

def is_whiteout(info):
    return stat.S_ISCHR(info.st_mode) and info.st_rdev == 0


def xattr(path, name):
    try:
        return os.getxattr(path, name, follow_symlinks=False)
    except OSError:
        return None


def add_entry(tar, folder, path, inodes):
    name = str(path.relative_to(folder))
    info = path.lstat()
    if is_whiteout(info):
        member = tarfile.TarInfo(str(path.relative_to(folder).parent / f".wh.{path.name}"))
        member.mtime = EPOCH
        tar.addfile(member)
        return
    if stat.S_ISSOCK(info.st_mode):
        return
    member = tar.gettarinfo(path, name)
    member.uname = member.gname = ""
    member.mtime = min(int(info.st_mtime), EPOCH)
    first = inodes.setdefault((info.st_dev, info.st_ino), name)
    if stat.S_ISREG(info.st_mode) and first != name:
        member.type, member.linkname, member.size = tarfile.LNKTYPE, first, 0
    elif stat.S_ISREG(info.st_mode):
        member.type, member.size = tarfile.REGTYPE, info.st_size
    capability = xattr(path, "security.capability")
    if capability:
        member.pax_headers["SCHILY.xattr.security.capability"] = capability.decode(errors="surrogateescape")
    if member.isreg():
        with open(path, "rb") as data:
            tar.addfile(member, data)
    else:
        tar.addfile(member)
    if member.isdir() and xattr(path, "trusted.overlay.opaque") == b"y":
        opaque = tarfile.TarInfo(f"{name}/.wh..wh..opq")
        opaque.mtime = EPOCH
        tar.addfile(opaque)


def write_tar(folder, file):
    """The folder as a tar, in the order of its names: the same files give the same bytes."""
    inodes = {}
    with tarfile.open(file, "w", format=tarfile.PAX_FORMAT) as tar:
        for top, folders, files in os.walk(folder):
            folders.sort()
            links = [name for name in folders if (pathlib.Path(top) / name).is_symlink()]
            if top != str(folder):
                add_entry(tar, folder, pathlib.Path(top), inodes)
            for name in sorted(files + links):
                add_entry(tar, folder, pathlib.Path(top) / name, inodes)


def digest_of(path):
    with open(path, "rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def finish_layer(work, folder, target):
    """Packs a folder and moves it and its blob to where the cache has them."""
    write_tar(folder, work / "tar")
    diff_id = digest_of(work / "tar")
    call(["gzip", "-n", "-6", work / "tar"])
    record = {"diff_id": diff_id, "digest": digest_of(work / "tar.gz")}
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    os.rename(folder, target / "folder")
    os.rename(work / "tar.gz", target / "blob")
    (target / "layer.json").write_text(json.dumps(record))
    return load_layer(target)


def load_layer(target):
    try:
        record = json.loads((target / "layer.json").read_text())
    except FileNotFoundError:
        return None
    return Layer(target / "folder", target / "blob", record["digest"], record["diff_id"])


class Cache:
    """Layers, package archives and package lists, shared by all applications of a state."""

    def __init__(self, folder, state=RELEASED):
        self.state = state
        self.folder = pathlib.Path(folder).absolute() / ("updated" if state == UPDATED else "")
        for name in ("lists", "archives", "layers"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def work(self):
        return tempfile.TemporaryDirectory(dir=self.folder, prefix="work-")

    @contextlib.contextmanager
    def alone(self):
        """One maker of images at a time: apt locks its archives, and a layer is made once."""
        with open(self.folder / "lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def base(self):
        target = self.folder / "layers" / f"base-{RELEASE}-{VERSION}"
        found = load_layer(target)
        if found:
            return found
        with self.work() as name:
            work = pathlib.Path(name)
            call(["mmdebstrap", "--quiet", "--variant=minbase", '--aptopt=Acquire::Check-Valid-Until "false"',
                  RELEASE, work / "base.tar", *(f"deb {line}" for line in archives(self.state))],
                 env=dict(os.environ, SOURCE_DATE_EPOCH=str(EPOCH)))
            folder = work / "folder"
            folder.mkdir()
            call(["tar", "-C", folder, "--numeric-owner", "--xattrs", "--xattrs-include=*", "-xf",
                  work / "base.tar", "--exclude=./dev/*"])
            for path, (text, mode) in BASE_FILES.items():
                (folder / path).write_text(text)
                (folder / path).chmod(mode)
            for path in ("etc/resolv.conf", "etc/hostname"):
                (folder / path).touch()
            return finish_layer(work, folder, target)

    def run(self, lower, script, work, extra=None):
        """Runs a script in a copy-on-write view of layers; returns the folder with what it changed."""
        for name in ("upper", "work", "root"):
            (work / name).mkdir(exist_ok=True)
        if extra:
            extra(work / "upper")
        environment = dict(
            os.environ, LOWER=":".join(str(layer.folder) for layer in reversed(lower)), UPPER=str(work / "upper"),
            WORK=str(work / "work"), ROOT=str(work / "root"), CACHE=str(self.folder), PATH_LINE=PATH,
            SCRIPT=script)
        call(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation=private", "sh", "-c", INSIDE],
             env=environment)
        return work / "upper"

    def refresh_lists(self, base):
        stamp = self.folder / "lists.stamp"
        if stamp.exists():
            return
        with self.work() as name:
            self.run([base], "apt-get -qq -o Acquire::Check-Valid-Until=false update", pathlib.Path(name))
        stamp.touch()

    def packages(self, base, names):
        """The layer that apt makes of some packages on the base."""
        names = sorted(names)
        key = hashlib.sha256(" ".join([VERSION, base.diff_id, *names]).encode()).hexdigest()[:24]
        target = self.folder / "layers" / f"packages-{key}"
        found = load_layer(target)
        if found:
            return found
        self.refresh_lists(base)
        script = f"apt-get -qq -y --no-install-recommends install {' '.join(names)}; rm -f /var/cache/apt/*.bin"
        with self.work() as name:
            return finish_layer(pathlib.Path(name), self.run([base], script, pathlib.Path(name)), target)

    def own(self, lower, app):
        """The layer of the application's own files, after its setup script has run on them."""
        key = hashlib.sha256(" ".join([VERSION, *(layer.diff_id for layer in lower), tree_digest(app)]).encode())
        target = self.folder / "layers" / f"own-{app.name}-{key.hexdigest()[:24]}"
        found = load_layer(target)
        if found:
            return found
        for old in (self.folder / "layers").glob(f"own-{app.name}-*"):
            shutil.rmtree(old)
        setup = app / "setup"
        script = setup.read_text() if setup.exists() else ":"

        def copy(upper):
            if (app / "files").is_dir():
                copy_files(app / "files", upper)
            build = app / "build"
            if build.exists():
                call([build, upper], cwd=app)
            if (app / "tls").exists():
                add_certificate(self.authority(), (app / "tls").read_text().split(), upper / "etc/corpus-tls")
        with self.work() as name:
            return finish_layer(pathlib.Path(name), self.run(lower, script, pathlib.Path(name), copy), target)

    def source(self, name):
        """The unpacked source package of the same archive: suites of upstream's own are in there."""
        target = self.folder / "sources" / name
        if target.exists():
            return target
        with self.work() as folder:
            work = pathlib.Path(folder)
            work.chmod(0o755)
            (work / "lists/partial").mkdir(parents=True)
            keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
            (work / "sources.list").write_text("".join(
                f"deb-src [signed-by={keyring}] {line}\n" for line in archives(self.state)))
            apt = ["apt-get", "-qq", "-o", f"Dir::Etc::sourcelist={work}/sources.list",
                   "-o", "Dir::Etc::sourceparts=/dev/null", "-o", f"Dir::State::lists={work}/lists",
                   "-o", f"Dir::Cache={work}", "-o", "Acquire::Check-Valid-Until=false"]
            call([*apt, "update"])
            call([*apt, "source", "--download-only", name], cwd=work)
            call(["dpkg-source", "--no-check", "-x", next(work.glob("*.dsc")).name, "unpacked"], cwd=work)
            target.parent.mkdir(exist_ok=True)
            os.rename(work / "unpacked", target)
        return target

    def authority(self):
        """The certificate authority of the corpus: made once, for all images and tests."""
        folder = self.folder / "tls"
        if not (folder / "ca.pem").exists():
            folder.mkdir(exist_ok=True)
            call(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                  "-days", "3650", "-subj", "/CN=corpus CA", "-keyout", folder / "ca.key",
                  "-out", folder / "ca.pem"])
        return folder


def copy_files(source, upper):
    """Files as in git: owned by root, 0755 where executable."""
    for path in sorted(source.rglob("*")):
        target = upper / path.relative_to(source)
        if path.is_symlink():
            target.symlink_to(os.readlink(path))
        elif path.is_dir():
            target.mkdir(exist_ok=True)
            target.chmod(0o755)
        else:
            shutil.copyfile(path, target)
            target.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def add_certificate(authority, names, folder):
    """A key and a certificate for some names, and the authority, in a folder of the image."""
    folder.mkdir(parents=True)
    for parent in (folder.parent, folder):
        parent.chmod(0o755)
    alternatives = ",".join(f"IP:{name}" if name[0].isdigit() else f"DNS:{name}" for name in names)
    call(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
          "-subj", f"/CN={names[0]}", "-keyout", folder / "key.pem", "-out", folder / "request"])
    (folder / "extensions").write_text(f"subjectAltName={alternatives}\n")
    call(["openssl", "x509", "-req", "-days", "3650", "-in", folder / "request", "-CA", authority / "ca.pem",
          "-CAkey", authority / "ca.key", "-CAcreateserial", "-extfile", folder / "extensions",
          "-out", folder / "cert.pem"])
    shutil.copyfile(authority / "ca.pem", folder / "ca.pem")
    for name in ("request", "extensions"):
        (folder / name).unlink()
    for name in ("cert.pem", "ca.pem", "key.pem"):
        (folder / name).chmod(0o644)


def tree_digest(app):
    """Of everything an image is made from; its tests and its service file are no part of that."""
    total = hashlib.sha256()
    for top in ("image.yaml", "setup", "build", "tls", "files", "src"):
        for path in sorted([app / top, *(app / top).rglob("*")]):
            if path.is_file():
                total.update(f"{path.relative_to(app)} {path.stat().st_mode & 0o100}\n".encode())
                total.update(path.read_bytes())
    return total.hexdigest()


# ---- the layout ----

def add_blob(layout, text):
    data = json.dumps(text, sort_keys=True, separators=(",", ":")).encode()
    digest = hashlib.sha256(data).hexdigest()
    (layout / "blobs/sha256" / digest).write_bytes(data)
    return {"digest": f"sha256:{digest}", "size": len(data)}


def write_layout(target, layers, config, tag):
    """Writes it beside, and moves it there when it is another: a run may be reading the one before."""
    layout = target.with_name(target.name + ".new")
    shutil.rmtree(layout, ignore_errors=True)
    (layout / "blobs/sha256").mkdir(parents=True)
    (layout / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    for layer in layers:
        os.link(layer.blob, layout / "blobs/sha256" / layer.digest)
    architecture = call(["dpkg", "--print-architecture"]).strip()
    configuration = add_blob(layout, {
        "created": CREATED, "architecture": architecture, "os": "linux",
        "config": dict(config, Env=[PATH, *config.get("Env", [])]),
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.diff_id}" for layer in layers]},
    })
    manifest = add_blob(layout, {
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": dict(configuration, mediaType="application/vnd.oci.image.config.v1+json"),
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                    "digest": f"sha256:{layer.digest}", "size": layer.size} for layer in layers],
    })
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [dict(
        manifest, mediaType="application/vnd.oci.image.manifest.v1+json",
        annotations={"org.opencontainers.image.ref.name": tag})]}
    (layout / "index.json").write_text(json.dumps(index))
    old = target / "index.json"
    if old.exists() and old.read_text() == json.dumps(index):
        shutil.rmtree(layout)
        return
    shutil.rmtree(target, ignore_errors=True)
    os.rename(layout, target)


def make(app, layout, cache):
    """The layout of one application, tagged "app"; returns its layers, the base first."""
    description = yaml.safe_load((app / "image.yaml").read_text())
    with cache.alone():
        for name in description.get("sources", []):
            cache.source(name)
        layers = [cache.base()]
        layers.append(cache.packages(layers[0], description["packages"]))
        if any((app / name).exists() for name in ("files", "setup", "build", "tls")):
            layers.append(cache.own(layers, app))
        write_layout(layout, layers, description.get("config", {}), "app")
    return layers
