# SPDX-License-Identifier: Apache-2.0
"""What a directory must do, over LDAP, StartTLS and LDAPS, and what its modules add."""
import base64
import hashlib
import ssl

import ldap3
import pytest

import corpus

PEOPLE = "ou=people,dc=corpus"
GROUPS = "ou=groups,dc=corpus"


def connect(user="cn=admin,dc=corpus", password="secret", **options):
    tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=corpus.AUTHORITY)
    server = ldap3.Server("localhost", tls=tls, get_info=ldap3.ALL, **options)
    return ldap3.Connection(server, user, password)


@pytest.fixture
def admin():
    connection = connect()
    assert connection.bind()
    for base in (GROUPS, PEOPLE):
        connection.search(base, "(objectClass=*)", ldap3.LEVEL)
        for entry in [one["dn"] for one in connection.response]:
            connection.delete(entry)
    yield connection
    connection.unbind()


def person(admin, name, **attributes):
    values = {"uid": name, "sn": name.title(), "cn": name, "mail": f"{name}@corpus", **attributes}
    return admin.add(f"uid={name},{PEOPLE}", "inetOrgPerson", values)


def test_add_and_find(admin):
    assert person(admin, "ann", description="größer")
    assert admin.search("dc=corpus", "(uid=ann)", attributes=["*"])
    assert admin.entries[0].description.value == "größer"


@pytest.mark.parametrize("search, count", [
    ("(uid=a*)", 2), ("(&(uid=a*)(sn=Ann))", 1), ("(|(uid=ann)(uid=bob))", 2), ("(!(uid=ann))", 3), ("(mail=*@corpus)", 3),
    ("(&(uid=*)(createTimestamp>=20200101000000Z))", 3), ("(cn~=ann)", 1), ("(uid=none)", 0)])
def test_searches(admin, search, count):
    for name in ("ann", "amy", "bob"):
        person(admin, name)
    admin.search(PEOPLE, search)
    assert len(admin.entries) == count


@pytest.mark.parametrize("scope, count", [(ldap3.BASE, 1), (ldap3.LEVEL, 1), (ldap3.SUBTREE, 2)])
def test_scopes(admin, scope, count):
    person(admin, "ann")
    admin.search(PEOPLE, "(objectClass=*)", scope)
    assert len(admin.entries) == count


def test_modify(admin):
    person(admin, "ann")
    dn = f"uid=ann,{PEOPLE}"
    assert admin.modify(dn, {"title": [(ldap3.MODIFY_ADD, ["boss"])]})
    assert admin.modify(dn, {"title": [(ldap3.MODIFY_REPLACE, ["chief"])]})
    assert admin.compare(dn, "title", "chief")
    assert admin.modify(dn, {"title": [(ldap3.MODIFY_DELETE, [])]})


def test_rename(admin):
    person(admin, "ann")
    assert admin.modify_dn(f"uid=ann,{PEOPLE}", "uid=anna")
    assert admin.search(PEOPLE, "(uid=anna)")


def test_delete(admin):
    person(admin, "ann")
    assert admin.delete(f"uid=ann,{PEOPLE}")
    assert not admin.delete(f"uid=ann,{PEOPLE}")


def test_schema_is_enforced(admin):
    assert not admin.add(f"uid=bad,{PEOPLE}", "inetOrgPerson", {"cn": "no surname"})
    assert admin.result["description"] == "objectClassViolation"


def test_module_memberof(admin):
    person(admin, "ann")
    assert admin.add(f"cn=staff,{GROUPS}", "groupOfNames", {"member": f"uid=ann,{PEOPLE}"})
    admin.search(PEOPLE, "(uid=ann)", attributes=["memberOf"])
    assert admin.entries[0].memberOf.value == f"cn=staff,{GROUPS}"


def test_module_refint(admin):
    for name in ("ann", "bob"):
        person(admin, name)
    admin.add(f"cn=staff,{GROUPS}", "groupOfNames", {"member": [f"uid=ann,{PEOPLE}", f"uid=bob,{PEOPLE}"]})
    admin.delete(f"uid=bob,{PEOPLE}")

    def gone():
        admin.search(GROUPS, "(cn=staff)", attributes=["member"])
        return admin.entries[0].member.values == [f"uid=ann,{PEOPLE}"]
    assert corpus.until(gone)


