# SPDX-License-Identifier: Apache-2.0
"""What a data base must do, in SQL over the network."""
import ssl
import threading

import pymysql
import pytest

import corpus


def connect(**options):
    options.setdefault("user", "shop")
    options.setdefault("password", "secret")
    options.setdefault("database", "shop")
    return pymysql.connect(host="127.0.0.1", autocommit=True, charset="utf8mb4", **options)


@pytest.fixture
def sql():
    connection = connect()
    cursor = connection.cursor()

    def run(statement, *values):
        cursor.execute(statement, values or None)
        return cursor.fetchall()
    run("DROP DATABASE IF EXISTS t")
    run("CREATE DATABASE t")
    run("USE t")
    yield run
    connection.close()


@pytest.mark.parametrize("expression, value", [
    ("1 + 1", 2), ("concat('a', 'b')", "ab"), ("date_add('2024-02-28', interval 2 day)", "2024-03-01"),
    ("json_value('{\"a\": [1, 2]}', '$.a[1]')", "2"), ("sha2('x', 256)",
    "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"), ("regexp_replace('abc', 'b', 'x')", "axc"),
    ("round(2.5)", "3"), ("inet_ntoa(167772161)", "10.0.0.1"), ("hex(aes_encrypt('x', 'k'))", None),
    ("soundex('word')", "W630"), ("st_distance(point(1,2), point(4,6))", "5.0"), ("uncompress(compress('abc'))", b"abc"),
    ("extractvalue('<a>x</a>', '/a')", "x"), ("format(1234.5, 2, 'de_AT')", None), ("crc32('x')", "2363233923")])
def test_expressions(sql, expression, value):
    result = sql(f"SELECT {expression}")[0][0]
    assert result is not None
    if value is not None:
        assert (result if isinstance(result, bytes) else str(result)) == (value if isinstance(value, bytes) else str(value))


@pytest.mark.parametrize("zone, hour", [("Europe/Vienna", 14), ("Asia/Tokyo", 21), ("America/New_York", 8)])
def test_time_zones(sql, zone, hour):
    assert sql("SELECT hour(convert_tz('2024-07-01 12:00:00', 'UTC', %s))", zone)[0][0] == hour


@pytest.mark.parametrize("engine", ["InnoDB", "MyISAM", "Aria", "MEMORY", "CSV", "ARCHIVE", "BLACKHOLE"])
def test_engines(sql, engine):
    sql(f"CREATE TABLE x (n INT NOT NULL) ENGINE={engine}")
    sql("INSERT INTO x VALUES (1), (2)")
    assert sql("SELECT count(*) FROM x")[0][0] == (0 if engine == "BLACKHOLE" else 2)


@pytest.mark.parametrize("collation, first", [
    ("utf8mb4_german2_ci", "a"), ("utf8mb4_bin", "B"), ("utf8mb4_swedish_ci", "a"), ("utf8mb4_unicode_ci", "a")])
def test_collations(sql, collation, first):
    sql(f"CREATE TABLE x (s VARCHAR(10)) CHARACTER SET utf8mb4 COLLATE {collation}")
    sql("INSERT INTO x VALUES ('z'), ('ä'), ('a'), ('B')")
    assert sql("SELECT s FROM x ORDER BY s")[0][0] in (first, "ä" if first == "a" else first)


@pytest.mark.parametrize("charset, size", [("latin1", 2), ("utf8mb4", 4), ("utf16", 4), ("cp1250", 2)])
def test_character_sets(sql, charset, size):
    assert sql(f"SELECT length(convert('äö' USING {charset}))")[0][0] == size


def test_transactions(sql):
    sql("CREATE TABLE x (n INT PRIMARY KEY)")
    sql("START TRANSACTION")
    sql("INSERT INTO x VALUES (1)")
    sql("ROLLBACK")
    assert sql("SELECT count(*) FROM x")[0][0] == 0


def test_constraints(sql):
    sql("CREATE TABLE a (n INT PRIMARY KEY, v INT CHECK (v > 0))")
    sql("CREATE TABLE b (a INT, FOREIGN KEY (a) REFERENCES a (n))")
    with pytest.raises(pymysql.err.OperationalError):
        sql("INSERT INTO a VALUES (1, -1)")
    with pytest.raises(pymysql.err.IntegrityError):
        sql("INSERT INTO b VALUES (5)")


