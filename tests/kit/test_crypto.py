import base64
import re
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import crypto
from kit.crypto import CannotOpen, DataKey, KeyRing
from pydantic import BaseModel

K1, K2 = crypto.new_key("k1"), crypto.new_key("k2")
RING, OTHER = KeyRing.parse(K1), KeyRing.parse(K2)
ROTATED = KeyRing.parse(f"{K2},{K1}")


class Reach(BaseModel):
    address: str


class Another(BaseModel):
    address: str


@given(st.binary(max_size=2000), st.text(max_size=50))
def test_what_is_sealed_opens_again_and_only_for_what_it_belongs_to(plain: bytes, aad: str) -> None:
    sealed = RING.seal(plain, aad)
    assert RING.open(sealed, aad) == plain
    with pytest.raises(CannotOpen):
        RING.open(sealed, aad + "x")
    with pytest.raises(CannotOpen):
        OTHER.open(sealed, aad)


@given(st.data())
def test_a_sealed_value_that_was_touched_anywhere_does_not_open(data: st.DataObject) -> None:
    sealed = RING.seal(b"lock fixed", "x")
    place = data.draw(st.integers(0, len(sealed) - 1))
    touched = sealed[:place] + data.draw(st.sampled_from("AZaz09._-!")) + sealed[place + 1 :]
    if _meaning(touched) != _meaning(sealed):
        with pytest.raises(CannotOpen):
            RING.open(touched, "x")


def _meaning(sealed: str) -> object:
    """The last character of base64 may hold bits that mean nothing."""
    head, _, body = sealed.rpartition(".")
    try:
        return head, base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return sealed


def test_the_same_value_is_sealed_differently_each_time() -> None:
    assert RING.seal(b"x", "y") != RING.seal(b"x", "y")


@given(st.text(max_size=200))
def test_a_field_opens_only_in_its_own_table_column_and_row(plain: str) -> None:
    key, row = DataKey.new(RING), uuid4()
    sealed = crypto.encrypt_field(key, plain, table="person", column="name", row=row)
    assert crypto.decrypt_field(key, sealed, table="person", column="name", row=row) == plain
    for table, column, other in (
        ("contact", "name", row),
        ("person", "address", row),
        ("person", "name", uuid4()),
        ("personname", "", row),
    ):
        with pytest.raises(CannotOpen):
            crypto.decrypt_field(key, sealed, table=table, column=column, row=other)


def test_a_field_says_which_data_key_sealed_it() -> None:
    key = DataKey.new(RING)
    sealed = crypto.encrypt_field(key, "x", table="t", column="c", row=1)
    assert crypto.key_id_of(sealed) == key.key_id
    with pytest.raises(CannotOpen, match="another data key"):
        crypto.decrypt_field(DataKey.new(RING), sealed, table="t", column="c", row=1)


def test_a_wrapped_key_opens_for_its_own_person_only() -> None:
    key = DataKey.new(RING)
    wrapped = key.wrap(RING, owner="p1")
    assert DataKey.unwrap(RING, wrapped, owner="p1") == key
    with pytest.raises(CannotOpen):
        DataKey.unwrap(RING, wrapped, owner="p2")


def test_without_the_wrapped_key_nothing_of_the_person_can_be_read() -> None:
    key = DataKey.new(RING)
    sealed = crypto.encrypt_field(key, "13912345678", table="person", column="phone", row=1)
    wrapped_again = DataKey.new(RING).wrap(RING, owner=1)
    with pytest.raises(CannotOpen):
        crypto.decrypt_field(
            DataKey.unwrap(RING, wrapped_again, owner=1), sealed, table="person", column="phone", row=1
        )


def test_a_rotation_wraps_again_and_leaves_the_fields_alone() -> None:
    key = DataKey.new(RING)
    old = key.wrap(RING, owner=1)
    new = crypto.rewrap(ROTATED, old, owner=1)
    assert crypto.key_id_of(old) == "k1"
    assert crypto.key_id_of(new) == "k2"
    assert DataKey.unwrap(OTHER, new, owner=1) == key
    assert crypto.rewrap(ROTATED, new, owner=1) == new


def test_a_key_that_has_left_the_ring_is_named_in_the_error() -> None:
    with pytest.raises(CannotOpen, match="k1 is not in the ring k2"):
        OTHER.open(RING.seal(b"x", "y"), "y")


def test_a_rotated_ring_opens_what_the_old_key_sealed_and_seals_with_the_new() -> None:
    assert ROTATED.open(RING.seal(b"x", "y"), "y") == b"x"
    assert crypto.key_id_of(ROTATED.seal(b"x", "y")) == "k2"
    assert ROTATED.signed_by_us("cursor", b"m", RING.sign("cursor", b"m"))
    assert not ROTATED.signed_by_us("other", b"m", RING.sign("cursor", b"m"))


def test_a_blind_index_finds_what_is_written_differently_and_tells_purposes_apart() -> None:
    index = crypto.blind_index(RING, "phone", "139 1234 5678")
    assert index == crypto.blind_index(RING, "phone", "１３９12345678")
    assert index != crypto.blind_index(RING, "email", "13912345678")
    assert index != crypto.blind_index(OTHER, "phone", "13912345678")
    assert crypto.blind_index(RING, "id", "aB", form=crypto.exactly) != crypto.blind_index(
        RING, "id", "ab", form=crypto.exactly
    )


