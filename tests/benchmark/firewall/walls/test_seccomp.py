"""The filter of system calls, run by a small interpreter: other machines' can't run here."""

import struct

import pytest

from benchmark.firewall.landlock import NEWEST_ABI
from benchmark.firewall.walls import beyond, seccomp, set_id

X86, ARM = seccomp.ARCHITECTURES["x86_64"], seccomp.ARCHITECTURES["aarch64"]
OWN, OTHER = 100, 200
NEW_USER, THREAD = 0x10000000, 0x003D0F00
AF_INET = 2


def verdict(
    machine: seccomp.Architecture,
    number: int,
    *arguments: int,
    namespaces: bool = True,
    landlock: int = NEWEST_ABI,
    audit: int | None = None,
    unseen: bool = False,
) -> int:
    """What the filter says of a call."""
    program = seccomp.program(
        machine, namespaces=namespaces, landlock=landlock, own=OWN, unseen=unseen
    )
    lines = list(struct.iter_unpack("=HBBI", program))
    padded = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("<IIQ6Q", number, audit or machine.audit, 0, *padded)
    at = word = 0
    while True:
        code, yes, no, operand = lines[at]
        at += 1
        if code == seccomp.RETURN:
            return int(operand)
        if code == seccomp.LOAD:
            (word,) = struct.unpack_from("<I", data, operand)
            continue
        holds = {
            seccomp.EQUAL: word == operand,
            seccomp.AT_LEAST: word >= operand,
            seccomp.ANY_BIT: bool(word & operand),
        }[code]
        at += yes if holds else no


REFUSED = seccomp.REFUSE | seccomp.EPERM
machines = pytest.mark.parametrize("machine", [X86, ARM], ids=["x86_64", "aarch64"])


@machines
@pytest.mark.parametrize("name", seccomp.REFUSED)
def test_each_call_of_the_table_is_refused(machine: seccomp.Architecture, name: str) -> None:
    number = seccomp.REFUSED[name][machine.column]
    if number is None:
        pytest.skip("this machine has no such call")
    assert verdict(machine, number) == REFUSED


@machines
def test_what_programs_need_is_allowed(machine: seccomp.Architecture) -> None:
    assert verdict(machine, machine.clone, THREAD) == seccomp.ALLOW
    assert verdict(machine, machine.ioctl, 1, 0x5413) == seccomp.ALLOW  # a terminal's size
    for call in (machine.socket, machine.socketpair):
        assert verdict(machine, call, seccomp.AF_UNIX) == seccomp.ALLOW
    write, read = (1, 0) if machine is X86 else (64, 63)
    assert verdict(machine, write, 1) == verdict(machine, read, 0) == seccomp.ALLOW


@machines
@pytest.mark.parametrize("unseen", [False, True])
def test_memory_that_no_process_seems_to_hold(
    machine: seccomp.Architecture, *, unseen: bool
) -> None:
    shared, private, anonymous, validated = 0x01, 0x02, 0x20, 0x03
    outcome = seccomp.ALLOW if unseen else REFUSED
    assert verdict(machine, machine.memfd_create, unseen=unseen) == outcome
    for flags in (shared | anonymous, validated | anonymous):
        assert verdict(machine, machine.mmap, 0, 4096, 3, flags, unseen=unseen) == outcome
    for flags in (shared, private | anonymous, private):
        assert verdict(machine, machine.mmap, 0, 4096, 3, flags) == seccomp.ALLOW


@machines
def test_arguments_decide(machine: seccomp.Architecture) -> None:
    assert verdict(machine, machine.clone, NEW_USER | THREAD) == REFUSED
    assert verdict(machine, machine.socket, AF_INET) == REFUSED
    assert verdict(machine, machine.socketpair, AF_INET) == REFUSED
    for request in seccomp.INTO_TERMINAL:
        assert verdict(machine, machine.ioctl, 1, request) == REFUSED
    # The kernel takes these arguments as words of 32 bits, whatever stands above them.
    assert verdict(machine, machine.socket, AF_INET | 1 << 40) == REFUSED
    assert verdict(machine, seccomp.CLONE3) == seccomp.REFUSE | seccomp.ENOSYS


@machines
def test_without_namespaces_more_is_refused(machine: seccomp.Architecture) -> None:
    assert verdict(machine, machine.socket, seccomp.AF_UNIX, namespaces=False) == REFUSED
    assert verdict(machine, machine.socketpair, seccomp.AF_UNIX, namespaces=False) == seccomp.ALLOW
    for number in beyond.refused(machine.column, NEWEST_ABI):
        assert verdict(machine, number, namespaces=False) == REFUSED
        assert verdict(machine, number) != REFUSED or number == machine.socket


@machines
def test_without_namespaces_changing_a_mode_does_nothing(machine: seccomp.Architecture) -> None:
    for number in beyond.numbers(beyond.PRETENDED, machine.column):
        assert verdict(machine, number, namespaces=False) == seccomp.REFUSE
        assert verdict(machine, number) == seccomp.ALLOW


@machines
@pytest.mark.parametrize("version", range(1, NEWEST_ABI + 1))
def test_what_an_old_landlock_allows_is_refused(
    machine: seccomp.Architecture, version: int
) -> None:
    def is_refused(table: dict[str, beyond.Numbers], first: int = 0) -> set[bool]:
        calls = beyond.numbers(table, machine.column)
        found = (verdict(machine, n, first, namespaces=False, landlock=version) for n in calls)
        return {each == REFUSED for each in found}

    assert is_refused(beyond.SIGNALS, OWN) == is_refused(beyond.SIGNALS, 0) == {False}
    assert is_refused(beyond.SIGNALS, OTHER) == is_refused(beyond.SIGNALS, 2**64 - 1)
    assert is_refused(beyond.SIGNALS, OTHER) == {version < 6}
    assert is_refused(beyond.FROM_DESCRIPTORS) == {version < 6}
    assert is_refused(beyond.CUTS) == {version < 3}
    assert is_refused(beyond.OF_ITSELF, 0) == {False}
    assert is_refused(beyond.OF_ITSELF, OTHER) == {True}


@machines
@pytest.mark.parametrize("name", set_id.CALLS)
def test_no_file_runs_with_its_owner_s_rights(machine: seccomp.Architecture, name: str) -> None:
    call = set_id.CALLS[name]
    number = call.numbers[machine.column]
    if number is None:
        pytest.skip("this machine has no such call")
    for mode, creates, refused in [
        (0o4755, True, True),
        (0o2755, True, True),
        (0o1755, True, False),
        (0o4755, False, call.flags is None),
    ]:
        arguments = [0] * 6
        arguments[call.mode] = mode
        if call.flags is not None:
            arguments[call.flags] = 0x40 if creates else 2
        expected = REFUSED if refused else seccomp.ALLOW
        assert verdict(machine, number, *arguments) == expected


def test_calls_of_another_kind_of_machine_kill() -> None:
    assert verdict(X86, 59, audit=0x40000003) == seccomp.KILL  # i386
    assert verdict(X86, seccomp.X32 | 59) == seccomp.KILL
