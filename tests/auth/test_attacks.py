"""What an attacker would send: each refused, with no call out, no token used up, and the honest client unharmed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm

from service.auth.clients import Client
from service.auth.gate import Gate, Refused
from tests.auth.signing import NOW, URL, Ehr, ec_key, key_set, part, public_jwk, rsa_key, signed

ISSUER = "https://ehr.example.org"
OTHER = "https://other.example.org"
OWN = Ehr(ISSUER)
CLIENT_URL = "https://ehr.example.org/jwks.json"


def evil() -> Any:
    return ec_key(name="evil")


def unsigned(alg: str, signature: str) -> str:
    return f"Bearer {part(OWN.header(alg=alg))}.{part(OWN.claims())}.{signature}"


def hmac_keyed(alg: str, secret: bytes) -> str:
    text = f"{part(OWN.header(alg=alg))}.{part(OWN.claims())}"
    return f"Bearer {text}.{part(hmac.digest(secret, text.encode(), f'sha{alg[2:]}'))}"


def pem(form: PublicFormat = PublicFormat.SubjectPublicKeyInfo, encoding: Encoding = Encoding.PEM) -> bytes:
    return OWN.private.public_key().public_bytes(encoding, form)  # type: ignore[no-any-return]


def swapped(kid: str, said: str, private: Any, used: str) -> str:
    """Signed with one algorithm under the name of another."""
    return f"Bearer {signed(OWN.header(kid=kid, alg=said), OWN.claims(), private, used)}"


def forged(issuer: str = ISSUER, **header: Any) -> str:
    return Ehr(issuer, private=evil()).token(header)


def altered(claims: dict[str, Any]) -> str:
    """A good token whose claims were changed after it was signed."""
    head, _, signature = OWN.token().split(".")
    return f"{head}.{part(claims)}.{signature}"


def repeated(member: str, first: Any, second: Any, where: str) -> str:
    """A member twice: two readers may each see another one."""
    twice = f'"{member}": {json.dumps(first)}, "{member}": {json.dumps(second)}'
    header: Any = OWN.header(**({member: None} if where == "header" else {}))
    claims: Any = OWN.claims(**({member: None} if where == "claims" else {}))
    if where == "header":
        header = json.dumps(header)[:-1] + f", {twice}}}"
    else:
        claims = json.dumps(claims)[:-1] + f", {twice}}}"
    return f"Bearer {signed(header, claims, OWN.private, 'ES384')}"


def certificates(**named: Any) -> dict[str, Any]:
    return {"jwk": public_jwk(evil(), "k1"), "x5c": ["MIIB"], **named}


def bent(token: str) -> str:
    """The same RSA signature, its last character's unused bits changed: another text of the same token."""
    return token[:-1] + chr(ord(token[-1]) + 1)


