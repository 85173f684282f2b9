# SPDX-License-Identifier: Apache-2.0
"""What a data base must do, in SQL over the network, and what the image brings along."""
import io
import signal
import threading

import psycopg2
import psycopg2.extras
import pytest

import corpus


def connect(database="shop", **options):
    options.setdefault("sslmode", "prefer")
    options.setdefault("password", "secret")
    connection = psycopg2.connect(host="localhost", hostaddr="127.0.0.1", user="postgres", dbname=database, **options)
    connection.autocommit = True
    return connection


@pytest.fixture
def sql():
    connection = connect()
    cursor = connection.cursor()

    def run(statement, *values):
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else None
    run("DROP SCHEMA IF EXISTS t CASCADE")
    run("CREATE SCHEMA t")
    run("SET search_path TO t, public")
    yield run
    connection.close()


@pytest.mark.parametrize("expression, value", [
    ("1 + 1", 2), ("round(2.5)", 3), ("'a' || 'b'", "ab"), ("date '2024-02-28' + 2", "2024-03-01"),
    ("interval '1 day' * 2", "2 days"), ("array[1,2] || 3", "{1,2,3}"), ("'{\"a\": [1, 2]}'::jsonb #>> '{a,1}'", "2"),
    ("md5('x')", "9dd4e461268c8034f5c8564e155c67a6"), ("inet '10.0.0.1' << inet '10.0.0.0/8'", "true"),
    ("to_char(1234.5, 'FM9,999.00')", "1,234.50"), ("regexp_replace('abc', 'b', 'x')", "axc"),
    ("int4range(1, 5) * int4range(3, 9)", "[3,5)"), ("encode(sha256('x'), 'hex')",
    "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"), ("generate_series(1, 3)", 1),
    ("xpath('/a/text()', '<a>x</a>'::xml)", "{x}"), ("point(1,2) <-> point(4,6)", 5)])
def test_expressions(sql, expression, value):
    assert sql(f"SELECT ({expression})::text")[0][0] == str(value)


@pytest.mark.parametrize("zone, hour", [("Europe/Vienna", 14), ("Asia/Tokyo", 21), ("America/New_York", 8),
                                        ("Asia/Kathmandu", 17), ("UTC", 12)])
def test_time_zones(sql, zone, hour):
    assert sql("SELECT extract(hour FROM timestamptz '2024-07-01 12:00+00' AT TIME ZONE %s)", zone)[0][0] == hour


def test_names_of_zones(sql):
    assert sql("SELECT count(*) FROM pg_timezone_names")[0][0] > 300


@pytest.mark.parametrize("index", ["btree (n)", "hash (n)", "gin (words)", "gist (span)", "brin (n)", "spgist (span)"])
def test_indexes(sql, index):
    sql("CREATE TABLE x (n int, words tsvector, span int4range)")
    sql("INSERT INTO x SELECT i, to_tsvector('english', 'word' || i), int4range(i, i + 5) FROM generate_series(1, 2000) i")
    sql(f"CREATE INDEX ON x USING {index}")
    sql("ANALYZE x")
    sql("SET enable_seqscan = off")
    assert sql("SELECT count(*) FROM x WHERE n = 77")[0][0] == 1
    assert sql("SELECT count(*) FROM x WHERE words @@ to_tsquery('english', 'word77')")[0][0] == 1
    assert sql("SELECT count(*) FROM x WHERE span @> 77")[0][0] == 5


@pytest.mark.parametrize("extension, check, value", [
    ("pgcrypto", "encode(digest('x', 'sha1'), 'hex')", "11f6ad8ec52a2984abaafd7c3b516503785c2072"),
    ("pg_trgm", "similarity('word', 'wort')::numeric(3,2)", "0.43"), ("hstore", "('a=>1'::hstore)->'a'", "1"),
    ("uuid-ossp", "uuid_generate_v5(uuid_ns_dns(), 'example.org')", "aad03681-8b63-5304-89e0-8ca8f49461b5"),
    ("citext", "'A'::citext = 'a'::citext", "true"), ("unaccent", "unaccent('Jänner')", "Janner"),
    ("ltree", "'a.b.c'::ltree <@ 'a.b'::ltree", "true"), ("fuzzystrmatch", "levenshtein('kitten', 'sitting')", "3"),
    ("intarray", "'{1,2}'::int[] & '{2,3}'::int[]", "{2}"), ("cube", "cube_distance('(0,0)', '(3,4)')", "5")])
