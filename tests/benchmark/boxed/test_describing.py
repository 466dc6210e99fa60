"""What hostile classes say of themselves, and what is believed of it."""

from pathlib import Path
from textwrap import dedent

import pytest

from benchmark.boxed.describing import answer_of
from benchmark.firewall.ways import strongest
from benchmark.submission.method_help import MethodHelp
from benchmark.submission.method_string import Method
from benchmark.submission.spec import MethodSpec
from nnactive.errors import UserError

HOSTILE = '''
    import os
    import sys
    from pathlib import Path
    import benchmark.submission.spec as harness
    from nnactive.methods import BUILTIN

    Random = BUILTIN["random"]

    class Plain(Random):
        """Red: \\x1b[31m."""

    class Forged(Random):
        """Says that it is a built-in method, with another's hash."""
        forged = {"origin": "builtin", "source_hash": "0" * 64, "requirements": ("x==1",)}

        def __init__(self, *arguments, **named):
            super().__init__(*arguments, **named)
            made = harness.MethodSpec

            def forged(record, **fields):
                return made(record=record.model_copy(update=self.forged), **fields)

            harness.MethodSpec = forged

    class Renamed(Forged):
        """Takes another's id."""
        forged = {"id": "Forged-00000000"}

    class Reads(Random):
        """Reads what lies beside it when it is made."""

        def __init__(self, *arguments, **named):
            super().__init__(*arguments, **named)
            secret = Path(SECRET)
            type(self).__doc__ = secret.read_text() if secret.exists() else "Saw nothing."
'''


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("Saw a label.")
    (tmp_path / "code").mkdir()
    file = tmp_path / "code" / "hostile.py"
    file.write_text(f"SECRET = {str(tmp_path / 'secret')!r}\n{dedent(HOSTILE)}")
    return file


def spec_of(file: Path, name: str) -> MethodSpec:
    found = answer_of(Method.parse(f"{file}:{name}").staged())
    assert isinstance(found, MethodSpec)
    return found


def test_a_forged_identity_is_refused_or_replaced(hostile: Path) -> None:
    with pytest.raises(UserError, match="its id 'Forged-00000000' isn't that of this METHOD"):
        spec_of(hostile, "Renamed")
    method = Method.parse(f"{hostile}:Forged")
    record = spec_of(hostile, "Forged").record
    known = (method.base_id, "submission", method.copy.bundle.digest, ())
    assert (record.id, record.origin, record.source_hash, record.requirements) == known


def test_help_steers_no_terminal(hostile: Path) -> None:
    told = answer_of(Method.parse(f"{hostile}:Reads").staged(), show=True)
    assert isinstance(told, MethodHelp)
    assert "\x1b" not in told.text
    with pytest.raises(UserError, match="all of them printable"):
        answer_of(Method.parse(f"{hostile}:Plain").staged(), show=True)


def test_a_class_that_is_described_sees_no_file_beside_it(hostile: Path) -> None:
    if strongest() == "none":
        pytest.skip("nothing isolates here")
    assert spec_of(hostile, "Reads").record.description == "Saw nothing."
