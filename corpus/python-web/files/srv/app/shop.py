"""A small shop: orders in PostgreSQL, a journal in SQLite, and pages for what else Python does."""
import datetime
import hashlib
import io
import locale
import logging
import os
import socket
import sqlite3
import subprocess
import sys
import zoneinfo

import flask
import psycopg2
import requests
from cryptography.fernet import Fernet
from lxml import etree
from PIL import Image

app = flask.Flask(__name__)
locale.setlocale(locale.LC_ALL, "")
logging.basicConfig(level=logging.INFO)


def database():
    if "database" not in flask.g:
        flask.g.database = psycopg2.connect(host="database", user="postgres", password="secret", dbname="shop",
                                            sslmode="verify-full", sslrootcert="/etc/corpus-tls/ca.pem")
        flask.g.database.autocommit = True
        flask.g.database.cursor().execute(
            "CREATE TABLE IF NOT EXISTS orders (id serial PRIMARY KEY, article text, made timestamptz DEFAULT now())")
    return flask.g.database.cursor()


@app.teardown_appcontext
def close(_error):
    connection = flask.g.pop("database", None)
    if connection:
        connection.close()


def journal():
    connection = sqlite3.connect("/var/lib/app/journal.db", timeout=10)
    connection.execute("CREATE TABLE IF NOT EXISTS journal (line TEXT)")
    return connection


@app.get("/")
def front():
    return flask.render_template("front.html", articles=["Tee", "Kaffee", "<Kakao>"])


@app.get("/healthz")
def health():
    return "ok\n"


@app.post("/orders")
def order():
    article = (flask.request.get_json(silent=True) or {}).get("article")
    if not article:
        flask.abort(422)
    cursor = database()
    cursor.execute("INSERT INTO orders (article) VALUES (%s) RETURNING id", (article,))
    number = cursor.fetchone()[0]
    with journal() as connection:
        connection.execute("INSERT INTO journal VALUES (?)", (article,))
    return flask.jsonify(id=number), 201


@app.get("/orders/<int:number>")
def show(number):
    cursor = database()
    cursor.execute("SELECT id, article, made FROM orders WHERE id = %s", (number,))
    row = cursor.fetchone()
    if not row:
        flask.abort(404)
    return flask.jsonify(id=row[0], article=row[1], made=row[2].isoformat())


@app.get("/journal")
def lines():
    with journal() as connection:
        return flask.jsonify(count=connection.execute("SELECT count(*) FROM journal").fetchone()[0])


@app.get("/secure")
def secure():
    cursor = database()
    cursor.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    return flask.jsonify(tls=cursor.fetchone()[0])


@app.get("/time/<path:zone>")
def time(zone):
    try:
        there = zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        flask.abort(404)
    noon = datetime.datetime(2024, 7, 1, 12, tzinfo=datetime.timezone.utc)
    return flask.jsonify(there=noon.astimezone(there).strftime("%H:%M"), here=noon.astimezone().strftime("%H:%M"))


@app.get("/locale")
def local():
    return flask.jsonify(name=locale.setlocale(locale.LC_ALL), number=locale.format_string("%.2f", 1234.5, grouping=True),
                         month=datetime.date(2024, 1, 1).strftime("%B"))


@app.get("/thumbnail")
def thumbnail():
    image = Image.effect_mandelbrot((200, 200), (-2, -1.5, 1, 1.5), 60)
    image.thumbnail((50, 50))
    target = io.BytesIO()
    image.save(target, flask.request.args.get("format", "PNG"))
    return flask.Response(target.getvalue(), mimetype="image/png")


@app.post("/xml")
def xml():
    try:
        return flask.jsonify(names=etree.fromstring(flask.request.data).xpath("//@name"))
    except etree.XMLSyntaxError:
        flask.abort(400)


@app.get("/process")
def process():
    done = subprocess.run([sys.executable, "-c", "print(6 * 7)"], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


@app.get("/git")
def git():
    return subprocess.run(["git", "--version"], stdout=subprocess.PIPE, check=True).stdout.decode()


@app.get("/names/<name>")
def names(name):
    try:
        return flask.jsonify(sorted({answer[4][0] for answer in socket.getaddrinfo(name, 80, socket.AF_INET)}))
    except socket.gaierror:
        flask.abort(404)


@app.get("/fetch")
def fetch():
    return requests.get("http://web/healthz", timeout=5).text


@app.get("/fetch-tls")
def fetch_tls():
    return requests.get("https://localhost/style.css", timeout=5, verify="/etc/ssl/certs/ca-certificates.crt").text


@app.post("/upload")
def upload():
    data = flask.request.files["file"].read()
    path = os.path.join("/var/lib/app", hashlib.sha256(data).hexdigest())
    with open(path, "wb") as target:
        target.write(data)
    return flask.jsonify(size=os.path.getsize(path), name=os.path.basename(path))


@app.get("/crypt")
def crypt():
    box = Fernet(Fernet.generate_key())
    return box.decrypt(box.encrypt(b"secret"))


@app.get("/error")
def error():
    raise RuntimeError("as asked for")


@app.get("/session")
def session():
    flask.session["n"] = flask.session.get("n", 0) + 1
    return str(flask.session["n"])


app.secret_key = hashlib.sha256(b"corpus").digest()
