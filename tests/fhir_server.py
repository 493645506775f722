"""A real FHIR server beside the tests (sekmet, its simulator off), and the charts of hook requests put onto it.

One fixture's chart lives beside the others' under ids of its own. The servers' fixtures: `tests/live/servers.py`."""

import copy
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests

JSON = dict[str, Any]

SERVE = Path(__file__).parent / "live" / "serve.py"
STARTS_WITHIN = 60  # seconds
FHIR = "application/fhir+json"
EHR = "https://ehr.example.org/fhir"  # where the fixtures' resources say they come from
PAGE = 20  # entries of sekmet's page where `_count` is not asked
_ENDS = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9.\-]{1,64})")
_POINTERS = frozenset({"reference", "fullUrl", "userId"})


@dataclass(frozen=True)
class FhirServer:
    """A running server: its base URL, and the token that it wants (None: open to anyone)."""

    base: str
    token: str | None = None

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def get(self, path: str) -> Any:
        """What the server answers to a path below its base, or to the absolute URL of a page."""
        url = path if path.startswith(self.base) else f"{self.base}/{path}"
        answer = requests.get(url, headers={"Accept": FHIR, **self.authorization}, timeout=30)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    def put(self, *resources: JSON) -> None:
        """Put resources under their own ids, in their order (sekmet's searches keep it)."""
        entries = [
            {"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}} for r in resources
        ]
        # Not a transaction: that would rewrite the references.
        batch = {"resourceType": "Bundle", "type": "batch", "entry": entries}
        answer = requests.post(self.base, json=batch, headers={"Content-Type": FHIR, **self.authorization}, timeout=30)
        assert answer.status_code == 200, answer.text
        said = [entry["response"]["status"][:3] for entry in answer.json()["entry"]]
        assert set(said) <= {"200", "201"}, list(zip(entries, answer.json()["entry"], strict=True))

    def issue(self) -> str:
        """A token of the server's own (SMART Backend Services), which has run out."""
        root = self.base.removesuffix("/fhir")
        form = {"grant_type": "client_credentials", "client_id": "tests", "client_secret": "tests"}
        answer = requests.post(f"{root}/auth/token", data=form, timeout=30)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])


def serve(
    folder: Path, settings: Mapping[str, Any] | None = None, *, token: str | None = None, all_parameters: bool = True
) -> Iterator[FhirServer]:
    """A server of its own process on a free port of the loopback address, ended with the iteration."""
    options = ["--all-parameters"] if all_parameters else []
    for _ in range(5):  # another process may take the free port first
        with _running(folder, dict(settings or {}), options) as (process, base):
            if process.poll() is None:
                yield FhirServer(base, token)
                return
    raise RuntimeError((folder / "log.txt").read_text(encoding="utf-8"))


class _running:
    """The server's process: started and ready, or ended at once; surely ended on the way out."""

    def __init__(self, folder: Path, settings: dict[str, Any], options: list[str]) -> None:
        self._name = str(uuid4())
        self._base = f"http://127.0.0.1:{_free_port()}/fhir"
        self._config = folder / "settings.yaml"
        self._config.write_text(json.dumps(self._settings(folder) | settings), encoding="utf-8")
        with (folder / "log.txt").open("wb") as log:
            command = [sys.executable, str(SERVE), "serve", "-c", str(self._config), *options]
            self._process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT
            )

    def _settings(self, folder: Path) -> dict[str, Any]:
        return {
            "base_url": self._base,
            "host": "127.0.0.1",
            "port": int(self._base.rsplit(":", 1)[1].removesuffix("/fhir")),
            "software_name": self._name,
            "data_dir": str(folder),
            "own_private_key_path": str(folder / "key.pem"),
            "log_inbound": False,
            "simulator": {"enabled": False, "auto": []},
            "validation": {"inbound": "off"},  # fixtures carry what real servers hold, broken resources too
        }

    def __enter__(self) -> tuple[subprocess.Popen[bytes], str]:
        deadline = time.monotonic() + STARTS_WITHIN
        while self._process.poll() is None and not self._answers():
            assert time.monotonic() < deadline, "the FHIR server did not start"
            time.sleep(0.05)
        return self._process, self._base

    def _answers(self) -> bool:
        """Whether this very server answers, and no other that took the port."""
        try:
            statement = requests.get(f"{self._base}/metadata", timeout=5).json()
        except (requests.RequestException, ValueError):
            return False
        return bool(statement.get("software", {}).get("name") == self._name)

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def load(server: FhirServer, request: JSON, rename: str) -> JSON:
    """Put the chart of a hook request (all that its prefetch holds) onto the server, and give the request anew: the
    same, of this server, with every id under the name given, so that many charts stand side by side.

    A resource without an id gets one, since a server's have one. Drafts are renamed, and not put."""
    asked = renamed(request, rename, server.base)
    server.put(*chart_of(asked))
    asked["fhirServer"] = server.base
    asked.pop("fhirAuthorization", None)
    if server.token:
        asked["fhirAuthorization"] = {"access_token": server.token, "token_type": "Bearer", "expires_in": 300}
    return asked


