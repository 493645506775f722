"""Real keys, generated once a run, and tokens signed with them, also such as no library would sign."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm, get_default_algorithms

NOW = 1_790_000_000
URL = "https://cds.example.org/cds-services/prior-auth-order-sign"
CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
Json = dict[str, Any]


@cache
def ec_key(algorithm: str = "ES384", name: str = "own") -> Any:
    del name  # another name is another key
    return ec.generate_private_key(CURVES[algorithm])


@cache
def rsa_key(bits: int = 2048, name: str = "own") -> Any:
    del name
    return rsa.generate_private_key(65537, bits)


def key_for(algorithm: str) -> Any:
    return ec_key(algorithm) if algorithm.startswith("ES") else rsa_key()


def public_jwk(private: Any, kid: str, **more: Any) -> Json:
    shape = RSAAlgorithm if isinstance(private, rsa.RSAPrivateKey) else ECAlgorithm
    jwk: Json = shape.to_jwk(private.public_key(), as_dict=True)  # type: ignore[attr-defined]
    jwk.pop("key_ops", None)
    return jwk | {"kid": kid} | more


def private_jwk(private: Any, kid: str) -> Json:
    shape = RSAAlgorithm if isinstance(private, rsa.RSAPrivateKey) else ECAlgorithm
    jwk: Json = shape.to_jwk(private, as_dict=True)  # type: ignore[attr-defined]
    return jwk | {"kid": kid}


def key_set(*jwks: Any) -> bytes:
    return json.dumps({"keys": list(jwks)}).encode()


def part(value: Any) -> str:
    """One part of a compact JWS: text and bytes as they are, anything else as JSON."""
    raw = (
        value.encode() if isinstance(value, str) else value if isinstance(value, bytes) else json.dumps(value).encode()
    )
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(header: Any, claims: Any, private: Any, algorithm: str) -> str:
    """A compact JWS, whatever its header says of itself."""
    text = f"{part(header)}.{part(claims)}"
    return f"{text}.{part(get_default_algorithms()[algorithm].sign(text.encode(), private))}"


@dataclass(frozen=True)
class Ehr:
    """A client's own side: its issuer, and the key that it signs with."""

    issuer: str = "https://ehr.example.org"
    kid: str = "k1"
    algorithm: str = "ES384"
    private: Any = field(default_factory=ec_key)

    def header(self, **changed: Any) -> Json:
        return _with({"alg": self.algorithm, "typ": "JWT", "kid": self.kid}, changed)

    def claims(self, **changed: Any) -> Json:
        return _with({"iss": self.issuer, "aud": URL, "iat": NOW, "exp": NOW + 300, "jti": "t1"}, changed)

    def token(self, header: Json | None = None, **changed: Any) -> str:
        """An Authorization header; a claim or header member given as None is left out."""
        return f"Bearer {signed(self.header(**(header or {})), self.claims(**changed), self.private, self.algorithm)}"


def _with(members: Json, changed: Json) -> Json:
    return {name: value for name, value in (members | changed).items() if value is not None}
