#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Packages of Python, Node, Ruby and PHP: what the languages' own tools list and what Trivy lists is
# what mohs lists, before and after hardening.

bats_require_minimum_version 1.5.0
load peers

setup_file() {
	ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	build=${MOHS_BUILD:-$ROOT/build}
	export ROOT mohs=${MOHS:-$build/src/cmd/mohs} work=$BATS_FILE_TMPDIR
	export MOHS_CACHE=$work/cache
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

# need_python, need_node, need_ruby: SITE, MODULES, "${RUBY[@]}" and RUBY_ROOT.
need_python() {
	peer_or_skip "$ROOT/tests/tools/pip-peer" languages flask==3.1.0
	SITE=$PEER
}

need_node() {
	peer_or_skip "$ROOT/tests/tools/npm-peer" languages express@4.21.2 @babel/code-frame@7.26.2 \
		spdx-license-ids@3.0.20
	MODULES=$PEER
}

need_ruby() {
	peer_or_skip "$ROOT/tests/tools/deb-peer" ruby ruby3.1 ruby3.2 ruby3.3 libruby libruby3.1 libruby3.2 libruby3.3 \
		libruby3.1t64 libruby3.2t64 libruby3.3t64 rubygems-integration ruby-rubygems libyaml-0-2
	RUBY_ROOT=$PEER
	local program
	program=$(echo "$PEER"/usr/bin/ruby3.?)
	RUBY_PROGRAM=/usr/bin/${program##*/}
	RUBY_LIBRARY=/usr/lib/ruby/${program##*/ruby}.0
	local libraries
	libraries=$(echo "$PEER"/usr/lib/*-linux-gnu*)
	RUBY=(env "HOME=$work" "LD_LIBRARY_PATH=$libraries" "GEM_PATH=$work/none" "GEM_HOME=$work/none"
		"RUBYLIB=$PEER$RUBY_LIBRARY:$libraries/ruby/${RUBY_LIBRARY##*/}:$PEER/usr/lib/ruby/vendor_ruby" "$program")
	"${RUBY[@]}" -e 'exit' 2>why || skip "ruby does not start here: $(tail -n 1 why)"
}

# need_composer: "${COMPOSER[@]}".
need_composer() {
	local extensions extension
	peer_or_skip "$ROOT/tests/tools/deb-peer" composer php-composer-{ca-bundle,pcre,class-map-generator,semver} \
		php-composer-{metadata-minifier,spdx-licenses,xdebug-handler} php-symfony-{deprecation-contracts,finder,string} \
		php-symfony-{service-contracts,console,filesystem,process} php-psr-{log,container} php-json-schema jsonlint \
		php-react-promise php-seld-signal-handler php8.{2,3,4}-{cli,common,mbstring,intl} libargon2-1 libsodium23 \
		libxml2 libxml2-16 libicu7{2,4,6} libpcre2-8-0 libedit2
	extensions=$(echo "$PEER"/usr/lib/php/2*)
	COMPOSER=(env "LD_LIBRARY_PATH=$(echo "$PEER"/usr/lib/*-linux-gnu*)" "COMPOSER_HOME=$work/composer"
		COMPOSER_ALLOW_SUPERUSER=1 "$(echo "$PEER"/usr/bin/php8.?)" -n)
	for extension in iconv phar mbstring tokenizer ctype fileinfo posix intl; do
		COMPOSER+=(-d "extension=$extensions/$extension.so")
	done
	COMPOSER+=(-d "include_path=$PEER/usr/share/php" "$PEER/usr/bin/composer" --no-interaction)
	"${COMPOSER[@]}" --version >why 2>&1 || skip "Composer does not start here: $(tail -n 1 why)"
}

# vendor FOLDER: an application with till, and with idle for development, installed by Composer.
vendor() {
	local name
	for name in till idle; do
		mkdir -p $name/src "$1"
		printf '{"name": "acme/%s", "version": "1.2.0", "license": ["MIT"], "autoload": {"classmap": ["src/"]}}' \
			$name >$name/composer.json
		echo "<?php class ${name^} {}" >$name/src/$name.php
	done
	jq -n --arg here "$PWD" '{name: "acme/app", require: {"acme/till": "*"}, "require-dev": {"acme/idle": "*"},
		repositories: [("till", "idle" | {type: "path", url: "\($here)/\(.)", options: {symlink: false}}),
			{"packagist.org": false}]}' >"$1/composer.json"
	"${COMPOSER[@]}" --quiet --working-dir="$1" install
}

# shown FOLDER: "NAME VERSION" as Composer has it.
shown() {
	"${COMPOSER[@]}" --working-dir="$1" show --format=json 2>errors |
		jq -r '.installed[] | "\(.name) \(.version)"' | sort
}

# gems FOLDER: shop, which needs till, and idle, built and installed there.
gems() {
	mkdir -p "$1" gems/lib
	(cd gems && for name in shop till idle; do
		echo "module ${name^}; end" >lib/$name.rb
		cat >$name.gemspec <<END
Gem::Specification.new do |s|
  s.name, s.version, s.summary, s.authors = "$name", "1.2.0", "x", ["a"]
  s.licenses, s.files = ["MIT"], ["lib/$name.rb"]
  s.add_runtime_dependency "till", ">= 1" if s.name == "shop"
end
END
		"${RUBY[@]}" -S "$RUBY_ROOT"/usr/bin/gem3.? build $name.gemspec >/dev/null 2>&1
	done
	"${RUBY[@]}" -S "$RUBY_ROOT"/usr/bin/gem3.? install --local --no-document --install-dir "$1" till-1.2.0.gem \
		shop-1.2.0.gem idle-1.2.0.gem >/dev/null)
}

# listed IMAGE TYPE: "NAME VERSION" of package URLs of a type, as mohs has them.
listed() {
	"$mohs" sbom --format cyclonedx "$1" 2>errors | jq -r --arg type "pkg:$2/" '.components[] |
		select((.purl // "") | startswith($type)) | "\(.name) \(.version)"' | sort
}

# purls IMAGE: of languages' packages, each once.
purls() {
	"$mohs" sbom --format cyclonedx "$1" 2>errors | jq -r '.components[].purl // empty' | grep -Ev '^pkg:(deb|generic)/' | sort -u
}

# by_trivy ROOT: the same as Trivy has it.
by_trivy() {
	"$trivy" rootfs --cache-dir trivy --offline-scan --skip-db-update --format cyclonedx "$1" 2>errors |
		jq -r '.components[].purl // empty' | grep -Ev '^pkg:(deb|generic)/' | sort -u
}

@test "Python: what importlib.metadata lists, and its files" {
	need_python
	mkdir -p root/usr/lib/python3
	cp -a "$SITE" root/usr/lib/python3/site-packages
	python3 - root/usr/lib/python3/site-packages >wanted <<'END'
import importlib.metadata, sys
for one in importlib.metadata.distributions(path=[sys.argv[1]]):
    print(one.metadata["Name"], one.version)
END
	listed dir:root pypi | diff <(sort wanted) -
	[ "$(wc -l <wanted)" -ge 6 ]
	# each file belongs to the distribution whose RECORD has it
	"$mohs" sbom --files --format cyclonedx dir:root 2>errors | jq -r '.components[] |
		.name as $name | .components[]? | "\(.name) \($name)"' | sort >got
	python3 - root/usr/lib/python3/site-packages >wanted <<'END'
import importlib.metadata, os, sys
for one in importlib.metadata.distributions(path=[sys.argv[1]]):
    for file in one.files:
        place = os.path.normpath(one.locate_file(file))
        if os.path.isfile(place) and place.startswith("root/"):
            print(place[len("root"):], one.metadata["Name"])
END
	diff <(sort wanted) got
	[ "$(wc -l <wanted)" -gt 100 ]
}

@test "Node: what npm ls lists" {
	need_node
	mkdir -p root/app
	cp -a "$MODULES" root/app/node_modules
	cp "$MODULES/../package.json" root/app
	(cd root/app && HOME=$work npm ls --all --json 2>/dev/null) | jq -r '[.. | .dependencies? // empty |
		to_entries[] | select(.value.version) | "\(.key) \(.value.version)"] | unique[]' | sort -u >wanted
	listed dir:root npm | sort -u | diff wanted -
	[ "$(wc -l <wanted)" -gt 50 ]
	# and in as many places as its own lock file has
	jq -r '.packages | keys[]' root/app/node_modules/.package-lock.json | wc -l >wanted
	listed dir:root npm | wc -l | diff wanted -
}

@test "Ruby: what RubyGems lists" {
	need_ruby
	mkdir -p "root/var/lib/gems" "root$RUBY_LIBRARY"
	cp -a "$RUBY_ROOT/usr/lib/ruby" root/usr/lib/
	gems "$PWD/root/var/lib/gems/${RUBY_LIBRARY##*/}"
	"${RUBY[@]}" -e '
		ARGV.each do |file|
			spec = Gem::Specification.load(file)
			puts "#{spec.name} #{spec.version}"
		end' $(find root -path '*/specifications/*.gemspec') | sort >wanted
	listed dir:root gem | diff wanted -
	grep -q '^shop 1.2.0$' wanted
	[ "$(wc -l <wanted)" -gt 50 ]
}

@test "PHP: what Composer shows" {
	need_composer
	vendor root/app
	shown root/app >wanted
	listed dir:root composer | diff wanted -
	[ "$(wc -l <wanted)" -eq 2 ]
}

@test "Trivy lists the same, but for what docs/inventory.md says" {
	need_trivy
	need_python
	need_node
	need_ruby
	mkdir -p root/app root/usr/lib/python3 root/etc
	echo 'ID=debian' >root/etc/os-release
	cp -a "$SITE" root/usr/lib/python3/site-packages
	cp -a "$MODULES" root/app/node_modules
	gems "$PWD/root/var/lib/gems/3.1.0"
	purls dir:root >got
	by_trivy root >wanted
	diff wanted got
	for type in pypi npm gem; do
		[ "$(grep -c "^pkg:$type/" got)" -ge 2 ]
	done
}

# add_files FILE...: into root, at their places, links followed.
add_files() {
	local file
	for file in "$@"; do
		mkdir -p "root${file%/*}"
		cp -L "$file" "root$file"
	done
}

# libraries FILE: what it needs, as the loader finds it.
libraries() {
	ldd "$1" | grep -o '/[^ ]*' | sort -u
}

# blob LAYOUT FILE TYPE: moves it in; prints its descriptor.
blob() {
	local digest
	digest=$(sha256sum "$2" | cut -d' ' -f1)
	jq -nc --arg digest "sha256:$digest" --arg type "application/vnd.oci.image.$3" --argjson size "$(stat -c %s "$2")" \
		'{mediaType: $type, $digest, $size}'
	mv "$2" "$1/blobs/sha256/$digest"
}

# pack LAYOUT CONFIG: root as an image of one layer that is not compressed.
pack() {
	local layer config manifest
	mkdir -p "$1/blobs/sha256"
	echo '{"imageLayoutVersion": "1.0.0"}' >"$1/oci-layout"
	tar -C root -cf layer .
	layer=$(blob "$1" layer layer.v1.tar)
	jq -nc --argjson config "$2" --argjson layer "$layer" '{architecture: "amd64", os: "linux", $config,
		rootfs: {type: "layers", diff_ids: [$layer.digest]}}' >config
	config=$(blob "$1" config config.v1+json)
	jq -nc --argjson config "$config" --argjson layer "$layer" '{schemaVersion: 2, $config, layers: [$layer]}' >manifest
	manifest=$(blob "$1" manifest manifest.v1+json)
	jq -nc --argjson one "$manifest" '{schemaVersion: 2,
		manifests: [$one + {annotations: {"org.opencontainers.image.ref.name": "v1"}}]}' >"$1/index.json"
}

@test "hardened: what does not run is off every list, what runs is on it" {
	[ -c /dev/fuse ] && command -v runc >/dev/null || skip "needs /dev/fuse and runc"
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	need_trivy
	need_python
	need_node
	need_ruby
	need_composer
	local python node
	python=$(readlink -f /usr/bin/python3)
	node=$(readlink -f "$(command -v node)")
	[ -x "$python" ] || skip "no Python of the distribution here"
	mkdir -p root/app root/usr/lib root/etc root/site
	echo 'ID=debian' >root/etc/os-release
	cp -a "$RUBY_ROOT/usr" root
	# shellcheck disable=SC2046
	add_files "$python" "$node" $(libraries "$python") $(libraries "$node") \
		$("${RUBY[@]:0:3}" bash -c "$(declare -f libraries); libraries $RUBY_ROOT$RUBY_PROGRAM" | grep -v "^$RUBY_ROOT")
	cp -a "/usr/lib/${python##*/}" root/usr/lib/
	rm -rf root/usr/lib/python*/{test,idlelib,lib2to3,config-*} root/usr/share
	find root/usr/lib/python* -name __pycache__ -prune -exec rm -rf {} +
	cp -a "$SITE" root/
	cp -a "$MODULES" root/app/node_modules
	vendor root/app
	gems "$PWD/root/var/lib/gems/${RUBY_LIBRARY##*/}"
	cat >root/app/serve.js <<END
const { execFileSync } = require('child_process');
const debug = require('debug')('app');
const ids = require('spdx-license-ids');
process.on('SIGTERM', () => process.exit());
for (const file of ['node_modules/.package-lock.json', 'vendor/acme/till/src/till.php', 'vendor/composer/installed.php'])
	require('fs').readFileSync('/app/' + file);
require('http').createServer((request, response) => {
	const run = (program, ...words) => execFileSync(program, words).toString();
	response.end(ids.length + run('$python', '-c', 'import jinja2; print(jinja2.__name__)') +
		run('$RUBY_PROGRAM', '-e', 'require "shop"; puts Shop'));
}).listen(8080, '127.0.0.1');
END
	pack layout "$(jq -n --arg node "$node" '{Entrypoint: [$node], Cmd: ["/app/serve.js"],
		Env: ["PATH=/usr/bin", "PYTHONPATH=/site", "PYTHONDONTWRITEBYTECODE=1"]}')"
	cat >talk <<'END'
#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/8080
printf 'GET / HTTP/1.0\r\n\r\n' >&3
grep -q Shop <&3
END
	chmod +x talk
	cat >mohs.yaml <<END
service: shop
image: oci:$PWD/layout:v1
ready: {tcp: "127.0.0.1:8080", timeout: 30s}
loads:
  - {name: talk, run: [$PWD/talk]}
END
	"$mohs" profile -f mohs.yaml -o profile.json
	"$mohs" harden -f mohs.yaml -p profile.json -o oci:image:hardened
	umoci unpack --image image:hardened bundle >/dev/null
	mv bundle/rootfs left
	purls oci:image:hardened >got
	by_trivy left | diff - <(grep -v composer got) # it does not read installed.json
	sed -n 's/@[^@]*$//; /npm\|pypi/p' got | diff - <(printf 'pkg:%s\n' npm/debug npm/ms npm/spdx-license-ids \
		pypi/jinja2 pypi/markupsafe)
	# till is not loaded, but shop says that it needs it: RubyGems asks for its record
	grep -q 'gem/shop@' got
	grep -q 'gem/till@' got
	[ "$(grep -c 'gem/idle@' got)" -eq 0 ]
	[ "$(grep -c gem/ got)" -lt "$(purls oci:layout:v1 | grep -c gem/)" ]
	[ -z "$(find left/var -path '*/till-1.2.0/*' -type f)" ]
	python3 - left/site >missing <<'END'
import importlib.metadata, sys
for one in importlib.metadata.distributions(path=[sys.argv[1]]):
    assert one.files, one.metadata["Name"]
    print(*(file for file in one.files if not one.locate_file(file).exists()))
END
	[ -z "$(tr -d '\n' <missing)" ]
	cp root/app/composer.json left/app
	shown left/app | diff - <(echo 'acme/till 1.2.0')
	! grep -q idle left/app/vendor/composer/installed.php || false
	jq -r '.packages | keys[]' left/app/node_modules/.package-lock.json | diff - <(printf 'node_modules/%s\n' \
		debug ms spdx-license-ids)
}
