"""A pull request to the public board, played through with the commands of the shipped workflow."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from benchmark.board.change import add, withdraw
from benchmark.board.review import review

ROOT = Path(__file__).parents[3]
WORKFLOWS = ROOT / ".github" / "workflows"
BOARD = Path("leaderboard") / "entries"


@pytest.fixture
def request_(valid: Path, named, tmp_path: Path) -> Path:
    """Where a workflow runs: ``base`` has a baseline and an entry; ``head`` is the same so far."""
    base = tmp_path / "ci" / "base" / BOARD
    add(valid / "random", base, baselines=True)
    add(named("First"), base)
    shutil.copytree(base, tmp_path / "ci" / "head" / BOARD)
    return tmp_path / "ci"


def play(folder: Path) -> tuple[int, str]:
    """Run the workflow's own command line; the exit status, and the comment that it would post."""
    workflow = yaml.safe_load((WORKFLOWS / "entry.yml").read_text(encoding="utf-8"))
    (line,) = [
        step["run"]
        for step in workflow["jobs"]["verify"]["steps"]
        if "review" in step.get("run", "")
    ]
    program, *words = shlex.split(line)
    assert program == "base/.venv/bin/nnactive-bench"
    done = subprocess.run(
        [sys.executable, "-P", "-m", "benchmark.cli", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    verdict = folder / "verdict" / "verdict.md"
    return done.returncode, verdict.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_good_entry_is_verified_and_on_the_page(request_, named) -> None:
    add(named("Second"), request_ / "head" / BOARD)
    status, comment = play(request_)
    assert (status, comment.splitlines()[0]) == (0, "### Entry: verified")
    assert "version 1" in comment
    assert "Turns" in (request_ / "site" / "index.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_corrupted_entry_is_refused_with_the_check_that_found_it(request_, named) -> None:
    made = add(named("Second"), request_ / "head" / BOARD)
    result = next((made.folder / "results").rglob("*.json"))
    result.write_bytes(result.read_bytes().replace(b'"seed":1', b'"seed":2', 1) + b" ")
    status, comment = play(request_)
    assert (status, comment.splitlines()[0]) == (2, "### Entry: refused")
    assert "hashes" in comment
    assert not (request_ / "site").exists()


@pytest.mark.slow
def test_a_hostile_entry_is_refused_and_its_words_are_text(request_, named) -> None:
    head = request_ / "head" / BOARD
    made = add(named("Second"), head)
    bomb = '{"loops": [' + "1," * 500_000 + "1]}"
    next((made.folder / "results").rglob("*.json")).write_text(bomb, encoding="utf-8")
    (made.folder / "code" / "files" / "@everyone <img src=x>.py").write_text("raise SystemExit")
    (head / "entry`$(touch pwned)").mkdir()
    (head / "entry`$(touch pwned)" / "entry.json").write_text("[" * 100_000)
    status, comment = play(request_)
    assert (status, comment.splitlines()[0]) == (2, "### Entry: refused")
    assert "<img" not in comment.replace("\\<img", "")
    assert not list(request_.rglob("pwned"))
    # The accepted entries are as they were.
    assert not review(request_ / "base" / BOARD, request_ / "base" / BOARD).problems


def test_what_was_accepted_stays(request_) -> None:
    base, head = request_ / "base" / BOARD, request_ / "head" / BOARD
    (name,) = [each.name for each in head.iterdir() if each.name.startswith("first")]
    track = head / name / "1" / "track.json"
    track.write_bytes(track.read_bytes() + b" ")
    (head / name / "1" / "submission.yaml").unlink()
    (head / "baselines.json").write_text("{}")
    (head / "allowed_signers").write_text("mallory ssh-ed25519 AAAA")
    told = "\n".join(review(base, head).problems)
    assert f"{name}/1/track.json: changed" in told
    assert f"{name}/1/submission.yaml: removed" in told
    assert "baselines.json: only maintainers change it" in told
    assert "allowed_signers: only maintainers change it" in told


def test_its_own_baselines_dont_judge_it(request_, valid) -> None:
    base, head = request_ / "base" / BOARD, request_ / "head" / BOARD
    shutil.rmtree(head)
    shutil.copytree(base, head)
    (name,) = [
        each.name for each in head.iterdir() if each.is_dir() and not each.name.startswith("first")
    ]
    shutil.copytree(head / name, head / "again")
    (problem,) = review(base, head).problems
    assert "with --baselines" in problem


def test_a_correction_and_a_withdrawal_are_told(request_, named) -> None:
    base, head = request_ / "base" / BOARD, request_ / "head" / BOARD
    (name,) = [each.name for each in head.iterdir() if each.name.startswith("first")]
    add(named("First", "Corrected."), head, replaces=name)
    found = review(base, head)
    assert not found.problems
    assert found.added[0].startswith(f"{name}, version 2")
    shutil.rmtree(head)
    shutil.copytree(base, head)
    withdraw(head, name, "A bug.")
    assert review(base, head).added == [f"{name}: withdrawn: A bug."]
    record = head / name / "entry.json"
    record.write_text(record.read_text(encoding="utf-8").replace('"First"', '"Random"'))
    (problem,) = review(base, head).problems
    assert problem.startswith(f"{name}/entry.json: its name is changed from 'First'")


def test_links_and_unsigned_attestations_are_refused(request_, tmp_path) -> None:
    base, head = request_ / "base" / BOARD, request_ / "head" / BOARD
    (name,) = [each.name for each in head.iterdir() if each.name.startswith("first")]
    attested = head / name / "1" / "attestations"
    attested.mkdir()
    (attested / "me.json").write_text("{}")
    assert any("attestations/me.json" in each for each in review(base, head).problems)
    (attested / "link.json").symlink_to(tmp_path)
    (problem,) = review(base, head).problems
    assert problem.endswith("link.json: a link or a device, not a file; remove it")


def test_a_stranger_renames_no_entry_and_takes_no_others_folder(request_, named) -> None:
    base, head = request_ / "base" / BOARD, request_ / "head" / BOARD
    (name,) = [each.name for each in head.iterdir() if each.name.startswith("first")]
    record = head / name / "entry.json"
    record.write_text(record.read_text().replace('"First"', '"Mine"'))
    (problem,) = review(base, head).problems
    assert "its name is changed from 'First'" in problem
    shutil.rmtree(head)
    shutil.copytree(base, head)
    made = add(named("Second"), head)
    (head / made.name).rename(head / "the-official-baselines")
    (problem,) = review(base, head).problems
    assert f"its folder must be called {made.name}" in problem


def test_a_signature_beside_anothers_attestation_is_refused(request_) -> None:
    """A wrong one would take its level from the entry."""
    base, head = request_ / "base" / BOARD, request_ / "head" / BOARD
    (name,) = [each.name for each in head.iterdir() if each.name.startswith("first")]
    for board in (base, head):
        (board / name / "1" / "attestations").mkdir()
        (board / name / "1" / "attestations" / "lead.json").write_text("{}")
    (head / name / "1" / "attestations" / "lead.json.sig").write_text("wrong")
    (problem,) = review(base, head).problems
    assert "lead.json.sig: not beside a new attestation" in problem
    for number in range(101):
        (head / name / "1" / "attestations" / f"a{number:03d}.json").write_text("{}")
    problems = review(base, head).problems
    assert any("more attestations than can be read" in each for each in problems)


def test_the_workflows_commands_are_the_projects_own() -> None:
    """Each command of the shipped workflows exists, with these options."""
    from benchmark.cli.main import cli

    seen = set()
    for file in sorted(WORKFLOWS.glob("*.yml")):
        for job in yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].values():
            for step in job["steps"]:
                line = step.get("run", "")
                if "nnactive-bench" not in line:
                    continue
                words = shlex.split(line)[1:]
                command, names = cli, []
                while words and hasattr(command, "commands"):
                    names.append(words[0])
                    command = command.commands[words.pop(0)]
                options = {name for each in command.params for name in each.opts}
                assert {word for word in words if word.startswith("--")} <= options, names
                seen.add(" ".join(names))
    assert seen == {"entry review", "leaderboard build", "reproduce", "verify"}


def test_no_workflow_puts_a_strangers_text_into_a_shell() -> None:
    for file in sorted(WORKFLOWS.glob("*.yml")):
        for job in yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].values():
            assert all("${{" not in step.get("run", "") for step in job["steps"]), file.name
