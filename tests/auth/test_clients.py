"""The operator's table of trusted clients: whole and unmistakable, or refused by row and key."""

from pathlib import Path

import pytest

from service.auth.clients import Client, parse
from tests.auth.signing import ec_key, key_set, private_jwk, public_jwk

ROW = """
[[client]]
issuer = "https://ehr.example.org"
jwks_url = "https://ehr.example.org/.well-known/jwks.json"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clients")
    (folder / "ehr-jwks.json").write_bytes(key_set(public_jwk(ec_key(), "k")))
    (folder / "secret.json").write_bytes(key_set(private_jwk(ec_key(), "k")))
    (folder / "empty.json").write_bytes(key_set())
    return folder


def test_the_contract_s_example_is_read_whole(folder: Path) -> None:
    text = ROW + (
        'audiences = ["https://cds.example.org/cds-services"]\n'
        'tenants = ["clinic-7"]\n'
        'fhir_servers = ["https://ehr.example.org/fhir"]\n'
    )
    assert parse(text, folder) == (
        Client(
            issuer="https://ehr.example.org",
            jwks_url="https://ehr.example.org/.well-known/jwks.json",
            jwks_file=None,
            audiences=("https://cds.example.org/cds-services",),
            tenants=("clinic-7",),
            fhir_servers=("https://ehr.example.org/fhir",),
        ),
    )


def test_a_row_needs_no_more_than_issuer_and_keys(folder: Path) -> None:
    (client,) = parse(ROW, folder)
    assert (client.audiences, client.tenants, client.fhir_servers) == ((), (), ())


def test_a_key_file_stands_beside_the_clients_file(folder: Path) -> None:
    (client,) = parse('[[client]]\nissuer = "a"\njwks_file = "ehr-jwks.json"', folder)
    assert (client.jwks_url, client.jwks_file) == (None, folder / "ehr-jwks.json")


def test_a_key_file_may_stand_elsewhere_by_its_whole_path(folder: Path) -> None:
    (client,) = parse(f'[[client]]\nissuer = "a"\njwks_file = "{folder}/ehr-jwks.json"', Path("/nowhere"))
    assert client.jwks_file == folder / "ehr-jwks.json"


def test_a_server_s_trailing_slash_is_taken_off(folder: Path) -> None:
    (client,) = parse(ROW + 'fhir_servers = ["https://a.example/fhir/", "https://b.example/"]', folder)
    assert client.fhir_servers == ("https://a.example/fhir", "https://b.example")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8080", "127.8.9.1", "[::1]:8080"])
def test_http_is_good_enough_on_loopback(folder: Path, host: str) -> None:
    (client,) = parse(
        f'[[client]]\nissuer = "a"\njwks_url = "http://{host}/k"\nfhir_servers = ["http://{host}/"]', folder
    )
    assert (client.jwks_url, client.fhir_servers) == (f"http://{host}/k", (f"http://{host}",))


@pytest.mark.parametrize(
    "url",
    [
        "http://ehr.example.org/x",
        "http://127.0.0.1.example.org/x",
        "http://localhost.example.org/x",
        "http://169.254.169.254/x",
        "http://10.0.0.1/x",
        "http://[::2]/x",
        "ftp://ehr.example.org/x",
        "ftp://127.0.0.1/x",
        "ehr.example.org/x",
        "//ehr.example.org/x",
        "https:///x",
        "https://",
        "https://user@ehr.example.org/x",
        "https://user:word@ehr.example.org/x",
        "https://@ehr.example.org/x",
        "https://ehr.example.org/x?a=b",
        "https://ehr.example.org/x?",
        "https://ehr.example.org/x#a",
        "https://ehr.example.org/x#",
        "https://ehr.example.org:port/x",
        "https://ehr.example.org:0/x",
        "https://ehr.example.org:65536/x",
        "https://[::1/x",
        "https://ehr.example.org\\\\@evil.example/x",
        "https://evil.example\\\\.ehr.example.org/x",
        "https://ehr.exаmple.org/x",
        "https://ehr.example.org/a b",
        " https://ehr.example.org/x",
        "https://ehr.example.org/x\\n",
        "",
    ],
)
def test_a_url_that_could_be_mistaken_or_overheard_is_refused_wherever_it_stands(folder: Path, url: str) -> None:
    with pytest.raises(ValueError, match=r"^client 1, jwks_url: must be "):
        parse(f'[[client]]\nissuer = "a"\njwks_url = "{url}"', folder)
    with pytest.raises(ValueError, match=r"^client 1, fhir_servers 2: must be "):
        parse(ROW + f'fhir_servers = ["https://a.example/fhir", "{url}"]', folder)


FILE = '[[client]]\nissuer = "b"\njwks_file = '


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "client: "),
        ("client = []", "client: "),
        ("client = {}", "client: "),
        (ROW + "[other]", "other: "),
        (ROW + 'audience = ["x"]', "client 1, audience: "),
        (ROW + '[[client]]\njwks_url = "https://b.example/k"', "client 2, issuer: "),
        ('[[client]]\nissuer = ""\njwks_url = "https://b.example/k"', "client 1, issuer: "),
        ('[[client]]\nissuer = " a"\njwks_url = "https://b.example/k"', "client 1, issuer: "),
        ('[[client]]\nissuer = "a\\u0000"\njwks_url = "https://b.example/k"', "client 1, issuer: "),
        ('[[client]]\nissuer = 7\njwks_url = "https://b.example/k"', "client 1, issuer: "),
        ('[[client]]\nissuer = "a"', "client 1: one of jwks_url and jwks_file"),
        (ROW + 'jwks_file = "ehr-jwks.json"', "client 1: one of jwks_url and jwks_file"),
        (ROW + ROW, "client 2, issuer: is that of client 1"),
        (ROW + FILE + '"ehr-jwks.json"' + ROW, "client 3, issuer: is that of client 1"),
        (ROW + 'audiences = "https://cds.example.org"', "client 1, audiences: "),
        (ROW + 'audiences = ["a", ""]', "client 1, audiences 2: "),
        (ROW + "tenants = []", "client 1, tenants: "),
        (ROW + 'tenants = ["a", 7]', "client 1, tenants 2: "),
        (ROW + 'fhir_servers = "https://ehr.example.org/fhir"', "client 1, fhir_servers: "),
        (ROW + FILE + '"absent.json"', "client 2, jwks_file: cannot be read"),
        (ROW + FILE + '"."', "client 2, jwks_file: cannot be read"),
        (ROW + FILE + '""', "client 2, jwks_file: "),
        (ROW + FILE + '"empty.json"', "client 2, jwks_file: holds no usable public key"),
        (ROW + FILE + '"secret.json"', "client 2, jwks_file: holds a private or symmetric key"),
        (ROW + 'crd_version = "2.1"', "client 1, crd_version: "),
        (ROW + "crd_version = 2.2", "client 1, crd_version: "),
        (ROW + 'approvable = "yes"', "client 1, approvable: "),
        (ROW + 'reads_system_actions = "true"', "client 1, reads_system_actions: "),
        (ROW + "reads_system_actions = 1", "client 1, reads_system_actions: "),
        (ROW + 'issuer = "twice"', "not TOML: "),
    ],
)
def test_what_is_amiss_is_named_by_row_and_key(folder: Path, text: str, place: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse(text, folder)
    assert str(caught.value).startswith(place)


def test_all_that_is_amiss_is_told_at_once(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"^client 1, tenants: .+; client 2, issuer: "):
        parse(ROW + 'tenants = []\n[[client]]\njwks_url = "https://b.example/k"', folder)


@pytest.mark.parametrize(
    "text",
    [
        ROW + 'password = "s3cret"',
        ROW + 'fhir_servers = ["https://user:s3cret@ehr.example.org/fhir"]',
        ROW + 'fhir_servers = ["https://ehr.example.org/fhir?key=s3cret"]',
        ROW + 'tenants = "s3cret"',
        ROW + 'crd_version = "s3cret"',
        ROW + 'approvable = "s3cret"',
        '[[client]]\nissuer = "s3cret"',
        FILE + '"s3cret"',
    ],
)
def test_a_refusal_quotes_no_value(folder: Path, text: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse(text, folder)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_how_a_client_is_filed_to_is_read(folder: Path) -> None:
    (client,) = parse(
        ROW + 'crd_version = "2.0"\napprovable = "satisfied"\nreads_system_actions = true\n',
        folder,
    )
    assert (client.crd_version, client.approvable, client.reads_system_actions) == ("2.0", "satisfied", True)


def test_a_client_is_filed_to_as_the_service_does_unless_its_row_says_otherwise(folder: Path) -> None:
    (client,) = parse(ROW, folder)
    assert (client.crd_version, client.approvable, client.reads_system_actions) == (None, None, False)
