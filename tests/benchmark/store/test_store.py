import json
import shutil
import socket
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support import SEED, peak_growth

from benchmark.chain.breaks import find_breaks
from benchmark.cli.commands.author.methods import examine
from benchmark.jobs import experiment_jobs
from benchmark.layout import Experiment
from benchmark.store.export import export
from benchmark.store.imported import fully_imported
from benchmark.store.manifest import MANIFEST
from benchmark.store.source import Source
from benchmark.submission.method_string import Method
from benchmark.submission.pairs import entrant
from benchmark.workflow.request import Request
from nnactive.data.download.patience import TransferError
from nnactive.data.prepared import INFO
from nnactive.data.progress import FileReport
from nnactive.errors import UserError
from nnactive.io.files import read_json, write_json
from nnactive.io.queries import START
from nnactive.io.seals import contents, read_seal, seal_file

OTHER = SEED + 1
LOOP = f"tiny/start/seed_{SEED}/loop_000"
QUERY, TRAIN = f"{LOOP}.json", f"{LOOP}/train"
MEMBER, EVALUATION = f"{LOOP}/fold_1.pth", f"{LOOP}/evaluation.json"


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def test_a_start_loop_comes_back_as_it_was(made, tmp_path):
    found = made.take(tmp_path / "new")
    assert ([str(part) for part in found.taken], found.there) == (
        [f"tiny, start loop, seed {SEED}"],
        [],
    )
    new = tmp_path / "new" / "mine"
    assert files_below(new / "tiny") == files_below(made.root / "tiny")
    assert contents(new / TRAIN) == contents(made.root / TRAIN)
    jobs = experiment_jobs(
        made.data / "phantom", made.track.settings[0], Experiment("tiny", START, SEED)
    )
    assert find_breaks(new, [job for job in jobs if (new / job.output).exists()]) == []
    assert not [path for path in new.rglob(".*") if path.name not in {".journal", ".leases"}]


def test_the_pack_has_neither_labels_nor_anything_that_could_run_code(made):
    names = list(files_below(made.pack))
    assert MEMBER in names
    assert not [name for name in names if name.endswith((".pkl", ".b2nd", ".py"))]
    assert not [name for name in names if name.startswith(f"{TRAIN}/")]
    assert made.manifest()["parts"][0]["seconds"] == 250


def test_links_lead_to_the_users_own_data(made, tmp_path):
    made.data.rename(tmp_path / "elsewhere")
    moved = type(made)(made.track, made.runs, tmp_path / "elsewhere", made.pack)
    moved.take(tmp_path / "new")
    links = [path for path in (tmp_path / "new").rglob("*.b2nd") if path.is_symlink()]
    assert links
    assert all(
        path.resolve(strict=True).is_relative_to((tmp_path / "elsewhere").resolve())
        for path in links
    )


def test_it_can_be_repeated_and_completes_what_is_missing(made, tmp_path):
    made.take(tmp_path / "new")
    before = files_below(tmp_path / "new")
    found = made.take(tmp_path / "new")
    assert (found.taken, len(found.there)) == ([], 1)
    (tmp_path / "new" / "mine" / EVALUATION).unlink()
    assert len(made.take(tmp_path / "new").taken) == 1
    assert files_below(tmp_path / "new") == before


def test_nothing_is_overwritten(made, tmp_path):
    own = tmp_path / "new" / "mine" / MEMBER
    own.parent.mkdir(parents=True)
    own.write_bytes(b"mine")
    with pytest.raises(UserError, match=r"fold_1\.pth: already exists and differs"):
        made.take(tmp_path / "new")
    assert own.read_bytes() == b"mine"
    assert not (tmp_path / "new" / "mine" / QUERY).exists()