def test_extensions(sql, extension, check, value):
    sql(f'CREATE EXTENSION IF NOT EXISTS "{extension}" SCHEMA t')
    assert sql(f"SELECT ({check})::text")[0][0] == value


def test_foreign_data(sql):
    sql("CREATE EXTENSION postgres_fdw SCHEMA t")
    sql("CREATE SERVER me FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', dbname 'shop')")
    sql("CREATE USER MAPPING FOR postgres SERVER me OPTIONS (user 'postgres', password 'secret')")
    sql("CREATE TABLE here (n int)")
    sql("INSERT INTO here VALUES (7)")
    sql("CREATE FOREIGN TABLE there (n int) SERVER me OPTIONS (schema_name 't', table_name 'here')")
    assert sql("SELECT n FROM there") == [(7,)]
    sql("DROP SERVER me CASCADE")


@pytest.mark.parametrize("language, body, value", [
    ("plpgsql", "BEGIN RETURN upper(a); END", "X"), ("sql", "SELECT upper(a)", "X"),
    ("plperl", "return uc($_[0]);", "X"), ("plperlu", "use POSIX; return POSIX::toupper($_[0]);", "X")])
def test_languages(sql, language, body, value):
    if language.startswith("plperl"):
        sql(f"CREATE EXTENSION IF NOT EXISTS {language}")
        body = body.replace("POSIX::toupper", "CORE::uc")
    sql(f"CREATE FUNCTION f(a text) RETURNS text LANGUAGE {language} AS $$ {body} $$")
    assert sql("SELECT f('x')")[0][0] == value


@pytest.mark.parametrize("configuration, text, word", [
    ("english", "the running dogs", "run"), ("german", "die laufenden Hunde", "hund"), ("simple", "as it is", "it"),
    ("french", "les chevaux courent", "cheval"), ("russian", "бегущие собаки", "собак")])
def test_text_search(sql, configuration, text, word):
    assert f"'{word}'" in sql("SELECT to_tsvector(%s, %s)::text", configuration, text)[0][0]


@pytest.mark.parametrize("collation, first", [('"de_AT"', "a"), ('"C"', "B"), ('"de-x-icu"', "a"), ('"sv-x-icu"', "a")])
def test_collations(collation, first):
    cursor = connect("austria").cursor()
    cursor.execute(f"SELECT x FROM (VALUES ('z'), ('ä'), ('a'), ('B')) v(x) ORDER BY x COLLATE {collation}")
    assert cursor.fetchone()[0] == first


def test_messages_in_the_locale():
    cursor = connect("austria").cursor()
    cursor.execute("SELECT to_char(date '2024-01-15', 'TMMonth'), to_char(1.5, '9D9')")
    month, number = cursor.fetchone()
    assert month in ("January", "Jänner", "Januar")
    assert number.strip() in ("1.5", "1,5")


def test_transactions(sql):
    sql("CREATE TABLE x (n int UNIQUE)")
    sql("BEGIN")
    sql("INSERT INTO x VALUES (1)")
    sql("SAVEPOINT s")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        sql("INSERT INTO x VALUES (1)")
    sql("ROLLBACK TO s")
    sql("COMMIT")
    assert sql("SELECT count(*) FROM x")[0][0] == 1


def test_constraints(sql):
    sql("CREATE TABLE a (n int PRIMARY KEY, v int CHECK (v > 0))")
    sql("CREATE TABLE b (a int REFERENCES a)")
    with pytest.raises(psycopg2.errors.CheckViolation):
        sql("INSERT INTO a VALUES (1, -1)")
    with pytest.raises(psycopg2.errors.ForeignKeyViolation):
        sql("INSERT INTO b VALUES (5)")


