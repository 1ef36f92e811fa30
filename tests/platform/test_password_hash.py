"""Passwords as we hash them, and as other systems have: published examples, and hashes made by the libraries."""

import hashlib
import hmac
from base64 import b64encode

import bcrypt
import pytest
from argon2.low_level import Type, hash_secret
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.security import generate_password_hash

from kolofon.platform.password_hash import checked_hash, hash_password, needs_new_hash, verify_password

PASSWORD = "blåbærsyltetøy på brødskiva"
SALT = b"a salt of 16 byte"


def text(data: bytes) -> str:
    return b64encode(data).decode().rstrip("=")


def by_pbkdf2(digest: str, rounds: int = 1000, length: int | None = None) -> bytes:
    return hashlib.pbkdf2_hmac(digest, PASSWORD.encode(), SALT, rounds, length)


def by_scrypt(n: int, r: int, p: int, length: int = 64) -> bytes:
    return hashlib.scrypt(PASSWORD.encode(), salt=SALT, n=n, r=r, p=p, dklen=length)


def by_bcrypt(password: bytes, prefix: bytes = b"2b") -> str:
    return bcrypt.hashpw(password, bcrypt.gensalt(4)).replace(b"$2b$", b"$" + prefix + b"$").decode()


def by_argon2(kind: Type, version: int = 19) -> str:
    return hash_secret(PASSWORD.encode(), SALT, 2, 64, 2, 32, kind, version).decode()


def by_passlib_bcrypt() -> str:
    """Version 2: the password goes through HMAC with the salt."""
    salt = bcrypt.gensalt(4)
    kept = salt.decode().rpartition("$")[2]
    shorter = b64encode(hmac.digest(kept.encode(), PASSWORD.encode(), "sha256"))
    return f"$bcrypt-sha256$v=2,t=2b,r=4${kept}${bcrypt.hashpw(shorter, salt).decode()[-31:]}"


SALT_TEXT = SALT.decode()
MADE = {
    "argon2id": by_argon2(Type.ID),
    "argon2i": by_argon2(Type.I),
    "argon2d": by_argon2(Type.D),
    "argon2 of version 16": by_argon2(Type.I, 16),
    "argon2 of Django": f"argon2{by_argon2(Type.ID)}",
    "bcrypt 2b": by_bcrypt(PASSWORD.encode()),
    "bcrypt 2a": by_bcrypt(PASSWORD.encode(), b"2a"),
    "bcrypt 2y, of PHP": by_bcrypt(PASSWORD.encode(), b"2y"),
    "bcrypt of Django": f"bcrypt${by_bcrypt(PASSWORD.encode())}",
    "bcrypt_sha256 of Django": "bcrypt_sha256$" + by_bcrypt(hashlib.sha256(PASSWORD.encode()).hexdigest().encode()),
    "bcrypt-sha256 of passlib": by_passlib_bcrypt(),
    "pbkdf2_sha256 of Django": f"pbkdf2_sha256$1000${SALT_TEXT}${b64encode(by_pbkdf2('sha256')).decode()}",
    "pbkdf2_sha1 of Django": f"pbkdf2_sha1$1000${SALT_TEXT}${b64encode(by_pbkdf2('sha1')).decode()}",
    "pbkdf2 of passlib": f"$pbkdf2$1000${text(SALT)}${text(by_pbkdf2('sha1')).replace('+', '.')}",
    "pbkdf2-sha256 of passlib": f"$pbkdf2-sha256$1000${text(SALT)}${text(by_pbkdf2('sha256')).replace('+', '.')}",
    "pbkdf2-sha512 of passlib": f"$pbkdf2-sha512$1000${text(SALT)}${text(by_pbkdf2('sha512')).replace('+', '.')}",
    "pbkdf2-sha256 of PHC": f"$pbkdf2-sha256$i=1000,l=32${text(SALT)}${text(by_pbkdf2('sha256'))}",
    "pbkdf2-sha512 of PHC, long": f"$pbkdf2-sha512$i=1000${text(SALT)}${text(by_pbkdf2('sha512', length=128))}",
    "pbkdf2 of Werkzeug": generate_password_hash(PASSWORD, "pbkdf2:sha256:1000"),
    "scrypt of PHC": f"$scrypt$ln=10,r=8,p=2${text(SALT)}${text(by_scrypt(1024, 8, 2, 32))}",
    "scrypt of Werkzeug": generate_password_hash(PASSWORD, "scrypt:1024:8:1"),
    "scrypt of Django": f"scrypt$1024${SALT_TEXT}$8$5${b64encode(by_scrypt(1024, 8, 5)).decode()}",
}
# From the documents and test vectors of argon2, PHP, crypt_blowfish, passlib, Django, and RFC 6070.
_DJANGO_SUM = "Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw=="
PUBLISHED = [
    ("password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"),
    ("password", "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"),
    ("password", "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ"),
    ("rasmuslerdorf", "$2y$10$.vGA1O9wmRjrwAVXD98HNOgsNpDczlqm3Jq7KnEd1rVAGv3Fykk1a"),
    ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    ("password", "$bcrypt-sha256$v=2,t=2b,r=12$n79VH.0Q2TMWmt3Oqt9uku$Kq4Noyk3094Y2QlB8NdRT8SvGiI4ft2"),
    ("password", "$bcrypt-sha256$2a,12$LrmaIX5x4TRtAwEfwJZa1.$2ehnw6LvuIUTM0iz4iz9hTxv21B6KFO"),
    ("lètmein", "pbkdf2_sha256$12000$seasalt$Ybw8zsFxqja97tY/o6G+Fy1ksY4U/Hw3DRrGED6Up4s="),
    ("password", "pbkdf2_sha1$4096$salt$SwB5AbdlSJq+rUnZJvch0GWkKcE="),
    ("password", "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E"),
    ("lètmein", f"scrypt$16384$seasalt$8$1${_DJANGO_SUM}"),
]
SUM = text(bytes(32))


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_a_hash_in_each_known_form_fits_its_password_and_no_other(made: str) -> None:
    assert verify_password(made, PASSWORD)
    assert not verify_password(made, PASSWORD + "!")
    assert not verify_password(made, "")
    assert checked_hash(f" {made}\n") == made
    assert needs_new_hash(made)


