"""predictor/wording.py: the text that is worth most after what is typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.predictor.wording import Text, best_text


def line(text: str, probability: float) -> Text:
    return Text(text, probability, whole=True)


def beginning(text: str, probability: float, *, inner: bool = False) -> Text:
    return Text(text, probability, whole=False, inner=inner)


def never_typed(_: str) -> float:
    return 0.0


def typed(**shares: float) -> Callable[[str], float]:
    """P(the line is one typed before and begins so), from lines with `_` for a space."""
    lines = {name.replace("_", " "): share for name, share in shares.items()}
    return lambda text: sum(share for name, share in lines.items() if name.startswith(text))


def best(
    prefix: str,
    lines: Sequence[Text] = (),
    beginnings: Sequence[Text] = (),
    known: Callable[[str], float] = never_typed,
) -> Text | None:
    return best_text(prefix, lines, beginnings, known)


def test_where_nothing_is_known_nothing_is_shown() -> None:
    assert best("git ") is None
    assert best("git ", beginnings=[beginning("git ", 1.0, inner=True), beginning("git ", 0.5)]) is None


def test_the_most_probable_line_is_shown() -> None:
    lines = [line("git push", 0.6), line("git pull", 0.3)]
    assert best("git ", lines, known=typed(git_push=0.6, git_pull=0.3)) == lines[0]


def test_a_probable_word_beats_the_most_probable_line() -> None:
    """Each line with `commit` is rarer than the other one, but together they are not."""
    commits = [f"git commit -m {letter}" for letter in "abcd"]
    lines = [line("git push", 0.3), *(line(text, 0.15) for text in commits)]
    known = {"git push": 0.3, **dict.fromkeys(commits, 0.15)}
    found = best("git ", lines, known=lambda text: sum(p for each, p in known.items() if each.startswith(text)))
    assert found == lines[1]


def test_composed_lines_count_for_their_word() -> None:
    lines = [line("git push", 0.3)]
    beginnings = [beginning(f"git commit -{letter}", 0.12) for letter in "abcde"]
    assert best("git ", lines, beginnings, typed(git_push=0.3)) == Text("git commit ", 0.6, whole=False)
    few = best("git ", lines, beginnings[:2], typed(git_push=0.3))
    assert few == lines[0]


def test_inner_beginnings_are_not_counted_twice() -> None:
    beginnings = [
        beginning("git add", 0.4, inner=True),
        beginning("git add ", 0.4, inner=True),
        Text("git add", 0.1, whole=True),
        beginning("git add -A", 0.3),
    ]
    found = best("git ", beginnings=beginnings)
    assert found is not None
    assert found.probability == pytest.approx(0.4)
    assert found.text.rstrip() == "git add"


def test_what_was_typed_before_and_what_is_composed_add_up() -> None:
    lines = [line("git stash", 0.01)]
    rivals = [Text("git tag", 0.3, whole=True)]
    stash = [beginning("git stash pop", 0.2)]
    assert best("git ", lines, [*rivals, *stash]) == Text("git tag", 0.3, whole=False)
    assert best("git ", lines, [*rivals, *stash], typed(git_stash=0.2)) == lines[0]


def test_the_rest_of_a_word_is_what_counts() -> None:
    found = best("git com", [line("git commit -m x", 0.2)], [beginning("git commit --amend", 0.4)])
    assert found == line("git commit -m x", 0.2)
    assert best("git com", beginnings=[beginning("git commit --amend", 0.4)]) == Text("git commit ", 0.4, whole=False)


def test_a_beginning_that_may_go_on_inside_the_word_is_no_word() -> None:
    """`src/main` may become `src/main.c`: what counts for a word is one that ends."""
    assert best("vim ", beginnings=[beginning("vim src/main", 0.5)]) == Text("vim src/main", 0.5, whole=False)
    assert best("vim ", [line("vim x.txt", 0.2)], [beginning("vim src/main", 0.5)], typed(**{"vim_x.txt": 0.2})) == (
        Text("vim src/main", 0.5, whole=False)
    )


def test_only_a_word_that_ends_beats_a_line_that_goes_on_from_it() -> None:
    lines = [line("vim src/main.c", 0.06)]
    known = typed(**{"vim_src/main.c": 0.06})
    assert best("vim ", lines, [beginning("vim src/main", 0.5)], known) == lines[0]
    assert best("vim ", lines, [beginning("vim src/main ", 0.5)], known) == Text("vim src/main ", 0.5, whole=False)


def test_the_whole_line_counts_beside_its_word() -> None:
    """`commit` is a little more probable, but what comes after `push` is known."""
    commits = {f"git commit -m {letter}": 0.05 for letter in "abcdefghij"}
    known = {"git push origin": 0.48, **commits}
    lines = [line(text, share) for text, share in known.items()]
    found = best("git ", lines, known=lambda text: sum(p for each, p in known.items() if each.startswith(text)))
    assert found == lines[0]


def test_parts_are_shown_only_where_no_line_that_goes_on_is_probable() -> None:
    """A line that is half as probable as its first letters is worth more: the letters come along with it."""
    part = beginning("vim src/", 0.5, inner=True)
    improbable = [line(f"vim src/{name}.c", 0.04) for name in "abc"]
    assert best("vim ", improbable, [part]) == Text("vim src/", 0.5, whole=False)
    probable = [line("vim src/a.c", 0.06)]
    assert best("vim ", probable, [part]) == probable[0]
    elsewhere = [line("vim notes", 0.06)]
    assert best("vim ", elsewhere, [part]) == Text("vim src/", 0.5, whole=False)


def test_known_lines_count_for_a_part() -> None:
    lines = [line("vim src/a.c", 0.06)]
    part = beginning("vim src/", 0.5, inner=True)
    found = best("vim ", lines, [part], lambda text: 0.3 if "vim src/a.c".startswith(text) else 0.0)
    # .06 is improbable beside .8, as it would not be beside .5.
    assert found == Text("vim src/", 0.8, whole=False)


def test_a_part_of_one_letter_is_not_worth_a_key() -> None:
    assert best("vim ", beginnings=[beginning("vim s", 0.9, inner=True)]) is None


@pytest.mark.parametrize(
    ("longer", "shown"),
    [
        (0.31, "src/main"),  # over (1 - 1/4) of .4: what is lost is less than the key that is saved
        (0.29, "src/"),
    ],
)
def test_a_part_is_lengthened_as_long_as_that_pays(longer: float, shown: str) -> None:
    beginnings = [beginning("vim src/", 0.4, inner=True), beginning("vim src/main", longer, inner=True)]
    found = best("vim ", beginnings=beginnings)
    assert found == Text(f"vim {shown}", longer if shown == "src/main" else 0.4, whole=False)


def test_a_part_is_lengthened_to_a_word() -> None:
    beginnings = [beginning("vim src/", 0.4, inner=True), beginning("vim src/main.c ", 0.39)]
    assert best("vim ", beginnings=beginnings) == Text("vim src/main.c ", 0.39, whole=False)


def test_a_part_is_lengthened_more_than_once() -> None:
    probabilities = {"vim a/": 0.5, "vim a/b/": 0.45, "vim a/b/c/": 0.4, "vim a/b/c/d": 0.1}
    found = best("vim ", beginnings=[beginning(text, each, inner=True) for text, each in probabilities.items()])
    assert found == Text("vim a/b/c/", 0.4, whole=False)


SHORT = st.text("ab/ -", max_size=4)
SHARES = st.floats(0, 1)


@given(
    SHORT,
    st.lists(st.tuples(st.text("ab/ -\n", min_size=1, max_size=6), SHARES), max_size=4),
    st.lists(st.tuples(st.text("ab/ -", max_size=6), SHARES, st.booleans(), st.booleans()), max_size=6),
    st.dictionaries(st.text("ab/ -", max_size=3), SHARES, max_size=4),
)
def test_it_goes_on_from_what_is_typed(
    prefix: str,
    lines: list[tuple[str, float]],
    beginnings: list[tuple[str, float, bool, bool]],
    known: dict[str, float],
) -> None:
    ranked = [line(prefix + rest, share) for rest, share in lines]
    composed = [Text(prefix + rest, share, whole=whole, inner=inner) for rest, share, whole, inner in beginnings]
    found = best(prefix, ranked, composed, lambda text: known.get(text[len(prefix) :], 0.0))
    if found is None:
        assert not any(each.text[len(prefix) :].strip() for each in ranked)
        return
    assert found.text.startswith(prefix)
    assert found.text[len(prefix) :].strip()
    assert found.probability >= 0
    assert any(each.text.startswith(found.text.rstrip()) for each in [*ranked, *composed])
    if found.whole:
        assert found in ranked
