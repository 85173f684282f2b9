#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The shop's own test suite: what it must do, said over HTTP. Knows nothing of mohs but the variables
# that name the container: MOHS_PID (its first process).

site=http://127.0.0.1
tls=https://127.0.0.1

# fetch ARGUMENT...: status in $status_code, headers in $headers, body in $body
fetch() {
	curl --silent --show-error --max-time 10 --dump-header "$BATS_TEST_TMPDIR/headers" \
		--output "$BATS_TEST_TMPDIR/body" --write-out '%{http_code}' "$@" >"$BATS_TEST_TMPDIR/code"
	status_code=$(cat "$BATS_TEST_TMPDIR/code")
	headers=$(tr -d '\r' <"$BATS_TEST_TMPDIR/headers" | tr '[:upper:]' '[:lower:]')
	body=$BATS_TEST_TMPDIR/body
}

@test "the front page is served" {
	fetch "$site/"
	[ "$status_code" = 200 ]
	grep -q '<h1>Shop</h1>' "$body"
	[[ $headers == *"content-type: text/html"* ]]
}

@test "the style sheet has its type" {
	fetch "$site/style.css"
	[ "$status_code" = 200 ]
	[[ $headers == *"content-type: text/css"* ]]
}

@test "text is compressed when asked for" {
	fetch -H 'Accept-Encoding: gzip' "$site/style.css"
	[[ $headers == *"content-encoding: gzip"* ]]
	gzip -dc "$body" | grep -q sans-serif
}

@test "a page that is not there gives the error page" {
	fetch "$site/nothing"
	[ "$status_code" = 404 ]
	grep -q 'No such page' "$body"
}

@test "a forbidden folder is refused" {
	fetch "$site/private/x"
	[ "$status_code" = 403 ]
}

@test "a moved page redirects" {
	fetch "$site/old"
	[ "$status_code" = 301 ]
	[[ $headers == *"location: http://127.0.0.1/"* ]]
}

@test "a range of a file is served" {
	fetch -r 0-10 "$site/large.txt"
	[ "$status_code" = 206 ]
	[ "$(cat "$body")" = 'line 000001' ]
	[[ $headers == *"content-range: bytes 0-10/"* ]]
}

@test "a range past the end is refused" {
	fetch -r 99999999- "$site/large.txt"
	[ "$status_code" = 416 ]
}

@test "two ranges come as multipart" {
	fetch -r 0-3,20-23 "$site/large.txt"
	[ "$status_code" = 206 ]
	[[ $headers == *"multipart/byteranges"* ]]
}

@test "an unchanged page is not sent again" {
	fetch "$site/about.html"
	tag=$(tr -d '\r' <"$BATS_TEST_TMPDIR/headers" | sed -n 's/^ETag: //p')
	[ -n "$tag" ]
	fetch -H "If-None-Match: $tag" "$site/about.html"
	[ "$status_code" = 304 ]
}

@test "HEAD has headers and no body" {
	fetch --head "$site/"
	[ "$status_code" = 200 ]
	[[ $headers == *"content-length:"* ]]
}

@test "methods that make no sense are refused" {
	fetch -X DELETE "$site/"
	[ "$status_code" = 405 ]
}

@test "a malformed request is refused" {
	answer=$(printf 'NONSENSE\r\n\r\n' | timeout 5 bash -c 'exec 3<>/dev/tcp/127.0.0.1/80; cat >&3; cat <&3' || true)
	[[ $answer == *"400 Bad Request"* ]]
}

@test "TLS serves the same page" {
	fetch --insecure "$tls/"
	[ "$status_code" = 200 ]
	grep -q '<h1>Shop</h1>' "$body"
}

@test "TLS 1.2 and 1.3 are spoken, with the site's certificate" {
	fetch --insecure --tlsv1.2 --tls-max 1.2 "$tls/healthz"
	[ "$status_code" = 200 ]
	fetch --insecure --tlsv1.3 "$tls/healthz"
	[ "$status_code" = 200 ]
	echo | openssl s_client -connect 127.0.0.1:443 2>/dev/null | openssl x509 -noout -subject | grep -q localhost
}

@test "reload by signal keeps serving" {
	kill -HUP "$MOHS_PID"
	for _ in 1 2 3 4 5; do
		fetch "$site/healthz"
		[ "$status_code" = 200 ]
		sleep 0.2
	done
}

@test "many clients at once are all answered" {
	seq 40 | xargs -P 8 -I{} curl --silent --fail --max-time 10 --output /dev/null "$site/large.txt"
}

@test "the access log can be reopened" {
	kill -USR1 "$MOHS_PID"
	sleep 0.3
	fetch "$site/"
	[ "$status_code" = 200 ]
}
