"""What a method may ask of the ensemble's networks, on small real ones with random weights."""

import re
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np
import pytest
import torch
from dynamic_network_architectures.architectures.unet import PlainConvUNet
from support import peak_growth
from torch import nn

from nnactive.errors import MethodError, NnactiveError, PredictionError
from nnactive.geometry import Patch
from nnactive.methods import QueryMethod
from nnactive.nnunet.predict.access import NetworkAccess
from nnactive.query.prediction import fold

TILE, STEP = (8, 8, 12), 0.75
SHAPES = {"a": (8, 8, 12), "b": (13, 9, 17), "c": (5, 9, 20)}
STAGES = ("encoder.0", "encoder.1", "encoder.2", "decoder.0", "decoder.1")


class Reader(QueryMethod):
    needs = frozenset({"mean", "features", "network", "embedding"})


@cache
def networks():
    torch.manual_seed(2)
    return [
        PlainConvUNet(
            input_channels=2,
            n_stages=3,
            features_per_stage=[3, 4, 5],
            conv_op=nn.Conv3d,
            kernel_sizes=3,
            strides=[[1, 1, 1], [2, 2, 1], [1, 2, 3]],
            num_classes=3,
            n_conv_per_stage=1,
            n_conv_per_stage_decoder=1,
            norm_op=nn.InstanceNorm3d,
            norm_op_kwargs={"affine": True},
            nonlin=nn.LeakyReLU,
        ).eval()
        for _ in range(2)
    ]


def image_of(case, shapes=SHAPES):
    rng = np.random.default_rng(sum(map(ord, case)))
    return rng.normal(size=(2, *shapes[case])).astype(np.float32)


@pytest.fixture
def pool(make_pool):
    return build(make_pool)


def build(make_pool, shapes=SHAPES, method=Reader, tile=TILE, **changes):
    locks = [Lock(), Lock()]

    @contextmanager
    def borrow(member):
        with locks[member]:
            yield networks()[member]

    def predictor(case, image, needs):
        def members():
            mean = torch.from_numpy(image).mean(0)
            for member in (1, 2):
                yield torch.softmax(torch.stack([mean * member, -mean, mean]), dim=0)

        return fold(case, members, needs)

    def images(case):
        return image_of(case, shapes)

    source = NetworkAccess(
        members=2,
        channels=2,
        n_classes=3,
        device="cpu",
        tile=tile,
        step=STEP,
        images=images,
        borrow=borrow,
        turn=nullcontext,
        predictor=predictor,
    )
    network = {"network": source, "images": images, "embedder": None}
    return make_pool(method, shapes=shapes, **(network | changes))


