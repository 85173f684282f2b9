# SPDX-License-Identifier: Apache-2.0
"""What a name server must answer, over UDP, TCP, TLS and HTTPS."""
import base64
import signal
import ssl
import subprocess

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.resolver
import dns.tsigkeyring
import dns.update
import dns.zone
import pytest
import requests

import corpus

RING = dns.tsigkeyring.from_text({"update.": "Y29ycHVzIGNvcnB1cyBjb3JwdXM="})


def ask(name, kind="A", how=dns.query.udp, **options):
    return how(dns.message.make_query(name, kind, **options), "127.0.0.1", timeout=10)


def values(answer, kind):
    return sorted(str(record) for rrset in answer.answer for record in rrset
                  if dns.rdatatype.to_text(rrset.rdtype) == kind)


@pytest.mark.parametrize("name, kind, wanted", [
    ("ns.corpus.example", "A", ["192.0.2.1"]), ("mail.corpus.example", "AAAA", ["2001:db8::2"]),
    ("corpus.example", "MX", ["10 mail.corpus.example."]), ("corpus.example", "TXT", ['"first" "second"']),
    ("web.corpus.example", "A", ["192.0.2.3", "192.0.2.4"]), ("www.corpus.example", "A", ["192.0.2.3", "192.0.2.4"]),
    ("any.wild.corpus.example", "A", ["192.0.2.5"]), ("_http._tcp.corpus.example", "SRV", ["0 5 80 web.corpus.example."]),
    ("corpus.example", "CAA", ['0 issue "corpus.example"']), ("3.2.0.192.in-addr.arpa", "PTR", ["web.corpus.example."]),
    ("host77.corpus.example", "A", ["10.0.0.77"]), ("WWW.Corpus.Example", "CNAME", ["web.corpus.example."])])
def test_answers(name, kind, wanted):
    answer = ask(name, kind)
    assert values(answer, kind) == wanted
    assert answer.flags & dns.flags.AA


@pytest.mark.parametrize("name, kind, code", [
    ("none.corpus.example", "A", dns.rcode.NXDOMAIN), ("ns.corpus.example", "AAAA", dns.rcode.NOERROR)])
def test_names_that_are_not_there(name, kind, code):
    answer = ask(name, kind)
    assert answer.rcode() == code
    assert not answer.answer


def test_tcp():
    assert values(ask("ns.corpus.example", how=dns.query.tcp), "A") == ["192.0.2.1"]


def test_truncated_over_udp():
    assert ask("big.corpus.example", "TXT", payload=512, use_edns=0).answer
    assert ask("corpus.example", "ANY", how=dns.query.tcp).answer


def test_tls():
    context = ssl.create_default_context(cafile=corpus.AUTHORITY)
    answer = dns.query.tls(dns.message.make_query("ns.corpus.example", "A"), "127.0.0.1", timeout=10, ssl_context=context,
                           server_hostname="localhost")
    assert values(answer, "A") == ["192.0.2.1"]


def test_https():
    question = base64.urlsafe_b64encode(dns.message.make_query("ns.corpus.example", "A").to_wire()).rstrip(b"=").decode()
    done = subprocess.run(["curl", "-sS", "--http2", "--cacert", corpus.AUTHORITY,
                           f"https://localhost:8443/dns-query?dns={question}"], stdout=subprocess.PIPE, check=True)
    assert values(dns.message.from_wire(done.stdout), "A") == ["192.0.2.1"]


@pytest.mark.parametrize("kind", ["DNSKEY", "SOA", "A"])
def test_signed_zone(kind):
    def signed():
        name = "www.signed.example" if kind == "A" else "signed.example"
        answer = ask(name, kind, want_dnssec=True, how=dns.query.tcp)
        return any(rrset.rdtype == dns.rdatatype.RRSIG for rrset in answer.answer)
    assert corpus.until(signed, 15)


def test_denial_is_signed():
    def signed():
        answer = ask("none.signed.example", "A", want_dnssec=True, how=dns.query.tcp)
        return any(rrset.rdtype in (dns.rdatatype.NSEC, dns.rdatatype.NSEC3) for rrset in answer.authority)
    assert corpus.until(signed, 15)


def test_transfer_wants_the_key():
    zone = dns.zone.from_xfr(dns.query.xfr("127.0.0.1", "corpus.example", keyring=RING, keyname="update.",
                                           keyalgorithm="hmac-sha256"))
    assert len(zone.nodes) > 200
    with pytest.raises(Exception):
        dns.zone.from_xfr(dns.query.xfr("127.0.0.1", "corpus.example"))


def test_update():
    change = dns.update.Update("dynamic.example", keyring=RING, keyname="update.", keyalgorithm="hmac-sha256")
    change.replace("new", 60, "A", "192.0.2.99")
    assert dns.query.tcp(change, "127.0.0.1", timeout=10).rcode() == dns.rcode.NOERROR
    assert values(ask("new.dynamic.example"), "A") == ["192.0.2.99"]


def test_update_without_the_key():
    change = dns.update.Update("dynamic.example")
    change.replace("bad", 60, "A", "192.0.2.98")
    assert dns.query.tcp(change, "127.0.0.1", timeout=10).rcode() == dns.rcode.REFUSED


@pytest.mark.parametrize("path", ["/json/v1/server", "/json/v1/zones", "/xml/v3/status"])
def test_statistics(path):
    session = requests.Session()
    session.trust_env = False
    assert session.get(f"http://127.0.0.1:8053{path}", timeout=10).status_code == 200


def test_malformed_question():
    answer = corpus.ask(53, b"\x00\x04abcd", seconds=1)
    assert len(answer) < 20
    assert ask("ns.corpus.example").answer


@pytest.mark.parametrize("command", ["status", "reload", "flush", "stats"])
def test_control(command):
    corpus.inside("/usr/sbin/rndc", command, user=None)
    assert ask("ns.corpus.example").answer


def test_reload_by_signal():
    corpus.signal(signal.SIGHUP)
    assert corpus.until(lambda: ask("ns.corpus.example").answer)


def test_configuration_is_checked_inside():
    assert corpus.inside("/usr/bin/named-checkconf", "/etc/bind/corpus/named.conf") == ""
