# SPDX-License-Identifier: Apache-2.0
"""Runs an application's loads without mohs, in runc on an overlay of its layers, and compares.

A load that prints a rate ("Requests/sec: N") is compared by it, any other by the time it takes.
"""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import yaml

RATE = re.compile(r"^(?:Requests/sec:|rate:|tps =)\s*([0-9.]+)", re.MULTILINE)
# What is shorter says more of starting a process than of the view.
SHORTEST_MS = 400
CAPABILITIES = """CAP_CHOWN CAP_DAC_OVERRIDE CAP_FSETID CAP_FOWNER CAP_MKNOD CAP_NET_RAW CAP_SETGID CAP_SETUID
    CAP_SETFCAP CAP_SETPCAP CAP_NET_BIND_SERVICE CAP_SYS_CHROOT CAP_KILL CAP_AUDIT_WRITE""".split()


def slowdown(app, folder, image, layers):
    """{"loads": {name: ratio}, "median": ratio}, or {"left_out": why}."""
    service = yaml.safe_load((app / "mohs.yaml").read_text())
    if service.get("services"):
        return {"left_out": "runs beside other containers"}
    if service.get("mounts"):
        return {"left_out": "works on mounted folders"}
    logs = folder / "hardened/logs/profile"
    recorded = json.loads((folder / "hardened/profile.json").read_text()) \
        if (folder / "hardened/profile.json").exists() else {"phases": []}
    lens = {phase["name"]: phase["duration_ms"] for phase in recorded["phases"] if phase["kind"] == "load"}
    loads = [load for load in service.get("loads", []) if lens.get(load["name"], 0) >= SHORTEST_MS]
    if not loads:
        return {"left_out": "no load is long enough"}
    with tempfile.TemporaryDirectory(dir=folder, prefix="native-") as work:
        order = {"app": str(app), "image": str(image), "work": work, "loads": loads,
                 "lower": ":".join(str(layer.folder) for layer in reversed(layers))}
        done = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
                               "--propagation=private", sys.executable, __file__, json.dumps(order)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              timeout=600)
    try:
        bare = json.loads(done.stdout.decode().splitlines()[-1])
    except (ValueError, IndexError):
        said = " ".join(done.stderr.decode(errors="replace").split())
        return {"left_out": f"did not run natively: {said[-200:]}"}
    ratios = {}
    for name, measured in bare.items():
        rate = RATE.search((logs / f"load-{name}.log").read_text(errors="replace"))
        if measured["rate"] and rate and float(rate[1]) > 0:
            ratios[name] = round(measured["rate"] / float(rate[1]), 2)
        else:
            ratios[name] = round(lens[name] / max(1, measured["ms"]), 2)
    ordered = sorted(ratios.values())
    return {"loads": ratios, "median": ordered[len(ordered) // 2]}


# ---- inside the namespaces ----

def image_config(layout):
    blob = pathlib.Path(layout) / "blobs/sha256"
    index = json.loads((pathlib.Path(layout) / "index.json").read_text())
    manifest = json.loads((blob / index["manifests"][0]["digest"].split(":")[1]).read_text())
    return json.loads((blob / manifest["config"]["digest"].split(":")[1]).read_text())["config"]


def user_ids(root, user):
    """Numbers of "USER[:GROUP]" as the image's own databases have them."""
    name, _, group = user.partition(":")
    uid, gid, groups = 0, 0, []
    for line in (root / "etc/passwd").read_text().splitlines():
        fields = line.split(":")
        if name in (fields[0], fields[2]):
            name, uid, gid = fields[0], int(fields[2]), int(fields[3])
    for line in (root / "etc/group").read_text().splitlines():
        fields = line.split(":")
        if group and group in (fields[0], fields[2]):
            gid = int(fields[2])
        if name in fields[3].split(","):
            groups.append(int(fields[2]))
    return {"uid": uid, "gid": gid, "additionalGids": groups}


def bundle(order, service, config):
    work = pathlib.Path(order["work"])
    root = work / "rootfs"
    for name in ("upper", "work", "rootfs"):
        (work / name).mkdir()
    subprocess.run(["mount", "-t", "overlay", "-o", f"lowerdir={order['lower']},upperdir={work}/upper,"
                    f"workdir={work}/work,redirect_dir=off,index=off,volatile", "overlay", root], check=True)
    subprocess.run(["runc", "spec"], cwd=work, check=True)
    spec = json.loads((work / "config.json").read_text())
    environment = [*config.get("Env", []), *(f"{key}={value}" for key, value in service.get("env", {}).items())]
    if config.get("User"):
        user = user_ids(root, config["User"])
    else:
        user = {"uid": 0, "gid": 0}
    spec["process"].update(
        terminal=False, cwd=config.get("WorkingDir", "/") or "/", rlimits=[], noNewPrivileges=False, user=user,
        env=[*environment, "HOSTNAME=native", "HOME=/root"],
        args=[*config.get("Entrypoint", []), *(service.get("command") or config.get("Cmd", []))],
        capabilities={name: CAPABILITIES for name in ("bounding", "effective", "permitted")})
    spec["root"]["readonly"] = False
    spec["linux"]["namespaces"] = [{"type": name} for name in ("pid", "mount", "ipc", "uts")]
    (work / "config.json").write_text(json.dumps(spec))
    return work


def is_ready(ready, name):
    if "http" in ready:
        try:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(ready["http"], timeout=2)
            return True
        except urllib.error.HTTPError as error:
            return error.code < 500
        except OSError:
            return False
    if "tcp" in ready:
        host, _, port = ready["tcp"].rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout=2).close()
            return True
        except OSError:
            return False
    return subprocess.run(["runc", "exec", name, *ready["command"]], stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def run_loads(order, service, name):
    results = {}
    for load in order["loads"]:
        started = time.monotonic()
        done = subprocess.run(load["run"], cwd=order["app"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False, env=dict(
                                  os.environ, MOHS_HOST="127.0.0.1", MOHS_PID=pathlib.Path("pid").read_text().strip(),
                                  MOHS_PHASE=load["name"], MOHS_IMAGE=service["image"]))
        if done.returncode:
            raise SystemExit(f"load {load['name']}: exit status {done.returncode}: "
                             + done.stdout.decode(errors="replace")[-200:])
        rate = RATE.search(done.stdout.decode(errors="replace"))
        results[load["name"]] = {"ms": int((time.monotonic() - started) * 1000),
                                 "rate": float(rate[1]) if rate else None}
    return results


def inside(order):
    service = yaml.safe_load((pathlib.Path(order["app"]) / "mohs.yaml").read_text())
    config = image_config(order["image"])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    # As Docker and mohs have it: every user may listen on any port.
    pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text("0")
    work = bundle(order, service, config)
    os.chdir(work)
    name = f"mohs-corpus-{service['service']}-{time.time_ns() % 1000000}"
    with open("log", "wb") as log:
        process = subprocess.Popen(["runc", "run", "--pid-file", "pid", name], stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 90
        while not is_ready(service.get("ready", {}), name):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("never ready: " + pathlib.Path("log").read_text(errors="replace")[-200:])
            time.sleep(0.1)
        print(json.dumps(run_loads(order, service, name)))
    finally:
        subprocess.run(["runc", "kill", name, "KILL"], check=False, stderr=subprocess.DEVNULL)
        process.wait(timeout=30)
        subprocess.run(["runc", "delete", "-f", name], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["umount", "-l", work / "rootfs"], check=False)


if __name__ == "__main__":
    inside(json.loads(sys.argv[1]))
