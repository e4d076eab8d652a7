"""Frames: what goes in comes out, however it is cut; anything else is refused."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.serving.protocol import MAX_FRAME_BYTES, Decoder, Frame, ProtocolError, answer, frames

FIELDS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(["", "\0", "\n", "\x1e1Q", "\udcff"])
FRAMES = st.builds(Frame, st.sampled_from("HPQNDWIAJ"), st.lists(FIELDS, min_size=1, max_size=6).map(tuple))


@given(st.lists(FRAMES, max_size=5), st.lists(st.integers(0, 400)))
def test_frames_come_out_whole_however_they_are_cut(sent: list[Frame], cuts: list[int]) -> None:
    data, decoder, received = frames(*sent), Decoder(), []
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    for start, end in pairwise(edges):
        received += decoder.feed(data[start:end])
    assert received == sent
    assert not decoder.waiting


def test_a_frame_is_what_shell_readme_says() -> None:
    assert Frame("Q", ("7", "/srv", "a\nb\x1ec\0")).encoded() == b"\x1e1Q7\0/srv\0a\x1enb\x1eec\x1e0\n"


@pytest.mark.parametrize(
    "data", [b"\n", b"Q1\n", b"\x1e2Q1\n", b"\x1e1q1\n", b"\x1e1\n", b"\x1e1Q\x1ex\n", b"\x1e1Q\x1e\n"]
)
def test_what_is_no_frame_of_this_version_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        list(Decoder().feed(data))


def test_a_frame_without_an_end_is_refused_before_it_fills_the_memory() -> None:
    decoder = Decoder()
    list(decoder.feed(b"\x1e1Q" + bytes(b"x" * (MAX_FRAME_BYTES - 3))))
    with pytest.raises(ProtocolError, match="too long"):
        list(decoder.feed(b"x"))


def test_a_frame_that_is_too_long_is_not_sent_and_not_taken() -> None:
    with pytest.raises(ProtocolError, match="too long"):
        Frame("Q", ("x" * MAX_FRAME_BYTES,)).encoded()
    with pytest.raises(ProtocolError):
        list(Decoder().feed(b"\x1e1Q" + b"x" * MAX_FRAME_BYTES + b"\n"))


def test_an_answer_holds_what_fits() -> None:
    assert answer("3", [("git push", "s", 0.53219, "history")]).fields == (
        "3",
        "1",
        "git push",
        "s",
        "0.532",
        "history",
    )
    long = answer("3", [("\0" * 20_000, "", 0.5, "ngram")] * 3)
    assert long.fields[1] == "1"
    assert len(long.encoded()) <= MAX_FRAME_BYTES
