"""Serves a catalog of Tiled with a stream, and writes to it what standard input orders, a line of JSON each."""

import json
import socket
import subprocess
import sys
import time
import urllib.request

import numpy
from tiled.client import from_uri

KEY = "secret"
PATIENCE_S = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def served(url, server):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url + "/api/v1/") as answer:
                return answer.status == 200
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the server did not come up")


def main():
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tiled", "serve", "catalog", "--temp", "--api-key", KEY, "--port", str(port)]
    server = subprocess.Popen(command, stdout=sys.stderr)
    try:
        served(url, server)
        client = from_uri(url, api_key=KEY)
        nodes = {}
        print(json.dumps({"port": port, "key": KEY}), flush=True)
        for line in sys.stdin:
            order = json.loads(line)
            key = order.get("key")
            if order["do"] == "write":
                array = numpy.array(order["values"], dtype=order["dtype"])
                nodes[key] = client.write_array(array, key=key)
            elif order["do"] == "extend":
                array = numpy.array(order["values"], dtype=order["dtype"])
                nodes[key].patch(array, offset=order["offset"], extend=True)
            elif order["do"] == "close":
                nodes[key].close_stream()
            elif order["do"] == "container":
                nodes[key] = client.create_container(key=key, metadata=order["metadata"])
            print(json.dumps({"done": order["do"]}), flush=True)
    finally:
        server.terminate()
        server.wait()


main()
