"""JWTs taken apart, checked and forged without the library that the server uses."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

Json = dict[str, Any]


def encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def take_apart(token: str) -> tuple[Json, Json, bytes]:
    """Header, claims and signature."""
    header, claims, signature = token.split(".")
    return json.loads(decode(header)), json.loads(decode(claims)), decode(signature)


def put_together(header: Json, claims: Json, signature: bytes = b"") -> str:
    return f"{_signed_part(header, claims)}.{encode(signature)}"


def is_signed_by(token: str, jwk: Json) -> bool:
    """Whether an ES256 or RS256 signature fits a public key."""
    if jwk["kty"] == "RSA":
        return _is_signed_by_rsa(token, jwk)
    assert (jwk["kty"], jwk["crv"]) == ("EC", "P-256")
    x, y = (int.from_bytes(decode(jwk[name])) for name in ("x", "y"))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    signature = take_apart(token)[2]
    assert len(signature) == 64
    der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    try:
        key.verify(der, token.rpartition(".")[0].encode(), ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _is_signed_by_rsa(token: str, jwk: Json) -> bool:
    n, e = (int.from_bytes(decode(jwk[name])) for name in ("n", "e"))
    assert n.bit_length() >= 2048
    try:
        rsa.RSAPublicNumbers(e, n).public_key().verify(
            take_apart(token)[2], token.rpartition(".")[0].encode(), padding.PKCS1v15(), SHA256()
        )
    except InvalidSignature:
        return False
    return True


def sign_rs256(header: Json, claims: Json, key: rsa.RSAPrivateKey) -> str:
    return put_together(header, claims, key.sign(_signed_part(header, claims).encode(), padding.PKCS1v15(), SHA256()))


def sign_es256(header: Json, claims: Json, private_jwk: Json) -> str:
    key = ec.derive_private_key(int.from_bytes(decode(private_jwk["d"])), ec.SECP256R1())
    r, s = decode_dss_signature(key.sign(_signed_part(header, claims).encode(), ec.ECDSA(SHA256())))
    return put_together(header, claims, r.to_bytes(32) + s.to_bytes(32))


def sign_hs256(header: Json, claims: Json, secret: bytes) -> str:
    signature = hmac.digest(secret, _signed_part(header, claims).encode(), sha256)
    return put_together(header, claims, signature)


def new_ec_key() -> Json:
    """A private P-256 key as a JWK."""
    numbers = ec.generate_private_key(ec.SECP256R1()).private_numbers()
    public = numbers.public_numbers
    coordinates = {"x": public.x, "y": public.y, "d": numbers.private_value}
    return {"kty": "EC", "crv": "P-256"} | {name: encode(value.to_bytes(32)) for name, value in coordinates.items()}


def _signed_part(header: Json, claims: Json) -> str:
    return ".".join(encode(json.dumps(part).encode()) for part in (header, claims))
