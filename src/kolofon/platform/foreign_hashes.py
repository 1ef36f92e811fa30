"""Password hashes in the forms that other systems write: argon2, bcrypt, pbkdf2 and scrypt.

A form is read into a function that verifies a password. One is read only when verifying it takes 256 MiB and about a
second at most: a hash may come from a file, and everybody who knows the e-mail address in it can have it verified.
"""

import binascii
import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Callable

import bcrypt
from argon2.exceptions import Argon2Error
from argon2.low_level import Type, verify_secret

Verify = Callable[[bytes], bool]

_KIB_MOST = 256 * 1024
_ARGON2_KIB_PASSES_MOST = 1024 * 1024
_ARGON2_LANES_MOST = 16
_BCRYPT_ROUNDS_MOST = 14  # 2^14
_PBKDF2_BLOCKS_MOST = 2_000_000
_SCRYPT_STEPS_MOST = 2**22  # N * r * p
_BCRYPT_BYTES = 72
_DIGEST_SIZES = {"sha1": 20, "sha256": 32, "sha512": 64}
_SHORTEST_SUM, _LONGEST_SUM = 16, 128

_ARGON2_TYPES = {"i": Type.I, "d": Type.D, "id": Type.ID}
_ARGON2 = re.compile(
    r"\$argon2(?P<type>id|i|d)\$(?:v=(?:16|19)\$)?m=(?P<m>\d{1,9}),t=(?P<t>\d{1,9}),p=(?P<p>\d{1,9})"
    r"\$[A-Za-z0-9+/]{11,172}\$[A-Za-z0-9+/]{16,172}"
)
_BCRYPT_TEXT = r"[./A-Za-z0-9]{21}[.Oeu]"
_BCRYPT_SUM = r"[./A-Za-z0-9]{31}"
_BCRYPT = re.compile(rf"\$2[aby]\$(?P<rounds>\d\d)\${_BCRYPT_TEXT}{_BCRYPT_SUM}")
_PASSLIB_BCRYPT_1 = re.compile(
    rf"\$bcrypt-sha256\$(?P<ident>2[aby]),(?P<rounds>\d\d?)\$(?P<salt>{_BCRYPT_TEXT})\$(?P<sum>{_BCRYPT_SUM})"
)
_PASSLIB_BCRYPT_2 = re.compile(
    rf"\$bcrypt-sha256\$v=2,t=(?P<ident>2b),r=(?P<rounds>\d\d?)\$(?P<salt>{_BCRYPT_TEXT})\$(?P<sum>{_BCRYPT_SUM})"
)
_SALT = r"(?P<salt>[^$]{1,172})"
_SUM = r"(?P<sum>[^$]{1,200})"
_DJANGO_PBKDF2 = re.compile(rf"pbkdf2_(?P<digest>sha1|sha256)\$(?P<rounds>\d{{1,9}})\${_SALT}\${_SUM}")
_WERKZEUG_PBKDF2 = re.compile(rf"pbkdf2:(?P<digest>sha1|sha256|sha512):(?P<rounds>\d{{1,9}})\${_SALT}\${_SUM}")
# passlib's own form has the number alone; the common one (PHC) has it in the parameter i.
_PHC_PBKDF2 = re.compile(
    rf"\$pbkdf2(?P<digest>|-sha1|-sha256|-sha512)\$(?:i=)?(?P<rounds>\d{{1,9}})(?:,l=\d+)?\${_SALT}\${_SUM}"
)
_PHC_SCRYPT = re.compile(rf"\$scrypt\$ln=(?P<ln>\d\d?),r=(?P<r>\d{{1,9}}),p=(?P<p>\d{{1,9}})\${_SALT}\${_SUM}")
_WERKZEUG_SCRYPT = re.compile(rf"scrypt:(?P<n>\d{{1,9}}):(?P<r>\d{{1,9}}):(?P<p>\d{{1,9}})\${_SALT}\${_SUM}")
_DJANGO_SCRYPT = re.compile(rf"scrypt\$(?P<n>\d{{1,9}})\${_SALT}\$(?P<r>\d{{1,9}})\$(?P<p>\d{{1,9}})\${_SUM}")


def read_hash(text: str) -> Verify | None:
    """What verifies a password by a hash; None when its form is unknown, or it is too costly."""
    if not text.isascii():
        return None
    for form, read in _FORMS:
        found = form.fullmatch(text)
        if found is not None:
            try:
                return read(found)
            except (ValueError, binascii.Error):
                return None
    return None


def _argon2(found: re.Match[str]) -> Verify | None:
    memory, passes, lanes = int(found["m"]), int(found["t"]), int(found["p"])
    if memory > _KIB_MOST or memory * passes > _ARGON2_KIB_PASSES_MOST:
        return None
    if passes < 1 or not 1 <= lanes <= _ARGON2_LANES_MOST or memory < 8 * lanes:
        return None
    return lambda password: _fits_argon2(found[0].removeprefix("argon2"), password, _ARGON2_TYPES[found["type"]])


def _fits_argon2(text: str, password: bytes, kind: Type) -> bool:
    try:
        return verify_secret(text.encode(), password, kind)
    except Argon2Error:
        return False


