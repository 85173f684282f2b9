#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A whole first `mohs scan` of an image with 200,000 extra small files and 300 packages of languages,
# against the least that could be: igzip inflates its one gzip layer, and the compressed and the plain
# bytes are hashed, in one thread. Then the second scan, and the peak of memory: of all processes, what
# they share counted once, looked at every 10 ms. Measured in turn; medians.
# usage: languages.sh   (FILES 200000, ROUNDS 5). Needs umoci. Goals: 1.5 times the floor, 128 MiB.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
build=${BUILD:-$here/build}
cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mohs-bench}
rounds=${ROUNDS:-5}
files=${FILES:-200000}
mohs=$build/src/cmd/mohs
ninja -C "$build" bench/inflate_hash src/cmd/mohs >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export MOHS_CACHE=$work/cache MOHS_DB=$work/advisories.db

layout=$cache/languages-$files
if [ ! -d "$layout" ]; then
	mkdir -p "$cache"
	python3 - "$files" >"$work/layer.tar" <<'END'
import hashlib, io, random, sys, tarfile

rng = random.Random(5)
words = [f"{rng.getrandbits(40):x}" for _ in range(4000)]
out = tarfile.open(fileobj=sys.stdout.buffer, mode="w|")

def add(path, text):
    data = text.encode()
    info = tarfile.TarInfo(path)
    info.size, info.mtime = len(data), 1700000000
    out.addfile(info, io.BytesIO(data))

def text():
    return " ".join(rng.choices(words, k=rng.randint(20, 180)))

add("etc/os-release", 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n')
site = "usr/lib/python3.11/site-packages"
for n in range(100):
    record = "".join(f"pack{n}/m{i}.py,,\n" for i in range(40))
    add(f"{site}/pack{n}-1.{n}.dist-info/METADATA", f"Name: pack{n}\nVersion: 1.{n}\nLicense: MIT\n\n" + text())
    add(f"{site}/pack{n}-1.{n}.dist-info/RECORD", record)
    for i in range(40):
        add(f"{site}/pack{n}/m{i}.py", text())
for n in range(100):
    add(f"app/node_modules/pack{n}/package.json", f'{{"name": "pack{n}", "version": "1.0.{n}", "license": "MIT"}}')
    for i in range(40):
        add(f"app/node_modules/pack{n}/lib/m{i}.js", text())
for n in range(50):
    home = "var/lib/gems/3.1.0"
    add(f"{home}/specifications/pack{n}-1.0.gemspec", f"# stub: pack{n} 1.0 ruby lib\n")
    for i in range(40):
        add(f"{home}/gems/pack{n}-1.0/lib/m{i}.rb", text())
items = ",".join(f'{{"name": "a/pack{n}", "version": "1.0", "install-path": "../a/pack{n}"}}' for n in range(50))
add("srv/vendor/composer/installed.json", f'{{"packages": [{items}]}}')
for n in range(50):
    for i in range(40):
        add(f"srv/vendor/a/pack{n}/m{i}.php", text())
for n in range(int(sys.argv[1])):
    add(f"data/{n // 500}/{n:06}.txt", text())
out.close()
END
	rm -rf "$layout.new"
	umoci init --layout "$layout.new"
	umoci new --image "$layout.new:v1"
	umoci raw add-layer --image "$layout.new:v1" "$work/layer.tar"
	rm "$work/layer.tar"
	mv "$layout.new" "$layout"
fi
image=oci:$layout:v1
manifest=$layout/blobs/$(jq -r '.manifests[0].digest | sub(":"; "/")' "$layout/index.json")
layer=$layout/blobs/$(jq -r '.layers[0].digest | sub(":"; "/")' "$manifest")
cp -r "$here/data/advisories" "$work/mirror"
"$mohs" db import "$work/mirror" >/dev/null

median() { sort -n "$1" | sed -n "$((($(wc -l <"$1") + 1) / 2))p"; }
timed() { # file, command...
	local from to=$1
	shift
	from=$(date +%s%N)
	"$@" >"$work/out" 2>"$work/errors"
	echo $((($(date +%s%N) - from) / 1000000)) >>"$to"
}

for _ in $(seq "$rounds"); do
	"$build/bench/inflate_hash" "$layer" | cut -d' ' -f1 >>"$work/floor"
	rm -rf "$MOHS_CACHE"
	timed "$work/cold" "$mohs" scan --json "$image"
	timed "$work/warm" "$mohs" scan --json "$image"
done
[ "$(jq '.inventory.components | length' "$work/out")" -ge 300 ]

rm -rf "$MOHS_CACHE"
python3 - "$mohs" scan "$image" >"$work/peak" <<'END'
import pathlib, re, subprocess, sys, time

scan = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

def memory(pid):
    try:
        base = pathlib.Path("/proc", str(pid))
        children = [c for t in (base / "task").iterdir() for c in (t / "children").read_text().split()]
        own = int(re.search(r"^Pss:\s+(\d+)", (base / "smaps_rollup").read_text(), re.M).group(1))
        return own + sum(memory(c) for c in children)
    except (OSError, AttributeError):
        return 0

peak = 0
while scan.poll() is None:
    peak = max(peak, memory(scan.pid))
    time.sleep(0.01)
print(peak)
END

floor=$(median "$work/floor")
show() { # name, file
	awk -v name="$1" -v ms="$(median "$2")" -v floor="$floor" \
		'BEGIN { printf "%-22s %6d ms   %5.2f x floor\n", name, ms, ms / floor }'
}
echo "$files files and 300 packages of languages, medians of $rounds"
show "floor" "$work/floor"
show "mohs scan, first" "$work/cold"
show "mohs scan, second" "$work/warm"
echo "peak of memory         $(($(cat "$work/peak") / 1024)) MiB"
