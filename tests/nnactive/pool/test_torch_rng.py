import threading

import pytest
import torch

from nnactive.errors import MethodError


@pytest.fixture
def pool(make_pool):
    return make_pool()


def state():
    return torch.get_rng_state().clone()


def test_draws_depend_on_the_names_alone(make_pool):
    def drawn(*names, **changes):
        pool = make_pool(**changes)
        return torch.rand(4, generator=pool.torch_rng(*names)).tolist()

    assert drawn("init") == drawn("init", "")
    others = [drawn("init"), drawn("noise"), drawn("init", "a"), drawn("init", names=("x", 2))]
    assert len({tuple(each) for each in others}) == len(others)


def test_a_module_built_inside_draws_from_it_and_the_global_state_stays(pool):
    before = state()
    with pool.torch_rng("init") as rng:
        first = torch.nn.Linear(3, 2)
        second = torch.nn.Linear(3, 2)
    assert torch.equal(state(), before)
    after = torch.rand(2, generator=rng)
    torch.manual_seed(99)
    again = pool.torch_rng("init")
    for layer in (first, second):  # a block continues where the one before ended
        with again:
            assert torch.equal(torch.nn.Linear(3, 2).weight, layer.weight)
    assert torch.equal(torch.rand(2, generator=again), after)
    assert not torch.equal(first.weight, second.weight)


def test_the_global_state_is_put_back_after_an_error_and_in_nested_blocks(pool):
    before = state()
    with pytest.raises(TypeError), pool.torch_rng("a"):
        torch.rand(1).item()()
    assert torch.equal(state(), before)
    with pool.torch_rng("a"):
        outer = torch.rand(2)
        with pool.torch_rng("b"):
            inner = torch.rand(2)
        rest = torch.rand(2)
    assert torch.equal(state(), before)
    plain = torch.rand(4, generator=pool.torch_rng("a"))
    assert torch.equal(torch.cat([outer, rest]), plain)
    assert torch.equal(inner, torch.rand(2, generator=pool.torch_rng("b")))
    with pool.torch_rng("a"), pytest.raises(MethodError, match=r"^pool\.map inside 'with"):
        pool.map(str)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_threads_take_turns(make_pool, workers):
    def build(pool):
        def one(case):
            with pool.torch_rng("init", case):
                return [torch.nn.Linear(8, 8).weight.sum().item() for _ in range(20)]

        return pool.map(one)

    before = state()
    assert build(make_pool(workers=workers)) == build(make_pool())
    assert torch.equal(state(), before)


def test_another_thread_waits_until_the_block_ends(pool):
    entered = threading.Event()

    def other():
        with pool.torch_rng("b"):
            entered.set()

    with pool.torch_rng("a"):
        thread = threading.Thread(target=other)
        thread.start()
        assert not entered.wait(0.2)
    assert entered.wait(60)
    thread.join()
