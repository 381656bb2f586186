"""Suggesting a category by words that can be named."""

from intake.domain.sorting import Categories, Category, Suggestion


def make_categories(**words: tuple[str, ...]) -> Categories:
    return Categories(Category(code, None, {"zh": code}, listed) for code, listed in words.items())


CITY = {"water": ("停水", "自来水", "水管爆裂"), "noise": ("扰民", "噪音", "夜间施工"), "lights": ("路灯",)}


def test_the_words_that_spoke_for_it_are_said() -> None:
    found = make_categories(**CITY).suggest(title="夜间施工噪音大", words="夜间施工，影响睡眠，还停水")
    assert found == Suggestion("noise", ("夜间施工", "噪音"))


def test_a_longer_word_weighs_more() -> None:
    found = make_categories(**CITY).suggest(title="", words="扰民，水管爆裂")
    assert found is not None
    assert found.category == "water"


def test_a_word_said_often_counts_once() -> None:
    found = make_categories(**CITY).suggest(title="", words="停水停水停水停水，噪音扰民")
    assert found is not None
    assert found.category == "noise"


def test_one_short_word_by_the_way_is_no_suggestion() -> None:
    assert make_categories(**CITY).suggest(title="", words="我在路灯下等车") is None


def test_no_word_is_no_suggestion() -> None:
    assert make_categories(**CITY).suggest(title="你好", words="请问") is None


def test_a_retired_category_is_not_suggested() -> None:
    gone = Categories([Category("water", None, {}, ("自来水停水",), retired=True)])
    assert gone.suggest(title="自来水停水", words="") is None
    assert gone.find("water") is not None