def test_queries(sql):
    sql("CREATE TABLE x AS SELECT i n, i % 3 g FROM generate_series(1, 100) i")
    assert sql("SELECT g, sum(n), rank() OVER (ORDER BY sum(n)) FROM x GROUP BY g ORDER BY g")[0] == (0, 1683, 2)
    assert sql("WITH RECURSIVE f(a, b) AS (SELECT 0, 1 UNION ALL SELECT b, a + b FROM f WHERE b < 100) "
               "SELECT max(b) FROM f")[0][0] == 144
    assert sql("SELECT count(*) FROM x a JOIN x b USING (g)")[0][0] == 3334


def test_partitions(sql):
    sql("CREATE TABLE x (d date, n int) PARTITION BY RANGE (d)")
    sql("CREATE TABLE x1 PARTITION OF x FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')")
    sql("INSERT INTO x VALUES ('2024-05-05', 1)")
    assert sql("SELECT tableoid::regclass::text FROM x")[0][0].endswith("x1")
    with pytest.raises(psycopg2.errors.CheckViolation):
        sql("INSERT INTO x VALUES ('2030-05-05', 1)")


def test_triggers_and_notifications(sql):
    sql("CREATE TABLE x (n int)")
    sql("CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_notify('news', NEW.n::text); RETURN NEW; END $$")
    sql("CREATE TRIGGER t AFTER INSERT ON x FOR EACH ROW EXECUTE FUNCTION tell()")
    listener = connect()
    listener.cursor().execute("LISTEN news")
    sql("INSERT INTO x VALUES (42)")

    def heard():
        listener.poll()
        return listener.notifies
    assert corpus.until(heard)[0].payload == "42"


def test_copy(sql):
    connection = connect()
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE t.copied (a int, b text)")
    cursor.copy_expert("COPY t.copied FROM STDIN CSV", io.StringIO("1,one\n2,two\n"))
    target = io.StringIO()
    cursor.copy_expert("COPY t.copied TO STDOUT", target)
    assert target.getvalue() == "1\tone\n2\ttwo\n"


def test_large_objects():
    connection = connect()
    connection.autocommit = False
    big = connection.lobject(0, "wb")
    big.write(b"x" * 1000000)
    assert big.seek(0, 2) == 1000000
    connection.rollback()


def test_parallel_query(sql):
    sql("CREATE TABLE x AS SELECT i n FROM generate_series(1, 200000) i")
    sql("ANALYZE x")
    sql("SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; "
        "SET min_parallel_table_scan_size = 0")
    assert "Gather" in str(sql("EXPLAIN ANALYZE SELECT count(*) FROM x"))


def test_logical_decoding(sql):
    sql("SELECT pg_create_logical_replication_slot('s', 'test_decoding')")
    try:
        sql("CREATE TABLE x (n int)")
        sql("INSERT INTO x VALUES (9)")
        changes = sql("SELECT data FROM pg_logical_slot_get_changes('s', NULL, NULL)")
        assert any("n[integer]:9" in change[0] for change in changes)
    finally:
        sql("SELECT pg_drop_replication_slot('s')")


def test_vacuum_and_maintenance(sql):
    sql("CREATE TABLE x AS SELECT i n FROM generate_series(1, 1000) i")
    sql("CREATE INDEX ON x (n)")
    for statement in ("VACUUM FULL x", "REINDEX TABLE x", "CLUSTER x USING x_n_idx", "CHECKPOINT", "ANALYZE"):
        sql(statement)


def test_tls_verified():
    cursor = connect(sslmode="verify-full", sslrootcert=corpus.AUTHORITY).cursor()
    cursor.execute("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    assert cursor.fetchone() == (True, "TLSv1.3")


def test_wrong_password():
    with pytest.raises(psycopg2.OperationalError):
        connect(password="wrong")


def test_roles(sql):
    sql("DROP ROLE IF EXISTS reader")
    sql("CREATE ROLE reader LOGIN PASSWORD 'r'")
    sql("CREATE TABLE t.x (n int)")
    connection = psycopg2.connect(host="127.0.0.1", user="reader", password="r", dbname="shop")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        connection.cursor().execute("SELECT * FROM t.x")
    connection.close()
    sql("DROP ROLE reader")


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


def test_reload(sql):
    corpus.signal(signal.SIGHUP)
    assert sql("SELECT 1") == [(1,)]


def test_health_check_of_the_image():
    corpus.inside("/usr/lib/postgresql/15/bin/pg_isready", "-q")