def test_procedures_and_triggers(sql):
    sql("CREATE TABLE x (n INT)")
    sql("CREATE TABLE log (n INT)")
    sql("CREATE TRIGGER tr AFTER INSERT ON x FOR EACH ROW INSERT INTO log VALUES (NEW.n)")
    sql("CREATE PROCEDURE fill(IN m INT) BEGIN DECLARE i INT DEFAULT 0; WHILE i < m DO INSERT INTO x VALUES (i); "
        "SET i = i + 1; END WHILE; END")
    sql("CALL fill(10)")
    assert sql("SELECT count(*) FROM log")[0][0] == 10


def test_queries(sql):
    sql("CREATE TABLE x AS SELECT seq n, seq % 3 g FROM seq_1_to_100")
    assert sql("SELECT g, sum(n), rank() OVER (ORDER BY sum(n)) FROM x GROUP BY g ORDER BY g")[0] == (0, 1683, 2)
    assert sql("WITH RECURSIVE f(a, b) AS (SELECT 0, 1 UNION ALL SELECT b, a + b FROM f WHERE b < 100) "
               "SELECT max(b) FROM f")[0][0] == 144


def test_full_text(sql):
    sql("CREATE TABLE x (s TEXT, FULLTEXT (s)) ENGINE=InnoDB")
    sql("INSERT INTO x VALUES ('the quick brown fox'), ('lazy dogs')")
    assert sql("SELECT s FROM x WHERE MATCH (s) AGAINST ('fox')")[0][0].endswith("fox")


def test_partitions(sql):
    sql("CREATE TABLE x (n INT) PARTITION BY RANGE (n) (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN (20))")
    sql("INSERT INTO x VALUES (5), (15)")
    assert sql("SELECT count(*) FROM x PARTITION (b)")[0][0] == 1


def test_events_and_views(sql):
    sql("CREATE TABLE x (n INT)")
    sql("CREATE VIEW v AS SELECT n * 2 d FROM x")
    sql("INSERT INTO x VALUES (21)")
    assert sql("SELECT d FROM v")[0][0] == 42
    sql("SET GLOBAL event_scheduler = ON")
    sql("CREATE EVENT e ON SCHEDULE EVERY 1 SECOND DO INSERT INTO t.x VALUES (0)")
    assert corpus.until(lambda: sql("SELECT count(*) FROM x")[0][0] > 1)
    sql("SET GLOBAL event_scheduler = OFF")


def test_error_messages(sql):
    with pytest.raises(pymysql.err.ProgrammingError, match="doesn't exist"):
        sql("SELECT * FROM nothing")


def test_tls():
    context = ssl.create_default_context(cafile=corpus.AUTHORITY)
    context.check_hostname = False
    cursor = connect(ssl=context).cursor()
    cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
    assert cursor.fetchone()[1]


def test_wrong_password():
    with pytest.raises(pymysql.err.OperationalError):
        connect(password="wrong")


def test_users(sql):
    sql("CREATE OR REPLACE USER reader@'127.0.0.1' IDENTIFIED BY 'r'")
    with pytest.raises(pymysql.err.OperationalError):
        connect(user="reader", password="r", database="t")
    sql("DROP USER reader@'127.0.0.1'")


def test_maintenance(sql):
    sql("CREATE TABLE x (n INT, KEY (n))")
    for statement in ("ANALYZE TABLE x", "CHECK TABLE x", "OPTIMIZE TABLE x", "ALTER TABLE x ADD m INT", "FLUSH TABLES"):
        sql(statement)


def test_into_outfile(sql):
    sql("SELECT 1, 2 INTO OUTFILE '/tmp/corpus.csv'")
    sql("CREATE TABLE x (a INT, b INT)")
    sql("LOAD DATA INFILE '/tmp/corpus.csv' INTO TABLE x")
    assert sql("SELECT a, b FROM x") == ((1, 2),)


def test_many_clients():
    wrong = []

    def one(number):
        cursor = connect().cursor()
        for index in range(20):
            cursor.execute("SELECT %s + %s", (number, index))
            if cursor.fetchone()[0] != number + index:
                wrong.append(number)
    threads = [threading.Thread(target=one, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_runs_as_its_own_user():
    with open(f"/proc/{corpus.pid()}/status", encoding="ascii") as status:
        assert next(line for line in status if line.startswith("Uid:")).split()[1] != "0"
