"""Profiles, and what they make of a job: for LSF and other schedulers only the command lines, by
stand-ins for bsub, qsub and squeue."""

import stat
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from toy import make_request, make_track

from benchmark.cli.commands.study.profile import init
from benchmark.cli.main import main
from benchmark.cluster.history import Attempt, Grant, History, save_history
from benchmark.cluster.outer.jobs import Jobs, OuterJob, OuterPlan, job_script, named, options
from benchmark.cluster.outer.place import check_plugin
from benchmark.cluster.profiles.answers import hours_of, questions
from benchmark.cluster.profiles.needs import Size, Sizes
from benchmark.cluster.profiles.profile import (
    Executor,
    Profile,
    find_profile,
    load_profile,
    own_folder,
    profiles,
    save_profile,
)
from benchmark.cluster.schedulers import QueuedJob, cancel, scheduler
from benchmark.cluster.shards import Kind, Shard
from nnactive.errors import NnactiveError, UserError

SHIPPED = {"generic", "kubernetes", "local", "lsf", "slurm", "slurm-no-accounting"}


@pytest.fixture(autouse=True)
def _own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)


def program(folder: Path, name: str, script: str) -> None:
    """A stand-in for a scheduler's program; it writes its arguments to calls.txt."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f'#!/bin/sh\necho "{name} $*" >> {folder}/calls.txt\n{script}\n')
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


def plan(tmp_path: Path, **fields) -> OuterPlan:
    start = OuterJob(slug="start.s", cores=4, memory_mb=1000, minutes=60)
    job = start.model_copy(update={"slug": "s.random.seed_1", "needs": "start.s"})
    profile = Profile.model_validate({"executor": "slurm", **fields})
    return OuterPlan(root=str(tmp_path), data="/data", jobs=(start, job), profile=profile)


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_shipped_profiles_are_valid(name: str) -> None:
    assert load_profile(name).jobs >= 1


def test_a_file_is_looked_for_here_then_in_ones_own_then_shipped(tmp_path: Path) -> None:
    assert set(profiles()) == SHIPPED
    shipped = find_profile("slurm")
    own = own_folder() / "slurm.yaml"
    assert own.is_relative_to(tmp_path)
    own.parent.mkdir(parents=True)
    own.write_text("executor: slurm\njobs: 2\n")
    assert load_profile("slurm").jobs == 2
    here = Path("profiles/slurm.yaml")
    here.parent.mkdir()
    here.write_text("executor: slurm\njobs: 3\n")
    assert load_profile("slurm").jobs == 3
    assert load_profile(str(own)).jobs == 2
    assert find_profile("slurm") != shipped


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("executor: nonsense\n", "executor"),
        ("executor: slurm\nhuors: 3\n", "huors"),
        ("executor: slurm\nhours: -1\n", "hours"),
    ],
)
def test_a_wrong_profile_names_the_file_and_the_field(tmp_path: Path, text, told) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(text)
    with pytest.raises(UserError, match=rf"x\.yaml: .*{told}"):
        load_profile(str(file))


def test_an_unknown_profile_says_which_there_are() -> None:
    with pytest.raises(UserError, match=r"nope: no such profile; there are generic, .*slurm"):
        load_profile("nope")


def test_a_saved_profile_is_the_same(tmp_path: Path) -> None:
    made = load_profile("slurm").model_copy(update={"account": "a", "setup": ("module load x",)})
    save_profile(tmp_path / "made.yaml", made)
    assert load_profile(str(tmp_path / "made.yaml")) == made


def test_slurm_is_asked_for_partition_account_gpu_time_and_a_warning() -> None:
    profile = load_profile("slurm").model_copy(
        update={"partition": "gpu", "account": "lab", "gpu_type": "a100"}
    )
    assert named(profile) == {
        "slurm_partition": "gpu",
        "slurm_account": "lab",
        "gpu_model": "a100",
        "slurm_extra": "--signal=TERM@120",
    }
    words = options(profile, "nnactive-main-1")
    assert "--slurm-no-account" not in words
    assert words[words.index("--slurm-status-command") + 1] == "squeue"
    assert words[words.index("--slurm-jobname-prefix") + 1] == "nnactive-main-1"
    assert "--slurm-requeue" in words
    bare = options(load_profile("slurm-no-accounting"), "n")
    assert bare[bare.index("--slurm-status-command") + 1] == "squeue"
    assert "--slurm-no-account" in bare


def test_an_executor_that_is_not_installed_is_named(monkeypatch) -> None:
    monkeypatch.setattr("benchmark.cluster.outer.place.find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"lsf: .*pip install 'nnactive-bench\[cluster\]'"):
        check_plugin(load_profile("lsf"))
    check_plugin(load_profile("local"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "its questions need a terminal; give --yes"),
        ("--yes --hours -1", "hours: Input should be greater than 0"),
        ("--yes --name ../x", "--name '../x': is a file's name"),
    ],
)
def test_what_init_cannot_use_is_refused_in_one_line(words, told, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("benchmark.cluster.profiles.answers._ask", lambda *_: [])
    done = CliRunner().invoke(init, ["slurm", "--no-try", *words.split()])
    assert isinstance(done.exception, UserError)
    assert told in str(done.exception)
    assert not own_folder().exists()


def test_a_machine_without_the_scheduler_is_no_login_node(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("benchmark.cluster.outer.place.find_spec", lambda _: "installed")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"slurm: no sbatch on this machine; .*login node"):
        check_plugin(load_profile("slurm"))
    check_plugin(load_profile("generic"))
    program(tmp_path, "sbatch", "true")
    check_plugin(load_profile("slurm"))


def test_other_schedulers_get_their_own_names() -> None:
    lsf = load_profile("lsf").model_copy(update={"partition": "q", "account": "p"})
    assert named(lsf) == {"lsf_queue": "q", "lsf_project": "p", "lsf_extra": "-gpu num=1"}
    generic = options(load_profile("generic"), "n")
    assert "qsub" in generic[generic.index("--cluster-generic-submit-cmd") + 1]
    assert generic[generic.index("--cluster-generic-cancel-cmd") + 1] == "qdel"
    pods = options(load_profile("kubernetes"), "n")
    assert pods[:2] == ["--executor", "kubernetes"]
    assert "--kubernetes-namespace=default" in pods


def test_a_jobs_script_sets_up_names_the_scratch_and_becomes_the_shard(tmp_path: Path) -> None:
    made = plan(tmp_path, setup=["module load x"], scratch="/scratch/$USER")
    script = job_script(made, "s.random.seed_1", 4, Grant(1000, 60)).splitlines()
    assert script[:2] == ["module load x", 'export NNACTIVE_SCRATCH="/scratch/$USER"']
    assert script[2].startswith("exec ")
    assert script[2].endswith(
        f"shard {tmp_path} s.random.seed_1 --cores 4 --memory-mb 1000 --minutes 60"
    )
    assert "--runtime" not in script[2]


def test_a_container_runs_the_shard_inside(tmp_path: Path) -> None:
    script = job_script(plan(tmp_path, container="b.sif"), "s.random.seed_1", 4, Grant(1, 1))
    assert script.endswith("--runtime apptainer --data /data --image b.sif")
    made = plan(tmp_path, container="b.sif", scratch="/s/$USER")
    script = job_script(made, "s.random.seed_1", 4, Grant(1, 1))
    assert script.endswith('--image b.sif --scratch "$NNACTIVE_SCRATCH"')


def test_a_job_waits_for_what_its_shard_needs_and_for_an_earlier_job(tmp_path: Path) -> None:
    made = plan(tmp_path)
    wildcards = SimpleNamespace(shard="s.random.seed_1")
    assert Jobs(made).inputs(wildcards) == ["start.s.ended"]
    awaited = made.jobs[1].model_copy(update={"awaited": True})
    again = made.model_copy(update={"jobs": (awaited,)})
    assert Jobs(again).inputs(wildcards) == ["free/s.random.seed_1"]


def test_a_retry_asks_for_more_memory_by_what_slurm_says(tmp_path, monkeypatch) -> None:
    program(tmp_path / "bin", "sacct", 'echo "OUT_OF_MEMORY"')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    (tmp_path / ".shards").mkdir()
    jobs = Jobs(plan(tmp_path))
    resources = jobs.resources
    wildcards = SimpleNamespace(shard="s.random.seed_1")
    assert (resources["mem_mb"](wildcards), resources["runtime"](wildcards)) == (1000, 60)
    dead = Attempt(host="h", job="77", began=1.0)
    save_history(tmp_path, "s.random.seed_1", History(attempts=(dead,)))
    assert resources["mem_mb"](wildcards) == 1500
    assert "-j 77" in (tmp_path / "bin/calls.txt").read_text()


def sizes(tmp_path: Path, **fields) -> Sizes:
    track = make_track(loops=3)
    profile = Profile.model_validate({"executor": "slurm", **fields})
    return Sizes(make_request(tmp_path, track), profile)


def test_a_job_asks_for_what_is_counted_within_the_profiles_limits(tmp_path: Path) -> None:
    start = Shard(Kind.START, "s", ("start",), 1, last=False)
    experiment = Shard(Kind.EXPERIMENT, "s", ("random",), 1)
    found = sizes(tmp_path)
    assert 0 < found.of(start).memory_gib < 32
    assert found.of(start).minutes <= found.of(experiment).minutes <= 24 * 60
    assert sizes(tmp_path, hours=1 / 60).of(experiment).minutes == 1
    assert sizes(tmp_path, memory_gib=99).of(start).memory_gib == 99


def test_overrides_of_a_kind_of_shard(tmp_path: Path) -> None:
    given = {"start": {"minutes": 7, "memory_gib": 5, "cores": 3, "disk_gib": 2}}
    found = sizes(tmp_path, memory_gib=9, overrides=given)
    start = Shard(Kind.START, "s", ("start",), 1, last=False)
    assert found.of(start) == Size(cores=3, memory_gib=5, minutes=7, disk_gib=2)
    assert found.of(Shard(Kind.EXPERIMENT, "s", ("random",), 1)).memory_gib == 9


def test_slurms_queue_tells_which_shards_wait_and_run(tmp_path, monkeypatch) -> None:
    rows = "5|RUNNING|n-1_u|rule_later_shard_wildcards_s.random.seed_1|x\\n6|PENDING|n-1_u|c\\n"
    program(tmp_path / "bin", "squeue", f'printf "{rows}7|FAILED|n-1_u|c\\n8|RUNNING|other|c\\n"')
    program(tmp_path / "bin", "scancel", "")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    profile = load_profile("slurm")
    assert scheduler(profile).jobs("n-1") == [
        QueuedJob("5", "s.random.seed_1|x", pending=False),
        QueuedJob("6", "", pending=True),
    ]
    cancel(profile, ["5", "6"])
    assert "scancel 5 6" in (tmp_path / "bin/calls.txt").read_text()


def test_lsfs_queue_and_ends(tmp_path, monkeypatch) -> None:
    name = "Snakemake_rule_later_shard:shard=s.random.seed_1___(u)"
    script = f'case "$*" in *exit_reason*) echo TERM_MEMLIMIT;; *) echo "5|PEND|{name}";; esac'
    program(tmp_path / "bin", "bjobs", script)
    program(tmp_path / "bin", "bkill", "")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    lsf = scheduler(load_profile("lsf"))
    assert lsf.jobs("n") == [QueuedJob("5", "s.random.seed_1", pending=True)]
    assert lsf.fate("5") == "OUT_OF_MEMORY"
    lsf.cancel(["5"])
    assert "bkill 5" in (tmp_path / "bin/calls.txt").read_text()


def test_a_scheduler_that_does_not_answer_is_one_line(monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(NnactiveError, match=r"squeue: not on this machine; .*login node"):
        scheduler(load_profile("slurm")).jobs("n")
    with pytest.raises(NnactiveError, match="no 'cancel' command"):
        cancel(Profile(executor=Executor.GENERIC), ["1"])


def test_what_is_asked_has_what_slurm_tells_as_defaults(tmp_path, monkeypatch) -> None:
    rows = "gpu*|2-00:00:00|gpu:a100:4(S:0-1)\\ncpu|30:00|(null)\\n"
    program(tmp_path / "bin", "sinfo", f'printf "{rows}"')
    program(tmp_path / "bin", "sacctmgr", "echo lab")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    asked = {question.field: question for question in questions(load_profile("slurm"))}
    assert asked["partition"].default == "gpu"
    assert "gpu, cpu" in asked["partition"].text
    assert asked["account"].default == "lab"
    assert "a100" in asked["gpu_type"].text
    assert asked["hours"].default == 48


@pytest.mark.parametrize(
    ("limit", "hours"),
    [("1-12:00:00", 36), ("12:30:00", 12.5), ("90:00", 1.5), ("60", 1), ("infinite", None)],
)
def test_time_limits_as_slurm_writes_them(limit: str, hours: float | None) -> None:
    assert hours_of(limit) == hours


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--container x.sif", "--container: is for clusters"),
        ("--profile nowhere", "nowhere: no such profile"),
        ("--profile slurm --container x.sif", "x.sif: no such file; build it"),
    ],
)
def test_a_wrong_profile_is_refused_before_anything_else(words, told, capsys) -> None:
    assert main(["track", "run", "demo", *words.split()]) == 2
    assert capsys.readouterr().err.startswith(f"error: {told}")
    assert not Path("runs").exists()