def chart_of(request: JSON) -> list[JSON]:
    """The resources that a request's prefetch holds, each once."""
    found = [r for value in request["prefetch"].values() for r in resources_of(value)]
    return list({(r["resourceType"], r["id"]): r for r in found if r["resourceType"] != "OperationOutcome"}.values())


def resources_of(value: Any) -> list[JSON]:
    """The resources of a prefetch value, in their order."""
    return [resource for _, resource in _standing(value)]


def _standing(value: Any) -> Iterator[tuple[JSON, JSON]]:
    """The resources of a Bundle, each with its entry; a resource alone with an empty one."""
    if isinstance(value, dict) and value.get("resourceType") == "Bundle":
        for entry in value.get("entry", []):
            yield entry, entry["resource"]
    elif isinstance(value, dict) and "resourceType" in value:
        yield {}, value


def renamed(request: JSON, rename: str, base: str) -> JSON:
    """The request with every id under `rename`, and with `base` in place of the server that its resources name."""
    asked = copy.deepcopy(request)
    bases = [b for b in (request.get("fhirServer"), EHR) if b]
    anonymous = _identified(asked["prefetch"].values())
    pointers = _Pointers(rename, base, bases, anonymous)
    context = asked["context"]
    for value in (*asked["prefetch"].values(), context["draftOrders"]):
        for _, resource in _standing(value):
            if "id" in resource:
                resource["id"] = pointers.name(resource["id"])
    context["patientId"] = pointers.name(context["patientId"])
    if selections := context.get("selections"):
        context["selections"] = [pointers.point(selection) for selection in selections]
    anew: JSON = pointers.walk(asked)
    return anew


def _identified(values: Iterable[Any]) -> dict[str, str]:
    """Give ids to the resources that have none; what their URLs (`urn:uuid:…`) point at then."""
    found: dict[str, str] = {}
    for value in values:
        for entry, resource in _standing(value):
            url = entry.get("fullUrl", "")
            if url.startswith("urn:uuid:"):
                resource.setdefault("id", url.removeprefix("urn:uuid:"))
                found[url] = f"{resource['resourceType']}/{resource['id']}"
    return found


class _Pointers:
    """References, URLs and ids as they were, and as they are under the new name.

    `anonymous` are the URLs of resources that had no id, with what now points at them."""

    def __init__(self, rename: str, base: str, bases: list[str], anonymous: Mapping[str, str]) -> None:
        self._rename = rename
        self._base = base
        self._bases = bases
        self._anonymous = {url: f"{bases[-1]}/{end}" for url, end in anonymous.items()}

    def name(self, identity: str) -> str:
        return f"{self._rename}-{identity}"[:64]

    def point(self, target: str) -> str:
        """A reference, relative or absolute; what points elsewhere stays."""
        target = self._anonymous.get(target, target)
        base = next((b for b in self._bases if target.startswith(f"{b}/")), None)
        end = target.removeprefix(f"{base}/") if base else target
        if not (found := _ENDS.fullmatch(end)):
            return target
        key = f"{found[1]}/{self.name(found[2])}"
        return f"{self._base}/{key}" if base else key

    def walk(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.walk(item) for item in node]
        if not isinstance(node, dict):
            return node
        return {
            key: self.point(value) if key in _POINTERS and isinstance(value, str) else self.walk(value)
            for key, value in node.items()
        }
