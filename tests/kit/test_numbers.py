from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import numbers
from kit.numbers import ALPHABET, Mistyped, new_number, new_query_code, parse_code, parse_name, parse_number

codes = st.text(ALPHABET, min_size=12, max_size=12).map(lambda body: numbers._grouped(numbers._checked(body)))


def bare(code: str) -> str:
    return code.replace("-", "")


@pytest.mark.parametrize("_", range(20))
def test_every_single_wrong_character_of_a_code_is_found(_: int) -> None:
    code = bare(new_query_code())
    for place, right in enumerate(code):
        for wrong in ALPHABET.replace(right, ""):
            with pytest.raises(Mistyped):
                parse_code(code[:place] + wrong + code[place + 1 :])


@pytest.mark.parametrize("_", range(50))
def test_every_swap_of_two_characters_of_a_code_is_found(_: int) -> None:
    code = bare(new_query_code())
    for one in range(len(code)):
        for other in range(one + 1, len(code)):
            swapped = list(code)
            swapped[one], swapped[other] = code[other], code[one]
            if code[one] != code[other]:
                with pytest.raises(Mistyped):
                    parse_code("".join(swapped))


@pytest.mark.parametrize("_", range(20))
def test_every_wrong_character_and_neighbours_swap_of_a_number_is_found(_: int) -> None:
    number = bare(new_number("C"))
    for place, right in enumerate(number):
        for wrong in ALPHABET.replace(right, ""):
            with pytest.raises(Mistyped):
                parse_number(number[:place] + wrong + number[place + 1 :], "C")
        swapped = number[:place] + number[place + 1 : place + 2] + right + number[place + 2 :]
        if swapped != number:
            with pytest.raises(Mistyped):
                parse_number(swapped, "C")


@given(codes, st.data())
def test_a_code_is_read_however_it_is_typed(code: str, data: st.DataObject) -> None:
    as_typed = {"0": "0Oo０", "1": "1IiLl１"}
    typed = "".join(
        data.draw(st.sampled_from(as_typed.get(c, c + c.lower()))) + data.draw(st.sampled_from(["", " ", "-", "–"]))
        for c in bare(code)
    )
    assert parse_code(f"  {typed}\n") == code


def test_something_is_named_by_its_id_or_by_a_number_of_a_kind_that_it_has() -> None:
    identity, number = uuid4(), new_number("A")
    assert parse_name(str(identity), "C", "A", field="/case_id") == identity
    assert parse_name(number.lower().replace("-", " "), "C", "A", field="/case_id") == number
    for other in (new_number("D"), number[:-1]):
        with pytest.raises(Mistyped) as refused:
            parse_name(other, "C", "A", field="/case_id")
        assert refused.value.field == "/case_id"


@pytest.mark.parametrize("typed", ["", "-", "0", "U" * 13, "K7F2" * 4, "码" * 13, "\0" * 13, "٣" * 13])
def test_what_is_no_code_is_mistyped(typed: str) -> None:
    with pytest.raises(Mistyped, match="This query code is mistyped"):
        parse_code(typed)


def test_a_number_of_another_kind_is_mistyped() -> None:
    with pytest.raises(Mistyped):
        parse_number(new_number("A"), "C")


def test_a_query_code_holds_sixty_random_bits() -> None:
    code = bare(new_query_code())
    assert len(code) == 13
    assert 32**12 == 2**60
    assert len({new_query_code() for _ in range(2000)}) == 2000


def test_a_number_is_grouped_for_the_eye() -> None:
    number = new_number("C")
    assert [len(group) for group in number.split("-")] == [4, 4, 4]
    assert number.startswith("C")
    assert parse_number(number, "C") == number


def test_whoever_mistyped_it_is_told_with_what_to_compare_it() -> None:
    with pytest.raises(Mistyped, match="compare it with the letter"):
        parse_number("H000-0001", "H", 6, on="the letter")