def test_module_unique(admin):
    person(admin, "ann")
    assert not admin.add(f"uid=ann,{GROUPS}", "inetOrgPerson", {"uid": "ann", "sn": "x", "cn": "x"})
    assert admin.result["description"] == "constraintViolation"


def test_module_constraint(admin):
    assert not person(admin, "ann", mail="ann@elsewhere")
    assert admin.result["description"] == "constraintViolation"


@pytest.mark.parametrize("scheme, value", [
    ("SSHA512", "{SHA512}"), ("SHA256", "{SHA256}3boVCtgUd1o8kKuVW4RL7QaFvvhpetyCdvC1V4fqr+M="), ("plain", "geheim"),
    ("ARGON2", "{ARGON2}$argon2i$v=19$m=4096,t=3,p=1$c2FsdHNhbHQ$JDqg4jQ4ZGgvSK3Jd7xKpo/BfVQz1PWAbdkb6O+4xFE")])
def test_password_schemes(admin, scheme, value):
    if scheme == "SSHA512":
        value = "{SHA512}" + base64.b64encode(hashlib.sha512(b"geheim").digest()).decode()
    if scheme == "SHA256":
        value = "{SHA256}" + base64.b64encode(hashlib.sha256(b"geheim").digest()).decode()
    person(admin, "ann")
    assert admin.modify(f"uid=ann,{PEOPLE}", {"userPassword": [(ldap3.MODIFY_REPLACE, [value])]}), admin.result
    # That of ARGON2 is of another password: it must be tried and refused.
    assert connect(f"uid=ann,{PEOPLE}", "geheim").bind() == (scheme != "ARGON2")
    assert not connect(f"uid=ann,{PEOPLE}", "falsch").bind()


def test_module_ppolicy_locks_and_unlocks(admin):
    person(admin, "ann", userPassword="geheim")
    for _ in range(4):
        assert not connect(f"uid=ann,{PEOPLE}", "falsch").bind()
    assert not connect(f"uid=ann,{PEOPLE}", "geheim").bind()
    assert corpus.until(lambda: connect(f"uid=ann,{PEOPLE}", "geheim").bind(), 10, 0.5)


def test_access_list(admin):
    person(admin, "ann", userPassword="geheim")
    ann = connect(f"uid=ann,{PEOPLE}", "geheim")
    assert ann.bind()
    assert ann.search(PEOPLE, "(uid=ann)", attributes=["userPassword", "cn"])
    assert not ann.delete(f"uid=ann,{PEOPLE}")
    assert ann.modify(f"uid=ann,{PEOPLE}", {"userPassword": [(ldap3.MODIFY_REPLACE, ["neues"])]})


def test_wrong_password():
    assert not connect(password="wrong").bind()


def test_anonymous_sees_nothing():
    connection = connect(None, None)
    connection.bind()
    assert not connection.search("dc=corpus", "(objectClass=*)") or not connection.entries


def test_ldaps():
    assert connect(port=636, use_ssl=True).bind()


def test_start_tls():
    connection = connect()
    assert connection.start_tls()
    assert connection.bind()
    assert connection.extend.standard.who_am_i() == "dn:cn=admin,dc=corpus"


def test_password_change_operation(admin):
    person(admin, "ann", userPassword="geheim")
    assert admin.extend.standard.modify_password(f"uid=ann,{PEOPLE}", new_password="anders")
    assert connect(f"uid=ann,{PEOPLE}", "anders").bind()


def test_pages(admin):
    for index in range(25):
        person(admin, f"p{index}")
    found = list(admin.extend.standard.paged_search(PEOPLE, "(uid=p*)", paged_size=10, generator=True))
    assert len(found) == 25


def test_monitor(admin):
    assert admin.search("cn=monitor", "(objectClass=*)")


def test_root_entry_and_schema(admin):
    assert "dc=corpus" in admin.server.info.naming_contexts
    assert "inetOrgPerson" in admin.server.schema.object_classes


def test_sasl_mechanisms(admin):
    assert admin.server.info.supported_sasl_mechanisms is not None


def test_tools_of_the_image():
    assert "config file testing succeeded" in corpus.inside("/usr/sbin/slaptest", "-u", "-f", "/etc/ldap/corpus.conf")
