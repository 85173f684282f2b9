# SPDX-License-Identifier: Apache-2.0
"""Orders, one after the other."""
import requests

session = requests.Session()
session.trust_env = False
for index in range(150):
    number = session.post("http://127.0.0.1:8000/orders", json={"article": f"a{index}"}, timeout=10).json()["id"]
    assert session.get(f"http://127.0.0.1:8000/orders/{number}", timeout=10).json()["article"] == f"a{index}"