ATTACKS: dict[str, tuple[Callable[[], str], str]] = {
    "alg none, no signature": (lambda: unsigned("none", ""), "malformed"),
    "alg none": (lambda: unsigned("none", "YQ"), "alg"),
    "alg None": (lambda: unsigned("None", "YQ"), "alg"),
    "ES384 of a byte": (lambda: unsigned("ES384", "YQ"), "signature"),
    "ES384 of zeros": (lambda: unsigned("ES384", part(b"\0" * 96)), "signature"),
    "HS256 keyed with the public PEM": (lambda: hmac_keyed("HS256", pem()), "alg"),
    "HS384 keyed with the public PEM": (lambda: hmac_keyed("HS384", pem()), "alg"),
    "HS512 keyed with the public DER": (lambda: hmac_keyed("HS512", pem(encoding=Encoding.DER)), "alg"),
    "HS384 keyed with nothing": (lambda: hmac_keyed("HS384", b""), "alg"),
    "ES384 that is an HMAC": (
        lambda: hmac_keyed("HS384", pem()).replace(part(OWN.header(alg="HS384")), part(OWN.header())),
        "signature",
    ),
    "RS384 said, PS384 used": (lambda: swapped("any-rsa", "RS384", rsa_key(), "PS384"), "signature"),
    "PS384 said, RS384 used": (lambda: swapped("any-rsa", "PS384", rsa_key(), "RS384"), "signature"),
    "PS384 with a key for RS384": (lambda: swapped("r1", "PS384", rsa_key(), "PS384"), "key-alg"),
    "RS384 with an elliptic key": (lambda: swapped("k1", "RS384", rsa_key(name="evil"), "RS384"), "key-alg"),
    "ES384 with an RSA key": (lambda: swapped("r1", "ES384", evil(), "ES384"), "key-alg"),
    "ES256 with a key of another curve": (lambda: swapped("k1", "ES256", ec_key("ES256"), "ES256"), "key-alg"),
    "a weak RSA key of the client's": (lambda: swapped("weak", "RS384", rsa_key(2047), "RS384"), "key"),
    "a symmetric key of the client's": (lambda: swapped("secret", "ES384", evil(), "ES384"), "key"),
    "a kid that stands twice": (lambda: swapped("twice", "ES384", OWN.private, "ES384"), "key"),
    "a key for encryption": (lambda: swapped("enc", "ES384", OWN.private, "ES384"), "key"),
    "kid of a file": (lambda: forged(kid="../../../dev/null"), "key"),
    "kid with a quote": (lambda: forged(kid="k1' OR '1'='1"), "key"),
    "kid with a NUL": (lambda: forged(kid="k1\0"), "key"),
    "kid in another case": (lambda: OWN.token({"kid": "K1"}), "key"),
    "kid a list": (lambda: OWN.token({"kid": ["k1"]}), "kid"),
    "kid a number": (lambda: OWN.token({"kid": 1}), "kid"),
    "no kid": (lambda: OWN.token({"kid": None}), "kid"),
    "the attacker's key": (forged, "signature"),
    "the attacker's key embedded": (lambda: forged(**certificates()), "signature"),
    "the attacker's certificate by URL": (lambda: forged(x5u="https://evil.example/cert.pem"), "signature"),
    "the attacker's key by URL": (lambda: forged(jku="https://evil.example/jwks.json"), "jku"),
    "jku of a look-alike": (lambda: OWN.token({"jku": "https://ehr.example.org@evil.example/jwks.json"}), "jku"),
    "jku of a Cyrillic look-alike": (lambda: OWN.token({"jku": "https://ehr.exаmple.org/jwks.json"}), "jku"),
    "jku link-local": (lambda: OWN.token({"jku": "http://169.254.169.254/latest/meta-data/"}), "jku"),
    "jku of a file": (lambda: OWN.token({"jku": "file:///etc/passwd"}), "jku"),
    "jku with a path back": (lambda: OWN.token({"jku": "https://ehr.example.org/x/../jwks.json"}), "jku"),
    "jku a list": (lambda: OWN.token({"jku": [CLIENT_URL]}), "jku"),
    "crit": (lambda: OWN.token({"crit": ["exp"]}), "crit"),
    "b64 false": (lambda: OWN.token({"b64": False}), "signature"),
    "b64 false and critical": (lambda: OWN.token({"b64": False, "crit": ["b64"]}), "crit"),
    "an access token": (lambda: OWN.token({"typ": "at+jwt"}), "typ"),
    "alg twice": (lambda: repeated("alg", "none", "ES384", "header"), "malformed"),
    "kid twice": (lambda: repeated("kid", "evil", "k1", "header"), "malformed"),
    "iss twice": (lambda: repeated("iss", OTHER, ISSUER, "claims"), "malformed"),
    "exp twice": (lambda: repeated("exp", NOW - 1, NOW + 300, "claims"), "malformed"),
    "header no JSON": (lambda: f"Bearer {signed('{', OWN.claims(), OWN.private, 'ES384')}", "malformed"),
    "claims no JSON": (lambda: f"Bearer {signed(OWN.header(), 'iss', OWN.private, 'ES384')}", "malformed"),
    "claims a list": (lambda: f"Bearer {signed(OWN.header(), [OWN.claims()], OWN.private, 'ES384')}", "malformed"),
    "claims in UTF-16": (
        lambda: f"Bearer {signed(OWN.header(), json.dumps(OWN.claims()).encode('utf-16'), OWN.private, 'ES384')}",
        "malformed",
    ),
    "four parts": (lambda: OWN.token() + ".YQ", "malformed"),
    "a JWE": (lambda: f"Bearer {part({'alg': 'RSA-OAEP', 'enc': 'A256GCM', 'kid': 'k1'})}.YQ.YQ.YQ.YQ", "malformed"),
    "a JWS in JSON": (lambda: 'Bearer {"payload":"e30","signatures":[]}', "malformed"),
    "two tokens": (lambda: f"{OWN.token()},{OWN.token()}", "malformed"),
    "a huge token": (lambda: OWN.token(filler="x" * 8192), "too-long"),
    "a huge number": (
        lambda: OWN.token().replace(part(OWN.claims()), part('{"exp": ' + "9" * 5000 + "}")),
        "malformed",
    ),
    "deep nesting": (lambda: f"Bearer {part('[' * 5000)}.e30.YQ", "malformed"),
    "claims altered": (lambda: altered(OWN.claims(exp=NOW + 3600)), "signature"),
    "issuer altered": (lambda: altered(OWN.claims(iss=OTHER)), "signature"),
    "signature bent": (lambda: bent(Ehr(ISSUER, "r1", "RS384", rsa_key()).token()), "signature"),
    "another client's issuer, own key": (lambda: Ehr(OTHER).token(), "signature"),
    "another client's issuer, own kid": (lambda: Ehr(OTHER, "k-own").token(), "key"),
    "issuer with a slash": (lambda: forged(f"{ISSUER}/"), "issuer"),
    "issuer in capitals": (lambda: forged(ISSUER.upper()), "issuer"),
    "issuer of a Cyrillic look-alike": (lambda: forged("https://ehr.exаmple.org"), "issuer"),
    "issuer in full width": (lambda: forged("https://ｅｈｒ.example.org"), "issuer"),
    "issuer with a soft hyphen": (lambda: forged("https://ehr.exam\u00adple.org"), "issuer"),
    "issuer with a NUL": (lambda: forged(f"{ISSUER}\0"), "issuer"),
    "issuer half a character": (lambda: forged("\ud800"), "issuer"),
    "a time in text": (lambda: OWN.token(exp=str(NOW + 300)), "exp"),
    "a time beyond time": (lambda: OWN.token(exp=1e300), "exp"),
    "a token for ever": (lambda: OWN.token(exp=NOW + 10 * 365 * 86400), "lifetime"),
    "a token from the future": (lambda: OWN.token(iat=NOW + 86400, exp=NOW + 86700), "ahead"),
    "a jti of many characters": (lambda: OWN.token(jti="x" * 257), "jti"),
    "a jti that no database keeps": (lambda: OWN.token(jti="a\0"), "jti"),
}