def test_while_rotating_a_blind_index_is_looked_for_under_both_keys() -> None:
    assert crypto.blind_index(RING, "phone", "1") in crypto.blind_indexes(ROTATED, "phone", "1")
    assert crypto.blind_index(ROTATED, "phone", "1") == crypto.blind_indexes(ROTATED, "phone", "1")[0]


def test_what_travels_opens_for_its_own_subject_and_kind_only() -> None:
    reach = Reach(address="13912345678")
    sealed = crypto.seal_for_transport(RING, reach, key="p1")
    assert "139" not in sealed
    assert crypto.open_from_transport(ROTATED, sealed, Reach, key="p1") == reach
    with pytest.raises(CannotOpen):
        crypto.open_from_transport(RING, sealed, Reach, key="p2")
    with pytest.raises(CannotOpen):
        crypto.open_from_transport(RING, sealed, Another, key="p1")
    assert crypto.open_text_from_transport(RING, crypto.seal_for_transport(RING, "K7F2", key=1), key=1) == "K7F2"


@pytest.mark.parametrize(
    "text, why",
    [
        ("", "at least one"),
        ("k1", "id:base64"),
        ("k.1:" + "A" * 44, "id:base64"),
        ("k1:***", "not base64"),
        ("k1:" + base64.b64encode(b"short").decode(), "5 bytes"),
        pytest.param(f"{K1},{K1}", "once", id="twice"),
    ],
)
def test_a_key_ring_that_is_wrong_says_how(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        KeyRing.parse(text)


def test_no_key_is_shown_by_accident() -> None:
    shown = f"{RING!r} {RING} {DataKey.new(RING)!r}"
    assert base64.b64decode(K1.partition(":")[2]).hex() not in shown
    assert "_key=" not in shown


SM4_RING = KeyRing.parse(f"g1:{base64.b64encode(bytes(range(16))).decode()}")


@given(st.binary(max_size=2000), st.text(max_size=50))
def test_under_a_key_of_16_bytes_all_is_sealed_by_sm4(plain: bytes, aad: str) -> None:
    sealed = SM4_RING.seal(plain, aad)
    assert SM4_RING.open(sealed, aad) == plain
    with pytest.raises(CannotOpen):
        SM4_RING.open(sealed, aad + "x")
    key = DataKey.new(SM4_RING)
    assert len(base64.urlsafe_b64decode(key.wrap(SM4_RING, owner=1).split(".")[2] + "==")) == 12 + 4 + 16 + 16
    assert key.open(key.seal(plain, aad), aad) == plain


def test_sm4_gcm_is_that_of_rfc_8998() -> None:
    """Appendix A.1."""
    key, nonce = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"), bytes.fromhex("00001234567800000000ABCD")
    aad = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    plain = b"".join(bytes([byte]) * 8 for byte in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
    sealed = bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )
    assert crypto._seal(key, nonce, plain, aad) == sealed
    assert crypto._unseal(key, nonce, sealed, aad) == plain


def test_a_rotation_goes_from_aes_to_sm4_and_loses_nothing() -> None:
    both = KeyRing((*SM4_RING.keys, *RING.keys))
    key = DataKey.new(RING)
    field = crypto.encrypt_field(key, "白杨社区", table="t", column="c", row=1)
    rewrapped = crypto.rewrap(both, key.wrap(RING, owner=1), owner=1)
    again = DataKey.unwrap(SM4_RING, rewrapped, owner=1)
    assert crypto.decrypt_field(again, field, table="t", column="c", row=1) == "白杨社区"
    assert crypto.blind_index(RING, "phone", "138") in crypto.blind_indexes(both, "phone", "138")


def test_indexes_and_signatures_under_sm3_are_its_own() -> None:
    assert SM4_RING.signed_by_us("cursor", b"x", SM4_RING.sign("cursor", b"x"))
    assert not SM4_RING.signed_by_us("cursor", b"y", SM4_RING.sign("cursor", b"x"))
    assert crypto.blind_index(SM4_RING, "phone", "138") != crypto.blind_index(RING, "phone", "138")


def test_a_ticket_says_what_it_is_about_to_whom_has_the_ring() -> None:
    ticket = crypto.make_ticket(RING, "rating", b"appeal 7")
    assert re.fullmatch(r"[A-Za-z0-9_-]+", ticket)
    assert crypto.read_ticket(RING, "rating", ticket) == b"appeal 7"
    assert crypto.read_ticket(ROTATED, "rating", ticket) == b"appeal 7"


@given(place=st.integers(0, 30), text=st.text(max_size=40))
def test_a_ticket_that_was_changed_is_for_another_purpose_or_is_none_opens_nothing(place: int, text: str) -> None:
    ticket = crypto.make_ticket(RING, "rating", b"appeal 7")
    changed = ticket[:place] + ("A" if ticket[place] != "A" else "B") + ticket[place + 1 :]
    for ring, purpose, said in (
        (RING, "rating", changed),
        (RING, "another", ticket),
        (OTHER, "rating", ticket),
        (RING, "rating", text),
    ):
        with pytest.raises(CannotOpen):
            crypto.read_ticket(ring, purpose, said)
