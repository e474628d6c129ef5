"""What it costs to start: importing the package, and getting a first answer, beside pycognito and boto3.

python benchmarks/startup.py [ROUNDS]

Every figure is of a fresh interpreter; programs take turns, medians of ROUNDS (default 15). Wall-clock time
is that of the whole process, from its start to its end; processor time, which other work on the machine
disturbs less, is that of the process until its work is done, and memory is what it holds then. Ratios are of
processor time. The yardstick of the first group is an interpreter that does nothing; that of the second is a
program that sends the same request with the same libraries by hand. What answers is this process: `{}`.
"""

from __future__ import annotations

import http.server
import os
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass

REPORT = """
import time
print(time.process_time())
try:
    print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmRSS")))
except OSError:
    import resource
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
POOL, CLIENT = "us-east-1_aB12cDe34", "7ghr5379orhbo88d52vphda6s9"
BODY = {"ClientId": CLIENT, "Username": "ada"}
HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "AWSCognitoIdentityProviderService.ForgotPassword",
}

IMPORTS = {
    "an interpreter that does nothing": "pass",
    "import userpool": "import userpool",
    "from userpool import UserPool": "from userpool import UserPool",
    "import boto3": "import boto3",
    "import pycognito": "import pycognito",
}

BY_HAND_HTTPX2 = f"""
import msgspec, httpx2
with httpx2.Client() as client:
    answer = client.post(URL, content=msgspec.json.encode({BODY}), headers={HEADERS})
    msgspec.json.decode(answer.content)
"""
BY_HAND_PYREQWEST = f"""
import msgspec
from pyreqwest.client import SyncClientBuilder
with SyncClientBuilder().build() as client:
    answer = client.post(URL).body_bytes(msgspec.json.encode({BODY})).headers({HEADERS}).build().send()
    msgspec.json.decode(answer.bytes())
"""
USERPOOL = f"""
from userpool import UserPool
with UserPool({POOL!r}, {CLIENT!r}, endpoint=URL) as pool:
    pool.forgot_password("ada")
"""
USERPOOL_PYREQWEST = f"""
from userpool import UserPool
from userpool.transports.reqwest import ReqwestTransport
with UserPool({POOL!r}, {CLIENT!r}, endpoint=URL, transport=ReqwestTransport()) as pool:
    pool.forgot_password("ada")
"""
BOTO3 = f"""
import boto3
client = boto3.client(
    "cognito-idp", endpoint_url=URL, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
)
client.forgot_password(ClientId={CLIENT!r}, Username="ada")
"""
PYCOGNITO = f"""
import pycognito
user = pycognito.Cognito(
    {POOL!r}, {CLIENT!r}, username="ada", access_key="a", secret_key="b",
    boto3_client_kwargs={{"endpoint_url": URL}},
)
user.initiate_forgot_password()
"""
FIRST_ANSWER = {
    "msgspec and httpx2 by hand": BY_HAND_HTTPX2,
    "userpool": USERPOOL,
    "msgspec and pyreqwest by hand": BY_HAND_PYREQWEST,
    "userpool over pyreqwest": USERPOOL_PYREQWEST,
    "boto3": BOTO3,
    "pycognito": PYCOGNITO,
}
FLOORS = {
    "userpool": "msgspec and httpx2 by hand",
    "userpool over pyreqwest": "msgspec and pyreqwest by hand",
}


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers everything with an empty object."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", HEADERS["Content-Type"])
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Run:
    """What one run cost: seconds and MiB."""

    wall: float
    cpu: float
    held: float


def once(program: str) -> Run | None:
    """One run; nothing where a library is missing."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", program + REPORT],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "*"},
    )
    took = time.perf_counter() - started
    if done.returncode:
        if "ModuleNotFoundError" in done.stderr or "MissingExtra" in done.stderr:
            return None
        raise SystemExit(done.stderr)
    cpu, held = done.stdout.split()
    return Run(took, float(cpu), int(held) / 1024)


def measure(programs: dict[str, str], rounds: int) -> dict[str, Run]:
    """Run every program in turn, once to warm up and then so often; medians."""
    there = [name for name, program in programs.items() if once(program) is not None]
    for name in programs.keys() - set(there):
        print(f"  {name}: not installed here, so it is not measured")
    runs: dict[str, list[Run]] = {name: [] for name in there}
    for _ in range(rounds):
        for name in there:
            run = once(programs[name])
            if run is not None:
                runs[name].append(run)
    return {
        name: Run(
            *(statistics.median(getattr(one, part) for one in found) for part in ("wall", "cpu", "held"))
        )
        for name, found in runs.items()
    }


def show(name: str, run: Run, bare: Run, remark: str = "") -> None:
    """One line: times, ratio to the bare interpreter, memory, and how much more that is than its."""
    print(
        f"  {name:34}{run.wall * 1e3:8.1f} ms{run.cpu * 1e3:8.1f} ms{run.cpu / bare.cpu:7.1f}"
        f"{run.held:8.1f} MiB{run.held - bare.held:+7.1f}  {remark}"
    )


def main(rounds: int) -> None:
    print("Importing: wall-clock and processor time, ratio to the bare interpreter; memory, and beyond it")
    imports = measure(IMPORTS, rounds)
    bare = imports["an interpreter that does nothing"]
    for name, run in imports.items():
        show(name, run, bare)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        given = f"URL = 'http://127.0.0.1:{server.server_address[1]}'\n"
        answers = measure({name: given + text for name, text in FIRST_ANSWER.items()}, rounds)
        server.shutdown()
    print("\nFirst answer (ForgotPassword over loopback): the same, and the ratio to the same done by hand")
    for name, run in answers.items():
        floor = answers.get(FLOORS.get(name, ""))
        show(name, run, bare, f"{run.cpu / floor.cpu:.2f} x by hand" if floor else "")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
