"""What is sealed opens with its key and at its place alone, and a master key can be replaced."""

import base64
import os
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from session_service.sealing import Keyring, MasterKeyMissing, new_key, place_of, seal, unseal

PLACE = place_of(uuid4(), uuid4())


@given(content=st.binary(max_size=200), place=st.binary(max_size=40))
def test_what_is_sealed_opens_with_its_key_at_its_place(content: bytes, place: bytes) -> None:
    key = new_key()
    assert unseal(key, seal(key, content, place), place) == content


@given(content=st.binary(max_size=50), at=st.integers(min_value=0), bit=st.integers(0, 7))
def test_one_changed_bit_is_noticed(content: bytes, at: int, bit: int) -> None:
    key = new_key()
    sealed = bytearray(seal(key, content, PLACE))
    sealed[at % len(sealed)] ^= 1 << bit
    with pytest.raises(InvalidTag):
        unseal(key, bytes(sealed), PLACE)


def test_the_same_words_are_never_sealed_the_same_and_open_nowhere_else() -> None:
    key = new_key()
    one, other = (seal(key, b"word", PLACE) for _ in range(2))
    assert one != other
    for wrong_key, place in ((new_key(), PLACE), (key, place_of(uuid4(), uuid4()))):
        with pytest.raises(InvalidTag):
            unseal(wrong_key, one, place)


def test_after_a_change_of_the_master_key_old_keys_still_open_and_new_ones_are_wrapped_by_the_new() -> None:
    old, new = os.urandom(32), os.urandom(32)
    key = new_key()
    kept = Keyring([old]).wrap(key, PLACE)
    both = Keyring([new, old])
    assert both.unwrap(kept, PLACE) == key
    assert both.wrap(key, PLACE).master_key == Keyring([new]).newest
    with pytest.raises(MasterKeyMissing):
        Keyring([new]).unwrap(kept, PLACE)


@pytest.mark.parametrize("setting", ["", "short", base64.b64encode(bytes(31)).decode(), "é" * 9])
def test_a_master_key_of_another_length_is_no_key(setting: str) -> None:
    with pytest.raises(ValueError, match="32 bytes in base64"):
        Keyring.of(setting)


def test_a_setting_states_several_master_keys_newest_first() -> None:
    keys = [os.urandom(32) for _ in range(3)]
    setting = ", ".join(base64.urlsafe_b64encode(key).decode() for key in keys)
    assert Keyring.of(setting).newest == Keyring([keys[0]]).newest