def _bcrypt(found: re.Match[str]) -> Verify | None:
    return _by_bcrypt(found[0], int(found["rounds"]), bytes)


def _django_bcrypt(found: re.Match[str]) -> Verify | None:
    # In hex, since some implementations stop at a zero byte.
    make_shorter = _hex_sha256 if found["shorter"] else bytes
    return _by_bcrypt(found["hash"], int(found["rounds"]), make_shorter)


def _hex_sha256(password: bytes) -> bytes:
    return hashlib.sha256(password).hexdigest().encode()


def _passlib_bcrypt_1(found: re.Match[str]) -> Verify | None:
    return _by_bcrypt(
        _passlib_parts(found), int(found["rounds"]), lambda password: b64encode(hashlib.sha256(password).digest())
    )


def _passlib_bcrypt_2(found: re.Match[str]) -> Verify | None:
    salt = found["salt"].encode()
    return _by_bcrypt(
        _passlib_parts(found), int(found["rounds"]), lambda password: b64encode(hmac.digest(salt, password, "sha256"))
    )


def _passlib_parts(found: re.Match[str]) -> str:
    return f"${found['ident']}${int(found['rounds']):02}${found['salt']}{found['sum']}"


def _by_bcrypt(text: str, rounds: int, shortened: Callable[[bytes], bytes]) -> Verify | None:
    """Bcrypt takes 72 bytes of a password. The systems that wrote these forms left out the rest, as is done here."""
    if not 4 <= rounds <= _BCRYPT_ROUNDS_MOST:
        return None
    return lambda password: bcrypt.checkpw(shortened(password)[:_BCRYPT_BYTES], text.encode())


def _django_pbkdf2(found: re.Match[str]) -> Verify | None:
    return _by_pbkdf2(found, found["salt"].encode(), b64decode(found["sum"], validate=True))


def _werkzeug_pbkdf2(found: re.Match[str]) -> Verify | None:
    return _by_pbkdf2(found, found["salt"].encode(), bytes.fromhex(found["sum"]))


def _phc_pbkdf2(found: re.Match[str]) -> Verify | None:
    return _by_pbkdf2(found, _without_padding(found["salt"]), _without_padding(found["sum"]))


def _by_pbkdf2(found: re.Match[str], salt: bytes, wanted: bytes) -> Verify | None:
    digest, rounds = found["digest"].removeprefix("-") or "sha1", int(found["rounds"])
    blocks = -(-len(wanted) // _DIGEST_SIZES[digest])
    if not _SHORTEST_SUM <= len(wanted) <= _LONGEST_SUM or not 1 <= rounds * blocks <= _PBKDF2_BLOCKS_MOST:
        return None
    return lambda password: hmac.compare_digest(
        hashlib.pbkdf2_hmac(digest, password, salt, rounds, len(wanted)), wanted
    )


def _phc_scrypt(found: re.Match[str]) -> Verify | None:
    return _by_scrypt(found, 2 ** int(found["ln"]), _without_padding(found["salt"]), _without_padding(found["sum"]))


def _werkzeug_scrypt(found: re.Match[str]) -> Verify | None:
    return _by_scrypt(found, int(found["n"]), found["salt"].encode(), bytes.fromhex(found["sum"]))


def _django_scrypt(found: re.Match[str]) -> Verify | None:
    return _by_scrypt(found, int(found["n"]), found["salt"].encode(), b64decode(found["sum"], validate=True))


def _by_scrypt(found: re.Match[str], n: int, salt: bytes, wanted: bytes) -> Verify | None:
    r, p = int(found["r"]), int(found["p"])
    is_power_of_two = n > 1 and n & (n - 1) == 0
    if not is_power_of_two or r < 1 or p < 1 or n * r * p > _SCRYPT_STEPS_MOST or n * r > 8 * _KIB_MOST:
        return None
    if not _SHORTEST_SUM <= len(wanted) <= _LONGEST_SUM:
        return None
    # What OpenSSL needs: N blocks, and one for each lane and its work.
    memory = 128 * r * (n + p + 2)
    return lambda password: hmac.compare_digest(
        hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=memory, dklen=len(wanted)), wanted
    )


def _without_padding(text: str) -> bytes:
    """Bytes from base64 without padding; passlib writes a dot instead of the plus."""
    text = text.replace(".", "+")
    return b64decode(text + "=" * (-len(text) % 4), validate=True)


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Verify | None]], ...] = (
    (re.compile(rf"(?:argon2)?{_ARGON2.pattern}"), _argon2),
    (_BCRYPT, _bcrypt),
    (re.compile(rf"bcrypt(?P<shorter>_sha256)?\$(?P<hash>{_BCRYPT.pattern})"), _django_bcrypt),
    (_PASSLIB_BCRYPT_1, _passlib_bcrypt_1),
    (_PASSLIB_BCRYPT_2, _passlib_bcrypt_2),
    (_DJANGO_PBKDF2, _django_pbkdf2),
    (_WERKZEUG_PBKDF2, _werkzeug_pbkdf2),
    (_PHC_PBKDF2, _phc_pbkdf2),
    (_PHC_SCRYPT, _phc_scrypt),
    (_WERKZEUG_SCRYPT, _werkzeug_scrypt),
    (_DJANGO_SCRYPT, _django_scrypt),
)