def test_a_method_is_imported_if_all_its_results_are(made, tmp_path):
    methods = [examine(Method.parse(name), tmp_path) for name in ("random", "bald")]
    request = Request(
        track=made.track,
        methods=tuple((entrant(each, None), None) for each in methods),
        data=made.data,
        runs=tmp_path,
        cores=1,
    )
    file = f"tiny/random/seed_{SEED}/result.json"
    assert fully_imported(request) == []
    write_json(tmp_path / "baselines/mine" / file, {})
    assert fully_imported(request) == ["random"]
    both = replace(request, track=made.track.model_copy(update={"seeds": (SEED, SEED + 1)}))
    assert fully_imported(both) == []
    write_json(tmp_path / "mine" / file, {})  # the run here goes on
    assert fully_imported(request) == []


def test_an_interrupted_import_goes_on_where_it_stopped(made, tmp_path, monkeypatch):
    asked: list[str] = []
    get = Source.get

    def counted(self, name, known, place, report):
        if not place.exists():
            asked.append(name)
        get(self, name, known, place, report)

    monkeypatch.setattr(Source, "get", counted)
    hidden = (made.pack / EVALUATION).rename(tmp_path / "hidden")
    with pytest.raises(UserError, match=r"evaluation\.json: missing from the pack"):
        made.take(tmp_path / "new")
    assert not (tmp_path / "new" / "mine" / "tiny" / "start").exists()
    hidden.rename(made.pack / EVALUATION)
    first = len(asked)
    made.take(tmp_path / "new")
    assert MEMBER in asked[:first]
    assert asked[first] == EVALUATION
    assert MEMBER not in asked[first:]


def test_a_damaged_file_is_refused(made, tmp_path):
    (made.pack / MEMBER).write_bytes(b"not a network")
    with pytest.raises(UserError, match=r"fold_1\.pth: is not what the manifest says"):
        made.take(tmp_path / "new")
    assert not (tmp_path / "new" / "mine" / "tiny" / "start").exists()


def test_a_member_that_was_replaced_with_its_hash_breaks_the_seal(made, tmp_path):
    (made.pack / MEMBER).write_bytes(b"another network")
    made.update(MEMBER)
    with pytest.raises(UserError, match=r"fold_1\.pth is not what its seal says"):
        made.take(tmp_path / "new")


@pytest.mark.parametrize(
    ("name", "read", "message"),
    [
        (MEMBER, TRAIN, r"fold_1\.pth was made from another train"),
        (EVALUATION, MEMBER, r"evaluation\.json was made from another fold_1\.pth"),
        (TRAIN, QUERY, r"train was made from another loop_000\.json"),
    ],
    ids=["member", "evaluation", "train"],
)
def test_a_chain_that_does_not_hold_is_refused(name, read, message, made, tmp_path):
    seal = seal_file(made.pack / name)
    content = read_json(seal)
    assert read in content["inputs"]
    content["inputs"][read] = "0" * 64
    write_json(seal, content)
    made.update(str(seal.relative_to(made.pack)))
    with pytest.raises(UserError, match=message):
        made.take(tmp_path / "new")


def test_labels_that_the_networks_were_not_trained_on_are_refused(made, tmp_path):
    """The query is another one, and all hashes and seals were made to fit it."""
    query = read_json(made.pack / QUERY)
    query["patches"] = query["patches"][:-1]
    write_json(made.pack / QUERY, query)
    seal = read_json(seal_file(made.pack / QUERY))
    old = read_seal(made.pack / QUERY).digest
    seal["files"] = contents(made.pack / QUERY)
    seal["size"] = (made.pack / QUERY).stat().st_size
    write_json(seal_file(made.pack / QUERY), seal)
    for name in (TRAIN, MEMBER, EVALUATION):
        file = seal_file(made.pack / name)
        file.write_text(file.read_text().replace(old, read_seal(made.pack / QUERY).digest))
        made.update(str(file.relative_to(made.pack)))
    made.update(QUERY)
    made.update(str(seal_file(made.pack / QUERY).relative_to(made.pack)))
    with pytest.raises(UserError, match="differ from those that the networks were trained on"):
        made.take(tmp_path / "new")
    assert not (tmp_path / "new" / "mine" / TRAIN).exists()


def protocol(manifest):
    manifest["track"]["protocol_version"] = "0.9"


