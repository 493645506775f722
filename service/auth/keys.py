"""Public keys out of a JWK Set (RFC 7517), each with the algorithms it may verify. Knows no client and no socket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK, PyJWS, PyJWTError

from service.auth.exact import Members, read_object

CURVES = (("P-256", "ES256"), ("P-384", "ES384"), ("P-521", "ES512"))  # RFC 7518 3.4: a curve has one algorithm
RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
ALGORITHMS = (*(algorithm for _, algorithm in CURVES), *RSA)  # the whole list: never "none", never HS*
RSA_BITS = 2048  # RFC 7518 3.3: no key may be smaller
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")  # RFC 7518 6.2.2, 6.3.2, 6.4
_JWS = PyJWS(algorithms=ALGORITHMS)


@dataclass(frozen=True, slots=True)
class Key:
    """A public key, and the algorithms that fit its type, its curve and what its JWK says of itself."""

    public: RSAPublicKey | EllipticCurvePublicKey
    algorithms: tuple[str, ...]

    def signed(self, token: str) -> bool:
        """Whether this key's owner signed the compact JWS."""
        try:
            _JWS.decode(token, self.public, algorithms=self.algorithms)
        except PyJWTError:
            return False
        return True


KeySet = Mapping[str, Key]


def read_set(document: bytes) -> KeySet:
    """The usable keys of a JWK Set by `kid`, perhaps none; raises ValueError where it is no JWK Set.

    What is private, symmetric, weak, of another use or malformed is no key. A `kid` that stands twice says
    nothing of which key is meant: neither counts."""
    jwks = list(_jwks(document))
    times = Counter(jwk["kid"] for jwk in jwks)
    read = {jwk["kid"]: _key(jwk) for jwk in jwks if times[jwk["kid"]] == 1}
    return MappingProxyType({kid: key for kid, key in read.items() if key is not None})


def read_file(path: Path) -> KeySet:
    """The keys pinned in an operator's file, at least one; raises ValueError in words that quote nothing of it."""
    try:
        document = path.read_bytes()
    except OSError:
        raise ValueError("cannot be read") from None
    if any(_private(jwk) for jwk in _members(document)):
        raise ValueError("holds a private or symmetric key, and must hold public ones only")
    keys = read_set(document)
    if not keys:
        raise ValueError("holds no usable public key with a kid of its own")
    return keys


def _members(document: bytes) -> list[Members]:
    listed = read_object(document).get("keys")
    if not isinstance(listed, list):
        raise ValueError("is no JWK Set")
    return [jwk for jwk in listed if isinstance(jwk, dict)]


def _jwks(document: bytes) -> Iterator[Members]:
    return (jwk for jwk in _members(document) if isinstance(jwk.get("kid"), str) and jwk["kid"])


def _key(jwk: Members) -> Key | None:
    algorithms = _algorithms(jwk)
    if not algorithms or _private(jwk) or not _for_verifying(jwk):
        return None
    try:
        public = PyJWK(jwk, algorithms[0]).key
    except PyJWTError:
        return None
    weak = isinstance(public, RSAPublicKey) and public.key_size < RSA_BITS
    return None if weak else Key(public, algorithms)


def _algorithms(jwk: Members) -> tuple[str, ...]:
    match jwk.get("kty"):
        case "EC":
            fitting = tuple(algorithm for curve, algorithm in CURVES if curve == jwk.get("crv"))
        case "RSA":
            fitting = RSA
        case _:
            fitting = ()
    return tuple(algorithm for algorithm in fitting if jwk.get("alg") in (None, algorithm))


def _private(jwk: Members) -> bool:
    return any(name in jwk for name in _PRIVATE)


def _for_verifying(jwk: Members) -> bool:
    """RFC 7517 4.2 and 4.3; a set that mixes uses must say which key is for what."""
    operations = jwk.get("key_ops")
    allowed = operations is None or (isinstance(operations, list) and "verify" in operations)
    return allowed and jwk.get("use") in (None, "sig")
