"""Which JWK becomes a key, and for which algorithms."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from service.auth.keys import ALGORITHMS, read_file, read_set
from tests.auth.signing import ec_key, key_for, key_set, part, private_jwk, public_jwk, rsa_key, signed

SECRET = {"kty": "oct", "kid": "k", "k": part(b"x" * 64)}


def test_the_list_of_algorithms_is_closed() -> None:
    assert set(ALGORITHMS) == {
        *("ES256", "ES384", "ES512"),
        *("RS256", "RS384", "RS512"),
        *("PS256", "PS384", "PS512"),
    }


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512"])
def test_a_curve_has_one_algorithm(algorithm: str) -> None:
    assert read_set(key_set(public_jwk(ec_key(algorithm), "k")))["k"].algorithms == (algorithm,)


def test_an_rsa_key_has_six_unless_it_names_one() -> None:
    keys = read_set(key_set(public_jwk(rsa_key(), "any"), public_jwk(rsa_key(), "one", alg="PS384")))
    assert keys["any"].algorithms == ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
    assert keys["one"].algorithms == ("PS384",)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_is_its_own_key_s_alone(algorithm: str) -> None:
    private = key_for(algorithm)
    other = ec_key(algorithm, "other") if algorithm.startswith("ES") else rsa_key(name="other")
    token = signed({"alg": algorithm}, {}, private, algorithm)
    assert read_set(key_set(public_jwk(private, "k")))["k"].signed(token)
    assert not read_set(key_set(public_jwk(other, "k")))["k"].signed(token)


def test_a_key_verifies_nothing_beyond_its_algorithms() -> None:
    token = signed({"alg": "RS256"}, {}, rsa_key(), "RS256")
    assert not read_set(key_set(public_jwk(rsa_key(), "k", alg="PS256")))["k"].signed(token)


@pytest.mark.parametrize(
    "more",
    [
        {"alg": None, "use": None, "key_ops": None},
        {"alg": "ES384", "use": "sig", "key_ops": ["verify"]},
        {"x5c": ["…"], "x5t": "…", "unheard-of": {}},
    ],
)
def test_what_a_key_says_of_itself_may_fit_or_be_left_out(more: dict[str, Any]) -> None:
    assert set(read_set(key_set(public_jwk(ec_key(), "k", **more)))) == {"k"}


def test_2048_bits_are_enough() -> None:
    assert set(read_set(key_set(public_jwk(rsa_key(2048), "k")))) == {"k"}


def test_2047_bits_are_too_few() -> None:
    assert rsa_key(2047).key_size == 2047
    assert read_set(key_set(public_jwk(rsa_key(2047), "k"))) == {}


def koblitz() -> dict[str, Any]:
    return ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256K1()).public_key(), as_dict=True) | {"kid": "k"}


# Made when a test asks for them: what is random can't be a test's name, and keys are slow.
SHAPES: dict[str, Callable[[], Any]] = {
    "elliptic": lambda: public_jwk(ec_key(), "k"),
    "rsa": lambda: public_jwk(rsa_key(), "k"),
    "weak rsa": lambda: public_jwk(rsa_key(2047), "k"),
    "private elliptic": lambda: private_jwk(ec_key(), "k"),
    "private rsa": lambda: private_jwk(rsa_key(), "k"),
    "secret": lambda: SECRET,
    "koblitz": koblitz,
    "text": lambda: "k",
    "null": lambda: None,
}


@pytest.mark.parametrize(
    ("shape", "changed"),
    [
        ("secret", {}),
        ("secret", {"alg": "ES384"}),
        ("secret", {"kty": "EC", "crv": "P-384"}),
        ("elliptic", {"k": "c2VjcmV0"}),
        ("private elliptic", {}),
        ("private rsa", {"key_ops": ["verify"]}),
        ("weak rsa", {}),
        ("koblitz", {}),
        ("text", {}),
        ("null", {}),
        ("elliptic", {"alg": "ES256"}),
        ("elliptic", {"alg": "HS384"}),
        ("elliptic", {"alg": "none"}),
        ("elliptic", {"alg": ["ES384"]}),
        ("rsa", {"alg": "RSA-OAEP"}),
        ("rsa", {"alg": "ES384"}),
        ("elliptic", {"use": "enc"}),
        ("elliptic", {"use": ["sig"]}),
        ("elliptic", {"key_ops": ["encrypt"]}),
        ("elliptic", {"key_ops": "verify"}),
        ("elliptic", {"kty": "RSA"}),
        ("rsa", {"kty": "EC", "crv": "P-384"}),
        ("elliptic", {"kty": "OKP"}),
        ("elliptic", {"kty": ["EC"]}),
        ("elliptic", {"kty": None}),
        ("elliptic", {"crv": "P-256"}),
        ("elliptic", {"crv": ["P-384"]}),
        ("elliptic", {"x": None}),
        ("elliptic", {"x": 7}),
        ("elliptic", {"x": "!!"}),
        ("elliptic", {"y": part(b"\0" * 48)}),
        ("rsa", {"n": ""}),
        ("rsa", {"n": []}),
        ("rsa", {"e": "AA"}),
        ("elliptic", {"kid": ""}),
        ("elliptic", {"kid": 7}),
        ("elliptic", {"kid": None}),
        ("elliptic", {"kid": ["k"]}),
    ],
)
def test_what_is_no_public_key_for_signatures_never_becomes_one_and_harms_no_other(
    shape: str, changed: dict[str, Any]
) -> None:
    jwk = SHAPES[shape]()
    good = public_jwk(ec_key(), "good")
    assert set(read_set(key_set(jwk | changed if changed else jwk, good))) == {"good"}


def test_a_kid_that_stands_twice_is_no_key_s() -> None:
    twice = [public_jwk(ec_key(), "k"), public_jwk(rsa_key(), "k"), public_jwk(ec_key(), "good")]
    assert set(read_set(key_set(*twice))) == {"good"}


def test_a_kid_shared_with_a_key_that_does_not_count_is_no_key_s_either() -> None:
    assert read_set(key_set(public_jwk(ec_key(), "k"), SECRET)) == {}


@pytest.mark.parametrize(
    "document", [b"", b"<html>", b"[]", b"{}", b'{"keys": {}}', b'{"keys": null}', b'{"keys": [], "keys": []}']
)
def test_what_is_no_jwk_set_is_refused(document: bytes) -> None:
    with pytest.raises(ValueError):
        read_set(document)


def test_an_empty_set_is_a_set() -> None:
    assert read_set(key_set()) == {}


def test_a_file_of_public_keys_is_read(tmp_path: Path) -> None:
    (tmp_path / "jwks.json").write_bytes(key_set(public_jwk(ec_key(), "k"), public_jwk(rsa_key(), "r")))
    assert set(read_file(tmp_path / "jwks.json")) == {"k", "r"}


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (["private elliptic"], "private or symmetric"),
        (["elliptic", "private rsa"], "private or symmetric"),
        (["elliptic", "secret"], "private or symmetric"),
        (["elliptic", "stray secret"], "private or symmetric"),
        ([], "no usable public key"),
        (["weak rsa"], "no usable public key"),
        (["text"], "no usable public key"),
    ],
)
def test_a_file_that_holds_a_secret_or_no_key_is_refused(tmp_path: Path, shapes: list[str], words: str) -> None:
    made = [{"d": "without kid or kty"} if shape == "stray secret" else SHAPES[shape]() for shape in shapes]
    (tmp_path / "jwks.json").write_bytes(key_set(*made))
    with pytest.raises(ValueError, match=words):
        read_file(tmp_path / "jwks.json")


@pytest.mark.parametrize("document", [b"-----BEGIN EC PRIVATE KEY-----", b'{"kty": "EC", "kid": "k"}', b"\xff"])
def test_a_file_that_is_no_jwk_set_is_refused(tmp_path: Path, document: bytes) -> None:
    (tmp_path / "jwks.json").write_bytes(document)
    with pytest.raises(ValueError, match=r"no JWK Set|not a JSON object"):
        read_file(tmp_path / "jwks.json")


def test_a_file_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^cannot be read$"):
        read_file(tmp_path / "jwks.json")