@pytest.mark.parametrize(("password", "published"), PUBLISHED, ids=[made[:24] for _, made in PUBLISHED])
def test_published_examples_are_verified(password: str, published: str) -> None:
    assert checked_hash(published) == published
    assert verify_password(published, password)
    assert not verify_password(published, password.swapcase())


def test_our_own_stays_as_it_is() -> None:
    made = hash_password(PASSWORD)
    assert verify_password(made, PASSWORD)
    assert not verify_password(made, "another")
    assert not needs_new_hash(made)
    assert checked_hash(made) == made


def test_bcrypt_takes_72_bytes_of_a_password_as_it_did_where_the_hash_was_made() -> None:
    long = "å" * 40
    made = by_bcrypt(long.encode()[:72])
    assert verify_password(made, long)
    assert verify_password(made, long + "more")
    assert not verify_password(made, "å" * 35)
    # Where the password was made shorter first, all of it counts.
    whole = "bcrypt_sha256$" + by_bcrypt(hashlib.sha256(long.encode()).hexdigest().encode())
    assert verify_password(whole, long)
    assert not verify_password(whole, long + "more")


@pytest.mark.parametrize(
    "costly",
    [
        f"$argon2id$v=19$m=524288,t=1,p=1${text(SALT)}${SUM}",  # more than 256 MiB
        f"$argon2id$v=19$m=262144,t=5,p=1${text(SALT)}${SUM}",
        f"$argon2id$v=19$m=999999999,t=999999999,p=1${text(SALT)}${SUM}",
        f"$argon2id$v=19$m=64,t=1,p=17${text(SALT)}${SUM}",
        "$2b$15$" + "a" * 21 + "." + "b" * 31,
        "$2b$31$" + "a" * 21 + "." + "b" * 31,
        f"pbkdf2_sha256$2000001$salt${b64encode(bytes(32)).decode()}",
        f"$pbkdf2-sha256$999999999${text(SALT)}${SUM}",
        f"$pbkdf2-sha256$i=1500000${text(SALT)}${text(bytes(64))}",  # two blocks of a digest
        f"$scrypt$ln=19,r=8,p=1${text(SALT)}${SUM}",
        f"$scrypt$ln=99,r=8,p=1${text(SALT)}${SUM}",
        f"$scrypt$ln=14,r=8,p=999${text(SALT)}${SUM}",
        f"scrypt:1048576:8:1$salt${bytes(64).hex()}",
    ],
)
def test_what_costs_too_much_is_refused_and_not_even_tried(costly: str) -> None:
    assert checked_hash(costly) is None
    assert not verify_password(costly, PASSWORD)


@pytest.mark.parametrize(
    "unknown",
    [
        *("", "x", "secret", "5f4dcc3b5aa765d61d8327deb882cf99", "{SSHA}abc", "$1$salt$hash", "$5$salt$hash"),
        *(
            "$6$rounds=5000$salt$hash",
            "$P$Babcdefghijklmnopqrstuvwxyz01234",
            "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
        ),
        "$2b$12$tooshort",
        "$2x$12$" + "a" * 22 + "b" * 31,
        "$2b$03$" + "a" * 21 + "." + "b" * 31,
        "$2b$12$" + "a" * 22 + "b" * 31,  # a salt whose last letter has bits that no salt has
        f"$argon2id$v=19$m=7,t=1,p=1${text(SALT)}${SUM}",
        f"$argon2id$v=19$m=64,t=0,p=1${text(SALT)}${SUM}",
        f"$argon2x$v=19$m=64,t=1,p=1${text(SALT)}${SUM}",
        "pbkdf2_sha256$0$salt$AAAA",
        "pbkdf2_sha256$1000$salt$not base 64",
        "pbkdf2_sha256$1000$salt$AAAA",  # three bytes fit one password in 16 million
        "pbkdf2_md5$1000$salt$AAAAAAAAAAAAAAAAAAAAAA==",
        f"scrypt$1000$salt$8$1${b64encode(bytes(64)).decode()}",  # N is no power of two
        f"scrypt$1024$salt$0$1${b64encode(bytes(64)).decode()}",
        "scrypt:1024:8:1$salt$nothex",
        "$scrypt$ln=10,r=8,p=1$å$AAAAAAAAAAAAAAAAAAAAAAAA",
        "x" * 501,
    ],
)
def test_what_is_no_known_form_is_refused_and_fits_no_password(unknown: str) -> None:
    assert checked_hash(unknown) is None
    assert not verify_password(unknown, PASSWORD)
    assert needs_new_hash(unknown)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(MADE.values())), st.data())
def test_a_hash_that_was_cut_or_changed_raises_nothing(made: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(made) - 1))
    put = data.draw(st.sampled_from(["", "$", "=", ",", "0", "9", "A", ".", "/", "å", "\0", "$$"]))
    changed = made[:place] + put + made[place + data.draw(st.integers(0, 2)) :]
    if checked_hash(changed) is not None and changed != made:
        verify_password(changed, "x")
