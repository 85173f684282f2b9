# SPDX-License-Identifier: Apache-2.0
"""Orders are written and summed up by several clients."""
import threading
import time

import pymysql

CLIENTS, ORDERS = 4, 700


def connect():
    return pymysql.connect(host="127.0.0.1", user="shop", password="secret", database="shop", autocommit=True)


def client(number):
    connection = connect()
    cursor = connection.cursor()
    for index in range(ORDERS):
        cursor.execute("INSERT INTO orders (client, price, words) VALUES (%s, %s, %s)", (number, index, "x" * 50))
        if index % 10 == 0:
            cursor.execute("SELECT count(*), sum(price) FROM orders WHERE client = %s", (number,))
            cursor.fetchall()
        else:
            cursor.execute("SELECT price FROM orders WHERE id = %s", (index,))
            cursor.fetchall()
    connection.close()


first = connect().cursor()
first.execute("DROP TABLE IF EXISTS orders")
first.execute("CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, client INT, price INT, words TEXT, KEY (client))")
started = time.monotonic()
threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"rate: {CLIENTS * ORDERS / (time.monotonic() - started):.0f} orders/s")