def by_hand(case, member, stage):
    """Each tile's start and a stage's output there, by a hook on the whole network's pass."""
    from nnunetv2.inference.sliding_window_prediction import compute_steps_for_sliding_window

    image, network = image_of(case), networks()[member]
    missing = [max(0, t - n) for t, n in zip(TILE, image.shape[1:], strict=True)]
    before = [m // 2 for m in missing]
    padded = np.pad(image, [(0, 0), *((b, m - b) for b, m in zip(before, missing, strict=True))])
    part, _, number = stage.partition(".")
    seen = []
    hook = (
        getattr(network, part)
        .stages[int(number)]
        .register_forward_hook(lambda _, __, output: seen.append(output))
    )
    found = []
    zs, ys, xs = compute_steps_for_sliding_window(padded.shape[1:], TILE, STEP)
    for start in [(z, y, x) for z in zs for y in ys for x in xs]:
        box = tuple(slice(a, a + t) for a, t in zip(start, TILE, strict=True))
        with torch.no_grad():
            network(torch.from_numpy(padded[:, *box])[None])
        found.append((box, seen[-1][0].numpy()))
    hook.remove()
    return before, padded.shape[1:], found


def volume(case, member, stage, weights):
    """The features in every voxel, written out tile by tile, ``(D, Z, Y, X)``."""
    before, padded, tiles = by_hand(case, member, stage)
    total, count = np.zeros((len(tiles[0][1]), *padded)), np.zeros(padded)
    for box, features in tiles:
        voxels = features
        for axis, extent in enumerate(TILE):
            voxels = voxels.repeat(extent // features.shape[axis + 1], axis=axis + 1)
        total[:, *box] += weights * voxels
        count[box] += weights
    inside = tuple(slice(b, b + n) for b, n in zip(before, SHAPES[case], strict=True))
    return total[:, *inside], count[inside]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("case", SHAPES)
def test_features_of_a_stage_equal_a_forward_hook(pool, case, stage):
    shape = SHAPES[case]
    patches = [Patch(case, (0, 0, 0), (3, 4, 4)), Patch(case, (1, 2, 5), (4, 3, 7))]
    found = pool.features(case, stage, patches)
    parts = []
    for member, streamed in enumerate(pool.features(case, stage)):
        total, count = volume(case, member, stage, np.ones(TILE))
        sums = [total[:, *p.slices].sum(axis=(1, 2, 3)) / count[p.slices].sum() for p in patches]
        parts.append(np.array(sums))
        total, count = volume(case, member, stage, streamed.window.weights)
        every = np.concatenate([np.asarray(block) for _, block in streamed.blocks(5)])
        np.testing.assert_allclose(every, total / count, atol=1e-4)
        first = streamed.map(lambda cells: cells[0])
        assert (first.dtype, first.shape) == (torch.float32, shape)
        np.testing.assert_allclose(first, every[0], atol=1e-5)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.concatenate(parts, axis=1), atol=1e-4)


def test_blocks_name_their_channels_and_tiles_cover_the_image(pool):
    streamed = pool.features("b", "encoder.-1")[1]
    assert (streamed.member, streamed.stage) == (1, "encoder.2")
    blocks = [(some, tuple(block.shape)) for some, block in streamed.blocks()]
    assert blocks == [(slice(0, 3), (3, 13, 9, 17)), (slice(3, 5), (2, 13, 9, 17))]
    covered = np.zeros(SHAPES["b"])
    for each in streamed.tiles():
        assert each.to_voxels(each.features).shape[1:] == covered[each.box].shape
        assert each.weights.shape == covered[each.box].shape
        covered[each.box] += 1
    assert covered.min() == 1
    assert covered.max() > 1
    shapes = r"returned shape \(2, 2, 4\) for features of shape \(5, 4, 2, 4\); only"
    with pytest.raises(MethodError, match=f"b: the function {shapes}"):
        streamed.map(lambda cells: cells[0, :2])
    with pytest.raises(MethodError, match="b: ZeroDivisionError"):
        streamed.map(lambda cells: cells / (1 // 0))
    with pytest.raises(MethodError, match="0 channels"):
        next(streamed.blocks(0))


def test_stages_are_listed_and_unknown_ones_refused(pool):
    assert pool.stages == STAGES
    assert pool.n_members == 2
    patches = [Patch("a", (0, 0, 0), (4, 4, 4))]
    last = pool.features("a", "decoder.-1", patches)
    np.testing.assert_array_equal(last, pool.features("a", "decoder.1", patches))
    for stage in ("decoder.2", "decoder", "head.0", "encoder.-4"):
        with pytest.raises(MethodError, match=f"no stage '{stage}'; its stages: encoder.0, "):
            pool.features("a", stage, patches)
    with pytest.raises(MethodError, match=r"a: .* isn't inside its image"):
        pool.features("a", "encoder.0", [Patch("a", (5, 5, 9), (4, 4, 4))])
    assert pool.features("a", "encoder.0", []).shape == (0, 6)


def test_features_that_are_not_finite_are_the_trainings_fault(make_pool):
    broken = deepcopy(networks()[0])
    torch.nn.init.constant_(broken.decoder.transpconvs[0].weight, torch.nan)
    network = build(make_pool)._sources.network
    pool = build(make_pool, network=replace(network, borrow=lambda _: nullcontext(broken)))
    patches = [Patch("a", (0, 0, 0), (4, 4, 4))]
    assert np.isfinite(pool.features("a", "encoder.2", patches)).all()
    with pytest.raises(PredictionError, match="a: a member's features are NaN or infinite"):
        pool.features("a", "decoder.0", patches)
    with pytest.raises(PredictionError, match="a: a member's features are NaN or infinite"):
        pool.features("a", "decoder.0")[0].map(lambda cells: cells[0])


def test_features_and_predictions_of_another_image(pool):
    image = image_of("b")
    mirrored = np.flip(image, 1)
    patches = [Patch("b", (0, 0, 0), (4, 4, 4))]
    same = pool.features("b", "decoder.-1", patches, image=image)
    np.testing.assert_array_equal(same, pool.features("b", "decoder.-1", patches))
    assert not np.allclose(same, pool.features("b", "decoder.-1", patches, image=mirrored))
    there = pool.features("b", "encoder.0", image=mirrored)[0].map(lambda cells: cells[0])
    assert not np.allclose(there, pool.features("b", "encoder.0")[0].map(lambda c: c[0]))
    plain = pool.predict("b", image=image).mean
    back = torch.flip(pool.predict("b", image=torch.from_numpy(mirrored.copy())).mean, (1,))
    torch.testing.assert_close(back, plain)


@pytest.mark.parametrize(
    ("image", "cause"),
    [
        (
            np.zeros((2, 8, 8, 11), np.float32),
            r"has shape \(2, 8, 8, 11\), it must have the case's",
        ),
        (np.zeros((1, 8, 8, 12), np.float32), r"it must have the case's \(2, 8, 8, 12\)"),
        (np.zeros((2, 8, 8, 12), np.int16), "is of int16; it must be of floats"),
        (torch.zeros((2, 8, 8, 12), dtype=torch.int16), "is of torch.int16"),
        (np.full((2, 8, 8, 12), np.nan, np.float32), "is NaN or infinite"),
    ],
    ids=["shape", "channels", "integers", "integer_tensor", "nan"],
)
def test_other_images_are_checked(pool, image, cause):
    with pytest.raises(MethodError, match=f"^a: the image .*{cause}"):
        pool.predict("a", image=image)


def test_what_is_not_declared_is_refused(make_pool):
    class Plain(QueryMethod):
        pass

    pool = build(make_pool, method=Plain)
    for ask, name in (
        (lambda: pool.features("a"), "a: pool.features requires 'features'"),
        (lambda: pool.network(0).__enter__(), "pool.network requires 'network'"),
        (lambda: pool.stages, "pool.stages requires 'features' or 'network'"),
        (lambda: pool.n_members, "pool.n_members requires 'features' or 'network'"),
    ):
        with pytest.raises(MethodError, match=name):
            ask()
    assert pool.device == "cpu"
    assert build(make_pool, device=lambda: "cuda:1").device == "cuda:1"


def test_a_lent_network_is_a_copy_with_the_members_weights(pool):
    before = [{k: v.clone() for k, v in net.state_dict().items()} for net in networks()]
    with pool.network(1) as net:
        assert (net.member, net.device, net.stages) == (1, "cpu", STAGES)
        lent = net.module.state_dict()
        assert all(torch.equal(lent[key], value) for key, value in before[1].items())
        assert not net.module.training
        net.module.train()
        net.module(torch.ones(1, 2, *TILE)).sum().backward()
        with torch.no_grad():
            for weight in net.module.parameters():
                weight.zero_()
                weight.requires_grad = False
        net.module.decoder.seg_layers[-1] = nn.Identity()
        net.stage("encoder.0").register_forward_hook(lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            net.module(torch.ones(1, 2, *TILE))
    for network, weights in zip(networks(), before, strict=True):
        assert all(torch.equal(network.state_dict()[key], value) for key, value in weights.items())
        assert all(w.requires_grad and w.grad is None for w in network.parameters())
        assert not any(module.training for module in network.modules())
        assert not any(module._forward_hooks for module in network.modules())
        assert isinstance(network.decoder.seg_layers[-1], nn.Conv3d)
    with pytest.raises(MethodError, match="lent until the end of"):
        _ = net.module
    with pytest.raises(KeyError), pool.network(1) as net:
        raise KeyError
    with pytest.raises(MethodError, match="lent until the end of"):
        _ = net.module
    for member in (2, -1, "0"):
        with pytest.raises(MethodError, match="the members are 0 to 1"):
            pool.network(member).__enter__()


def test_gradients_of_the_last_layer_as_badge_takes_them(pool):
    """The gradient is that of the cross-entropy: (p - y) times the layer's input, summed."""
    with pool.network(0) as net:
        tile, data = next(net.tiles(pool.image("b")))
        inputs = []
        net.stage("decoder.-1").register_forward_hook(lambda _, __, out: inputs.append(out))
        logits = net.module(data)
        layer = net.module.decoder.seg_layers[-1]
        likely = logits.argmax(1)
        loss = nn.functional.cross_entropy(logits, likely, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, layer.weight)
    error = logits.softmax(1) - nn.functional.one_hot(likely, 3).movedim(-1, 1)
    expected = torch.einsum("nczyx,ndzyx->cd", error, inputs[0])
    assert tile.box == tuple(slice(0, n) for n in TILE)
    torch.testing.assert_close(gradient[:, :, 0, 0, 0], expected, rtol=1e-4, atol=1e-4)
    assert gradient.abs().max() > 0


def test_blending_over_the_window_is_nnunets_prediction(pool):
    """nnU-Net's own prediction adds up in half precision."""
    from types import SimpleNamespace

    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    made = nnUNetPredictor(
        tile_step_size=STEP, use_mirroring=False, device=torch.device("cpu"), allow_tqdm=False
    )
    made.configuration_manager = SimpleNamespace(patch_size=TILE)
    made.label_manager = SimpleNamespace(num_segmentation_heads=3)
    made.network = networks()[1]
    for case, shape in SHAPES.items():
        expected = made.predict_sliding_window_return_logits(torch.from_numpy(image_of(case)))
        with pool.network(1) as net:
            found = net.blend(pool.image(case), lambda tile, net=net: net.module(tile)[0])
            with pytest.raises(MethodError, match=r"returned shape \(1, 3, 8, 8, 12\), it must"):
                net.blend(pool.image(case), net.module)
            window = net.window(shape)
            counted = torch.zeros(shape)
            for tile in window.tiles:
                counted[tile.box] += torch.from_numpy(window.weights[tile.inner])
        precise = counted > 0.1  # elsewhere nnU-Net's half precision is far off
        assert precise.float().mean() > 0.2
        torch.testing.assert_close(
            found[:, precise], expected[:, precise].float(), rtol=0.01, atol=0.01
        )


def test_dropout_has_seeded_draws_and_leaves_with_the_copy(pool):
    image = pool.image("a")

    def samples(p, purpose="dropout"):
        rng = pool.torch_rng(purpose, "a")
        with pool.network(0) as net:
            net.dropout("decoder.-1", p, rng)
            return [net.blend(image, lambda tile: net.module(tile)[0]) for _ in range(2)]

    plain = samples(0.0)
    assert torch.equal(*plain)
    first = samples(0.5)
    assert not torch.equal(*first)
    assert all(map(torch.equal, first, samples(0.5)))
    assert not torch.equal(first[0], samples(0.5, "other")[0])
    assert torch.equal(samples(0.0)[0], plain[0])
    for p in (1, -0.1):
        with pytest.raises(MethodError, match="dropout with p = "):
            samples(p)


@pytest.mark.parametrize("ask", ["predict", "embed", "features", "network", "map"])
def test_a_thread_that_others_wait_for_must_not_wait_for_them(pool, ask):
    asks = {
        "predict": lambda: pool.predict("a"),
        "embed": lambda: pool.embed("a", []),
        "features": lambda: pool.features("a"),
        "network": lambda: pool.network(1).__enter__(),
        "map": lambda: pool.map(str),
    }
    with pool.network(0), pytest.raises(MethodError, match=r"inside 'with pool\.network"):
        asks[ask]()
    with pool.torch_rng("a"), pytest.raises(MethodError, match=r"inside 'with pool\.torch_rng"):
        asks[ask]()
    with pool.network(0), pool.torch_rng("a"):
        torch.rand(1)
    assert pool.map(str.upper) == ["A", "B", "C"]


def test_the_network_fails_as_the_steps_own(make_pool):
    def broken(_):
        raise OSError("disk gone")

    pool = build(make_pool)
    object.__setattr__(pool._sources.network, "images", broken)
    for ask in (
        lambda: pool.features("a", "encoder.0", [Patch("a", (0, 0, 0), (2, 2, 2))]),
        lambda: pool.features("a", "encoder.0")[0].map(lambda cells: cells[0]),
    ):
        with pytest.raises(NnactiveError, match=r"a: no features .*disk gone") as caught:
            ask()
        assert not isinstance(caught.value, MethodError)


@pytest.mark.parametrize("workers", [2, 4])
def test_several_workers_read_the_same(make_pool, workers):
    def work(pool):
        def one(case):
            patches = [Patch(case, (0, 1, 2), (4, 4, 4))]
            with pool.torch_rng("head", case):
                head = nn.Linear(3, 1)
            with pool.network(1) as net:
                net.dropout("encoder.0", 0.5, pool.torch_rng("dropout", case))
                logits = net.blend(pool.image(case), lambda tile: net.module(tile)[0])
            streamed = pool.features(case, "decoder.1")[0].map(lambda cells: cells.norm(dim=0))
            embedded = pool.features(case, "decoder.0", patches)
            return head.weight.tolist(), logits.sum().item(), streamed.sum().item(), embedded.sum()

        return pool.map(one)

    before = torch.get_rng_state()
    assert work(build(make_pool, workers=workers)) == work(build(make_pool))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_pages_fragments_run(pool):
    page = (Path(__file__).parents[3] / "docs" / "methods-guide.md").read_text(encoding="utf-8")
    section = page.split("\n## The network\n")[1].split("\n## ")[0]
    fragments = re.findall(r"^```py\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    assert len(fragments) == 4
    found = {"pool": pool, "case": "b", "np": np, "torch": torch, "Patch": Patch}
    networks()  # made with the global generator
    before = torch.get_rng_state()
    for fragment in fragments:
        exec(fragment, found)  # noqa: S102
    assert found["score"].shape == found["norm"].shape == SHAPES["b"]
    assert found["rows"].shape == (1, 2 * 4)
    assert found["gradient"].shape == (3, 3, 1, 1, 1)
    assert [sample.shape for sample in found["samples"]] == [(3, *SHAPES["b"])] * 2
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.slow
def test_streaming_takes_no_more_memory_than_a_prediction(make_pool):
    """A prediction may take 2 C + 4 volumes; here the stage's features alone would take 24."""
    shapes = {"a": (160, 160, 160)}
    pool = build(make_pool, shapes=shapes, tile=(64, 64, 64))
    deep = replace(pool._sources.network, borrow=lambda _: nullcontext(Deep()))
    pool = build(make_pool, shapes=shapes, network=deep)
    streamed = pool.features("a", "encoder.-1")[0]
    assert len(next(streamed.tiles()).features) == Deep.FEATURES

    def run():
        streamed.map(lambda cells: cells.norm(dim=0))
        for number, _ in enumerate(streamed.blocks()):
            if number == 1:
                break

    volume = np.prod(shapes["a"]) * 4 / 2**20
    tile = Deep.FEATURES * 64**3 * 4 / 2**20
    assert peak_growth(run) < (2 * 3 + 4) * volume + 3 * tile < Deep.FEATURES * volume
    assert peak_growth(lambda: list(streamed.blocks(Deep.FEATURES))) > Deep.FEATURES * volume


class Deep(nn.Module):
    """A network of one stage with many features, in full resolution, each the image's mean."""

    FEATURES = 24

    class Encoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.stages = [nn.Identity()]

        def forward(self, tile):
            return [tile.mean(1, keepdim=True).expand(-1, Deep.FEATURES, -1, -1, -1)]

    def __init__(self):
        super().__init__()
        self.encoder = Deep.Encoder()
