import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from nnactive.streams import stream

names = st.lists(st.text(max_size=4), max_size=4)


def draws(*parts):
    return stream(*parts).integers(2**63, size=4).tolist()


@given(names, names)
def test_streams_differ_exactly_when_their_names_do(one, two):
    assert (draws(*one) == draws(*two)) == (one == two)


def test_boundaries_between_names_count():
    assert draws("ab", "c") != draws("a", "bc")
    assert draws("a,b") != draws("a", "b")
    assert draws("a", "") != draws("a")


def test_stream_is_the_same_in_another_process():
    code = (
        "from nnactive.streams import stream;"
        "print(stream('s', 'bald', 12345, 1, 'place', 'c').integers(2**63))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert int(told.stdout) == draws("s", "bald", 12345, 1, "place", "c")[0]
