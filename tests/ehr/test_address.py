"""Which servers may be called: a client's own and no other; without clients, public https or loopback."""

from __future__ import annotations

import pytest

from service.case import CouldNotAsk
from service.ehr.address import Access, base, permitted, place
from service.ehr.trouble import Trouble

OWN = ["https://ehr.example.org/fhir", "http://127.0.0.1:8080/fhir", "https://10.0.0.7/r4", "https://[fd12::7]/r4"]

NO_SERVER = [
    "",
    "ehr.example.org",
    "//ehr.example.org/fhir",
    "ftp://ehr.example.org/fhir",
    "file:///etc/passwd",
    "https://ehr.example.org.evil/fhir",
    "https://evil/ehr.example.org/fhir",
    "https://ehr.example.org@evil/fhir",
    "https://user:secret@ehr.example.org/fhir",
    "https://evil\\@ehr.example.org/fhir",
    "https://ehr.example.org\\.evil/fhir",
    "https://ehr.example.org/fhir/../x",
    "https://ehr.example.org/x/../fhir",
    "https://ehr.example.org/./fhir",
    "https://ehr.example.org//fhir",
    "https://ehr.example.org/fhir//",
    "https://ehr.example.org/%66hir",
    "https://ehr.example.org/x%2f..%2ffhir",
    "https://ehr.example.org/fhir?x",
    "https://ehr.example.org/fhir?",
    "https://ehr.example.org/fhir#x",
    "https://ehr.example.org/fhir#",
    "https://ehr.example.org./fhir",
    "https://ehr..example.org/fhir",
    "https://.ehr.example.org/fhir",
    "https://\u0435hr.example.org/fhir",
    "https://ehr\u3002example.org/fhir",
    "https://ehr.example.org\u200b/fhir",
    "https://ehr.example.org /fhir",
    " https://ehr.example.org/fhir",
    "https://ehr.example.org/fhir\n",
    "https://ehr.example.org:0/fhir",
    "https://ehr.example.org:99999/fhir",
    "https://ehr.example.org:/fhir",
    "https://ehr.example.org:443x/fhir",
    "https://ehr.example.org:443:444/fhir",
    "https://ehr.example.org:8443/fhir",
    "http://ehr.example.org/fhir",
    "http://ehr.example.org:443/fhir",
    "https://ehr.example.org",
    "https://ehr.example.org/fhir2",
    "https://ehr.example.org/FHIR",
    "https://ehr.example.org/fhir/r4",
    "https://0x0a.0.0.7/r4",
    "https://167772167/r4",
    "https://10.7/r4",
    "https://010.0.0.7/r4",
    "https://[::ffff:10.0.0.7]/r4",
    "https://[fd12::7%25eth0]/r4",
    "https://[fd12::7/r4",
]


@pytest.mark.parametrize("server", NO_SERVER)
def test_a_server_that_is_none_of_the_clients_is_not_called(server: str) -> None:
    assert permitted(server, "token", OWN) == CouldNotAsk(Trouble.NOT_OWN.says)


@pytest.mark.parametrize("server", NO_SERVER)
def test_what_is_configured_askew_permits_nothing(server: str) -> None:
    if base(server) is None:
        assert permitted(server, "token", [server]) == CouldNotAsk(Trouble.NOT_OWN.says)


@pytest.mark.parametrize(
    ("server", "called"),
    [
        ("https://ehr.example.org/fhir", "https://ehr.example.org/fhir"),
        ("https://ehr.example.org/fhir/", "https://ehr.example.org/fhir"),
        ("HTTPS://EHR.Example.ORG/fhir", "https://ehr.example.org/fhir"),
        ("https://ehr.example.org:443/fhir", "https://ehr.example.org/fhir"),
        ("http://127.0.0.1:8080/fhir/", "http://127.0.0.1:8080/fhir"),
        ("https://10.0.0.7/r4", "https://10.0.0.7/r4"),
        ("https://[FD12:0::7]:443/r4", "https://[fd12::7]/r4"),
    ],
)
def test_a_clients_own_server_is_called_however_it_is_written(server: str, called: str) -> None:
    assert permitted(server, "token", OWN) == Access(called, "token", own=True)
    assert permitted(called, None, [server]) == Access(called, None, own=True)


def test_a_client_without_servers_has_none_called() -> None:
    assert permitted("https://ehr.example.org/fhir", "token", []) == CouldNotAsk(Trouble.NOT_OWN.says)


@pytest.mark.parametrize(
    ("server", "trouble"),
    [
        ("https://ehr.example.org/fhir", None),
        ("http://ehr.example.org/fhir", None),  # what the name stands for is looked at when it is connected to
        ("https://8.8.8.8", None),
        ("http://127.0.0.1:8080/fhir", None),
        ("https://[::1]:8080/fhir", None),
        ("http://8.8.8.8", Trouble.INSECURE),
        ("https://10.0.0.7/fhir", Trouble.ADDRESS),
        ("https://169.254.169.254/latest", Trouble.ADDRESS),
        ("http://0.0.0.0/fhir", Trouble.ADDRESS),
        ("https://[::ffff:10.0.0.7]/fhir", Trouble.ADDRESS),
        ("https://127.1/fhir", Trouble.ADDRESS),
        ("https://2130706433/fhir", Trouble.ADDRESS),
        ("https://user@8.8.8.8/", Trouble.ADDRESS),
    ],
)
def test_without_clients_public_servers_and_loopback_are_called(server: str, trouble: Trouble | None) -> None:
    found = permitted(server, None, None)
    assert found == (CouldNotAsk(trouble.says) if trouble else Access(server.rstrip("/"), None, own=False))


def test_an_own_server_without_https_is_called_on_loopback_alone() -> None:
    assert permitted("http://10.0.0.7", None, ["http://10.0.0.7"]) == CouldNotAsk(Trouble.INSECURE.says)
    assert permitted("http://[::1]", None, ["http://[::1]"]) == Access("http://[::1]", None, own=True)


@pytest.mark.parametrize("token", ["", " ", "a b", "a\r\nX: y", "t\u00f6ken", "a\x00"])
def test_a_token_that_cannot_stand_in_a_header_is_not_sent(token: str) -> None:
    assert permitted(OWN[0], token, OWN) == CouldNotAsk(Trouble.TOKEN.says)


def test_an_access_does_not_show_its_token() -> None:
    assert "secret" not in repr(Access("https://ehr.example.org", "secret", own=True))


@pytest.mark.parametrize("label", [63, 64])
def test_a_label_of_a_name_has_63_letters_at_most(label: int) -> None:
    assert (place(f"https://{'a' * label}.org") is not None) == (label == 63)


@pytest.mark.parametrize("port", [0, 1, 65535, 65536])
def test_a_port_is_one_of_sixteen_bits(port: int) -> None:
    assert (place(f"https://ehr.example.org:{port}") is not None) == (port in (1, 65535))


def test_a_url_is_put_together_as_it_was_read() -> None:
    url = "https://ehr.example.org:8443/a%20b/@c;d?e=%7C&f=https://x/?y"
    found = place(url)
    assert found is not None
    assert found.url == url
    assert found.origin == ("https", "ehr.example.org", 8443)