def nnunet(manifest):
    manifest["nnunet"] = "2.0"


def budget(manifest):
    manifest["track"]["settings"][0]["starting_budget"] = 11


def another(manifest):
    manifest["track"]["name"] = "yours"


def checksum(manifest):
    manifest["checksums"]["phantom"] = "f" * 64


def escape(manifest):
    files = manifest["parts"][0]["files"]
    files["../../evil.json"] = files.pop(EVALUATION)


def more(manifest):
    files = manifest["parts"][0]["files"]
    files[f"{TRAIN}/evil.pkl"] = files[EVALUATION]


def large(manifest):
    manifest["parts"][0]["files"][QUERY]["size"] = 3 << 20


def forever(manifest):
    manifest["parts"][0]["seconds"] = float("inf")


def method(manifest):
    part = manifest["parts"][0]
    name = "tiny/../../x/seed_1/result.json"
    part |= {"kind": "result", "method": "../../x", "seed": SEED}
    part["files"] = {name: next(iter(part["files"].values()))}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (protocol, "the pack was made with protocol 0.9"),
        (nnunet, "the pack was made with nnU-Net 2.0"),
        (another, "mine: the pack is of the track 'yours'"),
        (budget, "field 'starting_budget' differs"),
        (checksum, "the pack was made from ffffffffffff"),
        (escape, "its files are not the expected ones"),
        (more, "its files are not the expected ones"),
        (method, "its files are not the expected ones"),
        (forever, "baselines.json: Infinity, which JSON doesn't have"),
        (large, "loop_000.json is larger than 2 MiB"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_does_not_fit_is_refused_before_anything_is_written(change, message, made, tmp_path):
    manifest = made.manifest()
    change(manifest)
    (made.pack / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(UserError, match=message):
        made.take(tmp_path / "new")
    assert not list((tmp_path / "new").rglob("*.pth"))
    assert not list(tmp_path.rglob("evil*"))


def test_a_manifest_of_a_million_wrong_parts_is_refused_at_the_first(made, tmp_path):
    manifest = json.dumps(made.manifest() | {"parts": []})
    parts = ",".join(["1"] * 1_000_000)
    (made.pack / MANIFEST).write_text(manifest.replace('"parts": []', f'"parts": [{parts}]'))

    def refused() -> None:
        with pytest.raises(UserError, match=r"baselines\.json: .*parts\.0"):
            made.take(tmp_path / "new")

    assert peak_growth(refused) < 200


def test_data_that_are_not_prepared_are_named(made, tmp_path):
    (made.data / "phantom" / INFO).unlink()
    with pytest.raises(UserError, match="not prepared, so the pack can't be checked; run"):
        made.take(tmp_path / "new")


def test_an_unfinished_start_loop_is_left_out(made, tmp_path):
    (made.root / MEMBER).unlink()
    notes: list[str] = []
    with pytest.raises(UserError, match="no start loop or result to pack"):
        export(made.runs, made.track, tmp_path / "other", note=notes.append)
    assert notes == [f"tiny, start loop, seed {SEED}: fold_1.pth is missing; left out"]


def test_a_damaged_start_loop_is_not_packed(made, tmp_path):
    content = bytearray((made.root / MEMBER).read_bytes())
    content[-1] ^= 1
    (made.root / MEMBER).write_bytes(content)
    notes: list[str] = []
    with pytest.raises(UserError, match="no start loop or result to pack"):
        export(made.runs, made.track, tmp_path / "other", note=notes.append)
    assert notes == [f"tiny, start loop, seed {SEED}: {MEMBER} was damaged; left out"]
    assert not (tmp_path / "other" / MANIFEST).exists()


def test_a_pack_is_written_again_without_copying(made):
    before = {path: path.stat().st_mtime_ns for path in made.pack.rglob("*.pth")}
    export(made.runs, made.track, made.pack)
    assert {path: path.stat().st_mtime_ns for path in made.pack.rglob("*.pth")} == before


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, and remembers what was asked for."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(made):
    asked: list[str] = []
    handler = type("Handler", (Quiet,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=made.pack)) as served:
        thread = threading.Thread(target=served.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{served.server_port}", asked
        finally:
            served.shutdown()
            thread.join()


def test_a_file_host_serves_a_pack_and_only_what_is_asked_for_is_fetched(made, server, tmp_path):
    address, asked = server
    manifest = made.manifest()
    other = json.loads(json.dumps(manifest["parts"][0]).replace(f"seed_{SEED}/", f"seed_{OTHER}/"))
    manifest["parts"].append(other | {"seed": OTHER})
    made.write(manifest)
    found = made.take(tmp_path / "new", address, seeds=(SEED,))
    assert len(found.taken) == 1
    assert files_below(tmp_path / "new" / "mine" / "tiny") == files_below(made.root / "tiny")
    assert not [path for path in asked if f"seed_{OTHER}" in path]
    assert len(asked) == 1 + len(manifest["parts"][0]["files"])
    with pytest.raises(TransferError, match=r"check the address, or run the same command again"):
        made.take(tmp_path / "none", f"{address}/nothing")


def test_an_address_of_no_host_is_told_at_once(made, tmp_path, monkeypatch):
    def unknown(*_words, **_more):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr("time.sleep", pytest.fail)
    with pytest.raises(TransferError) as told:
        made.take(tmp_path / "new", "http://pack.invalid")
    known = "http://pack.invalid/baselines.json: no host named pack.invalid is known; check the"
    assert str(told.value).startswith(known)


def test_a_part_of_a_fetched_file_is_not_taken_for_it(made, server, tmp_path):
    """An earlier import was killed while it fetched: its draft has another name."""
    address, _ = server
    draft = tmp_path / "new" / "mine" / ".import" / LOOP / ".fold_1.pth.part"
    draft.parent.mkdir(parents=True)
    draft.write_bytes((made.pack / MEMBER).read_bytes()[:100])
    made.take(tmp_path / "new", address)
    assert (tmp_path / "new" / "mine" / MEMBER).read_bytes() == (made.pack / MEMBER).read_bytes()


def test_the_command_says_what_it_took(made, tmp_path, capsys, monkeypatch):
    from benchmark.cli.main import main

    monkeypatch.setattr("benchmark.tracks.load_track", lambda _: made.track)
    shutil.rmtree(made.pack)
    assert main(["baselines", "export", "mine", str(made.pack), "--runs", str(made.runs)]) == 0
    assert "1 start loop, 0 results" in capsys.readouterr().out
    words = ["baselines", "import", str(made.pack), "--data", str(made.data)]
    assert main([*words, "--track", "mine.yaml", "--runs", str(tmp_path / "new")]) == 0
    assert "imported 1 start loop and 0 results, 0 already there" in capsys.readouterr().out
    assert main(["baselines", "import", str(tmp_path / "none"), *words[3:]]) == 2
    assert "give the folder of a pack" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["mine", "here/evil.yaml"], ids=["own", "path"])
def test_a_pack_of_ones_own_track_asks_for_its_file(made, tmp_path, capsys, name):
    from benchmark.cli.main import main

    manifest = json.loads((made.pack / MANIFEST).read_text())
    manifest["track"]["name"] = name
    (made.pack / MANIFEST).write_text(json.dumps(manifest))
    assert main(["baselines", "import", str(made.pack), "--runs", str(tmp_path / "new")]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"error: {made.pack}: a pack of {name!r}, which isn't one of")
    assert told.endswith("--track FILE.yaml\n")
    assert told.count("\n") == 1


def test_waits_for_a_host_are_told_once_each_not_every_second(monkeypatch, capsys):
    from benchmark.cli.commands.reproducing import baselines

    clock = iter(range(6))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    report = FileReport(baselines._waits(), "manifest", 1, 1)
    for why in ("refused", "silent"):
        for passed in range(3):
            report.wait(why, passed, 4)
    assert capsys.readouterr().err.splitlines() == [
        "waiting: manifest: refused; 4 s left",
        "waiting: manifest: silent; 4 s left",
    ]
