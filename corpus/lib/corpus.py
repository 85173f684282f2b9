# SPDX-License-Identifier: Apache-2.0
"""What the suites share: the container from outside, and programs inside it. Knows nothing of mohs
but MOHS_PID, the container's first process."""
import os
import pathlib
import socket
import subprocess
import time

AUTHORITY = str(pathlib.Path(os.environ.get("CORPUS_CACHE", pathlib.Path(__file__).parent.parent / "out/cache"))
                / "tls/ca.pem")


def pid():
    return int(os.environ["MOHS_PID"])


def signal(number):
    os.kill(pid(), number)


def inside(*command, user=None, stdin=None, environment=None, check=True):
    """Runs a program of the image in the container, as `docker exec` does; returns what it printed."""
    entered = ["nsenter", f"--target={pid()}", "--mount", "--pid", "--root", "--wd"]
    if user is not None:
        entered += [f"--setuid={user[0]}", f"--setgid={user[1]}"]
    variables = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **(environment or {})}
    done = subprocess.run(entered + list(command), input=stdin, env=variables, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, timeout=120,
                          text=not isinstance(stdin, bytes))
    if check and done.returncode:
        raise AssertionError(f"{command[0]}: exit status {done.returncode}: {done.stdout[-2000:]}")
    return done.stdout


def until(condition, seconds=10, step=0.1):
    """Waits for a condition; what it last returned."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result or time.monotonic() > end:
            return result
        time.sleep(step)


def ask(port, data, host="127.0.0.1", seconds=5):
    """Sends bytes over TCP and returns all that comes back until the other side closes or is silent."""
    answer = b""
    with socket.create_connection((host, port), timeout=seconds) as connection:
        connection.sendall(data)
        connection.settimeout(seconds)
        try:
            while chunk := connection.recv(65536):
                answer += chunk
        except (TimeoutError, ConnectionResetError):
            pass
    return answer
