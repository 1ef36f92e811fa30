"""The installation's secret, and what is sealed with it."""

import hmac
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolofon.platform.sealing import SealBroken, Secrets, derive, read_secrets, seal, unseal
from kolofon.settings import Settings, SettingsError

KEY = Secrets("a secret of this installation").key("tests")


@given(st.binary(max_size=200))
def test_what_was_sealed_is_unsealed_and_looks_different_each_time(value: bytes) -> None:
    sealed = seal(KEY, value)
    assert unseal(KEY, sealed) == value
    assert seal(KEY, value) != sealed


@pytest.mark.parametrize(
    "key",
    [Secrets("a secret of this installation").key("test"), Secrets("another secret").key("tests")],
    ids=["another purpose", "another secret"],
)
def test_another_key_does_not_open_it(key: bytes) -> None:
    with pytest.raises(SealBroken):
        unseal(key, seal(KEY, b"value"))


@given(st.data())
def test_a_changed_bit_anywhere_breaks_the_seal(data: st.DataObject) -> None:
    sealed = bytearray(seal(KEY, b"some value"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SealBroken):
        unseal(KEY, bytes(sealed))


@pytest.mark.parametrize("length", [0, 5, 12, 20, 27])
def test_a_cut_seal_is_broken(length: int) -> None:
    with pytest.raises(SealBroken):
        unseal(KEY, seal(KEY, b"value")[:length])


def test_keys_are_derived_the_same_in_every_process_and_version() -> None:
    # RFC 5869 by hand; a change would make everything that is sealed unreadable.
    extracted = hmac.digest(bytes(32), b"secret", "sha256")
    assert derive(b"secret", "forms") == hmac.digest(extracted, b"kolofon forms\x01", "sha256")
    assert derive(b"secret", "forms") != derive(b"secret", "form")


def test_the_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new" / "data")
    secrets = read_secrets(settings)
    file = settings.data / "secret.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_text()) >= 64
    assert read_secrets(settings).key("x") == secrets.key("x")
    assert [found.name for found in settings.data.iterdir()] == ["secret.key"]


def test_the_setting_comes_before_the_file(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, secret_key="k" * 32)
    assert read_secrets(settings).key("x") == Secrets("k" * 32).key("x")
    assert not list(tmp_path.iterdir())


def test_processes_that_start_at_once_get_the_same_secret(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from kolofon.platform.sealing import read_secrets;"
        "from kolofon.settings import Settings; sys.stdin.readline();"
        f"print(read_secrets(Settings(data=Path({str(tmp_path)!r}))).key('x').hex())"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    found = {process.communicate(timeout=120)[0] for process in processes}
    assert len(found) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["secret.key"]


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match=r"KOLOFON_DATA: cannot use .*secret.key"):
        read_secrets(Settings(data=tmp_path / "file"))


@pytest.mark.parametrize("left", ["", "short"])
def test_a_secret_file_that_was_emptied_is_not_taken_for_a_secret(tmp_path: Path, left: str) -> None:
    (tmp_path / "secret.key").write_text(left)
    with pytest.raises(SettingsError, match=r"KOLOFON_DATA: .*secret.key"):
        read_secrets(Settings(data=tmp_path))
