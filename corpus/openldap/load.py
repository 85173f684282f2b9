# SPDX-License-Identifier: Apache-2.0
"""People are added, found and taken away again."""
import time

import ldap3

COUNT = 1200

connection = ldap3.Connection(ldap3.Server("127.0.0.1"), "cn=admin,dc=corpus", "secret", auto_bind=True)
started = time.monotonic()
for index in range(COUNT):
    assert connection.add(f"uid=load{index},ou=people,dc=corpus", "inetOrgPerson", {"sn": "Load", "cn": f"Load {index}",
                                                                                "mail": f"load{index}@corpus"}), connection.result
for index in range(COUNT):
    assert connection.search("dc=corpus", f"(uid=load{index})", attributes=["cn"])
for index in range(COUNT):
    assert connection.delete(f"uid=load{index},ou=people,dc=corpus")
print(f"rate: {3 * COUNT / (time.monotonic() - started):.0f} operations/s")
