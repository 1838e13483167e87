"""What a FailoverUser costs beside Locust's own FastHttpUser, in one run on one machine.

python benchmarks/load.py [--seconds 8] [--users 50]

Both send as fast as they can over kept connections, in turns, to one small server in a process
of its own; the FailoverUser writes its windows, segments and every request's latency meanwhile.
Prints the rate of each and the ratio; the project asks for at least 0.9. The second line, by CPU
time, stands on a busy machine too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-region: us-east-1\r\n"
    b"content-length: 13\r\n\r\n" + b'{"id": "one"}'
)

LOCUSTFILE = """
from locust import FastHttpUser, constant, task
from gameday.load.user import FailoverUser

class Plain(FastHttpUser):
    wait_time = constant(0)

    @task
    def get(self):
        self.client.get("/items/one", name="/items/{id}")

class Failover(FailoverUser):
    @task
    def get(self):
        self.client.get("/items/one", name="/items/{id}")
"""


class Answerer(asyncio.Protocol):
    """Answers every request with the same item."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(ANSWER * data.count(b"\r\n\r\n"))  # type: ignore[attr-defined]


async def serve(port: int) -> None:
    """The server's process."""
    server = await asyncio.get_running_loop().create_server(Answerer, "127.0.0.1", port)
    await server.serve_forever()


def rate(user: str, port: int, users: int, seconds: int, work_dir: Path) -> tuple[float, float]:
    """Requests per second of one kind of user by Locust's own count, and per second of its CPU."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = {
        **os.environ, "GAMEDAY_RUN_DIR": str(work_dir / user), "GAMEDAY_CLIENTS": "pooled=100",
        "GAMEDAY_CLIENTS_PER_POPULATION": str(users), "GAMEDAY_RATE_PER_S": "8000",
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "locust", "-f", str(work_dir / "file.py"), user, "--headless",
         "--host", f"http://127.0.0.1:{port}", "-u", str(users), "-r", str(users),
         "--run-time", str(seconds), "--json"],
        env=env, capture_output=True, text=True, check=True, timeout=seconds + 60,
    )  # fmt: skip
    (row,) = json.loads(done.stdout)
    if row["num_failures"]:
        raise SystemExit(f"{user}: {row['num_failures']} requests failed")
    took_s = row["last_request_timestamp"] - row["start_time"]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return row["num_requests"] / took_s, row["num_requests"] / cpu_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, __file__, "serve", str(port)])
    try:
        with tempfile.TemporaryDirectory() as work:
            work_dir = Path(work)
            (work_dir / "file.py").write_text(LOCUSTFILE)
            rates: dict[str, list[tuple[float, float]]] = {"Plain": [], "Failover": []}
            for _ in range(options.rounds):
                for user, found in rates.items():
                    found.append(rate(user, port, options.users, options.seconds, work_dir))
    finally:
        server.terminate()
        server.wait()
    for index, unit in enumerate(("requests/s", "requests per second of CPU, start included")):
        plain, failover = (max(r[index] for r in found) for found in rates.values())
        print(f"FastHttpUser {plain:6.0f}  FailoverUser {failover:6.0f} {unit}", end="")
        print(f"   ratio {failover / plain:.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(int(sys.argv[2])))
    else:
        main()