class World:
    """A gate over two clients; every URL asked for and every token used up is on a list."""

    def __init__(self, folder: Path) -> None:
        (folder / "other.json").write_bytes(key_set(public_jwk(ec_key(name="other"), "k1")))
        self.asked: list[str] = []
        self.used: list[tuple[str, str]] = []
        clients = (Client(ISSUER, CLIENT_URL, None), Client(OTHER, None, folder / "other.json"))
        self.gate = Gate(clients, get=self._get, first_use=self._first_use, now=lambda: NOW)

    def _get(self, url: str) -> bytes:
        self.asked.append(url)
        return key_set(
            public_jwk(OWN.private, "k1"),
            public_jwk(rsa_key(), "r1", alg="RS384"),
            public_jwk(rsa_key(), "any-rsa"),
            public_jwk(rsa_key(2047), "weak"),
            public_jwk(OWN.private, "enc", use="enc"),
            public_jwk(OWN.private, "twice"),
            public_jwk(evil(), "twice"),
            {"kty": "oct", "kid": "secret", "k": part(b"x" * 48), "alg": "HS384"},
        )

    def _first_use(self, issuer: str, jti: str, until: datetime) -> bool:
        self.used.append((issuer, jti))
        return until.timestamp() > NOW


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    return tmp_path_factory.mktemp("attacks")


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_fails_at_its_own_check_reaching_nothing_and_using_up_nothing(attack: str, folder: Path) -> None:
    send, reason = ATTACKS[attack]
    world = World(folder)
    with pytest.raises(Refused) as caught:
        world.gate.admit(send(), [URL])
    assert (caught.value.status, caught.value.reason) == (401, reason)
    assert set(world.asked) <= {CLIENT_URL}
    assert world.used == []
    assert world.gate.admit(OWN.token(), [URL]).client.issuer == ISSUER


def test_what_refuses_says_nothing_of_the_token(folder: Path) -> None:
    world = World(folder)
    for send, _ in ATTACKS.values():
        with pytest.raises(Refused) as caught:
            world.gate.admit(send(), [URL])
        assert repr(caught.value) == f"Refused({caught.value.reason!r})"
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_every_token_cut_short_is_refused(folder: Path) -> None:
    world, token = World(folder), OWN.token()
    for length in range(len(token)):
        with pytest.raises(Refused) as caught:
            world.gate.admit(token[:length], [URL])
        assert caught.value.status == 401
    assert world.used == []


def test_every_token_with_a_byte_changed_is_refused(folder: Path) -> None:
    world, token = World(folder), OWN.token()
    for place in range(len("Bearer "), len(token)):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(Refused) as caught:
            world.gate.admit(token[:place] + other + token[place + 1 :], [URL])
        assert caught.value.status == 401
    assert world.used == []


def test_the_secret_of_the_hmac_attack_is_the_key_that_others_would_take() -> None:
    """The attack is a true one: a verifier that keys an HMAC with the PEM it holds would accept the token."""
    assert ECAlgorithm(hashlib.sha384).prepare_key(pem()) is not None  # type: ignore[arg-type]
    text, _, signature = hmac_keyed("HS384", pem()).removeprefix("Bearer ").rpartition(".")
    assert part(hmac.digest(pem(), text.encode(), "sha384")) == signature
