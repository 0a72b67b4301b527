"""When chunks are passed: what the table promises, whatever happens in whatever order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediastreams._rules.chunk_mode import ChunkInput, ChunkMode, chunk_input, next_chunk_mode


@pytest.mark.parametrize("mode", ChunkMode)
@pytest.mark.parametrize("happens", ChunkInput)
def test_every_input_has_an_answer_in_every_mode(mode, happens):
    assert next_chunk_mode(mode, happens) in ChunkMode


@pytest.mark.parametrize(
    ("key", "plain", "name"),
    [
        (True, True, ChunkInput.KEY),
        (False, True, ChunkInput.DEPENDENT),
        (True, False, ChunkInput.NOT_PLAIN),
        (False, False, ChunkInput.NOT_PLAIN),
    ],
)
def test_a_chunk_of_a_track_that_is_not_plain_is_never_taken_for_a_key(key, plain, name):
    assert chunk_input(key=key, plain=plain) is name


@given(st.lists(st.sampled_from(ChunkInput)))
def test_a_dependent_chunk_is_passed_only_after_an_unbroken_run_from_a_key(inputs):
    mode, unbroken = ChunkMode.WAITING, False
    for happens in inputs:
        mode = next_chunk_mode(mode, happens)
        unbroken = happens is ChunkInput.KEY or (unbroken and happens is ChunkInput.DEPENDENT)
        assert (mode is ChunkMode.PASSING) == unbroken


@given(st.lists(st.sampled_from([ChunkInput.KEY, ChunkInput.DEPENDENT, ChunkInput.DROPPED])))
def test_a_track_that_stays_plain_is_never_decoded(inputs):
    mode = ChunkMode.WAITING
    for happens in inputs:
        mode = next_chunk_mode(mode, happens)
        assert mode is not ChunkMode.DECODED
