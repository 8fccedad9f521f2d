import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from seco.training.crop_pass import Inputs
from seco.training.methods import Models
from seco.training.parts import patch_contrast as module
from seco.training.parts.patch_contrast import Contrast
from tests.settings import small_settings
from tests.tiny import LABELS, crop_pass, memory_of, retuned, snapshot, tiny_inputs, tiny_models

PATCHES, VIEWS, SIDE = 3, 5, 32


def half_and_half(inputs: Inputs) -> Tensor:
    """A CAM that is sure of the first slot's class on the left, of the second's on the right, unsure between."""
    cam = torch.zeros(2, inputs.class_ids.shape[1], 64, 64)
    cam[:, 0, :, :24] = 0.9
    cam[:, 1, :, 40:] = 0.9
    cam[:, 0, :, 24:40] = 0.5
    return cam * (inputs.class_ids > 0)[..., None, None] * inputs.inside.unsqueeze(1)


def contrasted(models: Models, inputs: Inputs, *, cam: Tensor | None = None, **changes) -> Contrast:
    settings = small_settings(**changes)
    crops = crop_pass(models, settings, inputs=inputs)
    embedding = models.network.projector(crops.output.tokens.class_token)
    part = memory_of(retuned(models, settings)) if changes else memory_of(models)
    patches = part.cutter.cut(inputs, half_and_half(inputs) if cam is None else cam)
    return part.contrast(crops, embedding, patches)


@pytest.fixture
def models() -> Models:
    return tiny_models(small_settings())


@pytest.fixture
def inputs() -> Inputs:
    return tiny_inputs()


class Spy:
    """Passes calls on and keeps what was given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
        self.calls: list[tuple[Tensor, ...]] = []
        original = getattr(owner, name)

        def keep(*args: Tensor, **kwargs: float) -> Tensor:
            self.calls.append(tuple(arg.detach().clone() for arg in args))
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, keep)


def corner_of(patch: Tensor, image: Tensor) -> tuple[int, int]:
    """Where in the image ``[3, H, W]`` a patch was cut."""
    windows = image.unfold(1, SIDE, 1).unfold(2, SIDE, 1)  # [3, H', W', s, s]
    match = (windows == patch[:, None, None]).flatten(3).all(3).all(0)
    (corner,) = match.nonzero().tolist()
    return corner[0], corner[1]


def test_strong_patches_are_cut_where_the_weak_ones_are_and_mirrored_one_by_one(models, inputs, monkeypatch):
    students, teachers = (
        Spy(monkeypatch, models.network.encoder, "forward"),
        Spy(monkeypatch, memory_of(models).teacher, "embed"),
    )
    mirrored = 0
    for seed in range(6):
        contrasted(models, tiny_inputs(seed=seed))
        weak = students.calls[-2][0].unflatten(0, (2, PATCHES))  # the last call is that of the second view
        strong = teachers.calls[-3][0].unflatten(0, (2, PATCHES))
        for image in range(2):
            for one, other in zip(weak[image], strong[image], strict=True):
                row, column = corner_of(one, inputs.weak[image])
                cut = inputs.strong[image][:, row : row + SIDE, column : column + SIDE]
                assert torch.equal(other, cut) or torch.equal(other, cut.flip(-1))
                mirrored += int(not torch.equal(other, cut))
    assert 8 < mirrored < 28  # of 36


def test_the_tag_of_a_patch_is_that_of_the_map_under_it(models, inputs, monkeypatch):
    students, found = Spy(monkeypatch, models.network.encoder, "forward"), set()
    for seed in range(6):
        tags = contrasted(models, tiny_inputs(seed=seed)).patches.tags
        weak = students.calls[-2][0].unflatten(0, (2, PATCHES))
        for image in range(2):
            for index, patch in enumerate(weak[image]):
                _, left = corner_of(patch, inputs.weak[image])
                first, second = inputs.class_ids[image].tolist()
                # In the image of one class the right part is background, and the unsure part is of that class.
                covered = max(0, min(left + SIDE, 40) - left) / SIDE
                single = first if covered > 0.2 else 0
                shows_both = left < 24 and left + SIDE > 40
                double = -1 if shows_both else first if left < 24 else second
                assert tags[image, index] == (single if second == 0 else double)
                found.add(int(tags[image, index]))
    assert len(found) > 2


def test_whole_image_views_carry_the_single_class_or_none(models, inputs):
    tags = contrasted(models, inputs, use_rectification=False).tags.view(2, VIEWS)
    assert tags[0, PATCHES:].tolist() == [2, 2]
    assert tags[1, PATCHES:].tolist() == [-1, -1]


def test_keys_are_the_local_teachers_for_patches_and_whole_images(models, inputs):
    keys = contrasted(models, inputs).keys
    assert keys is not None
    lined_up = keys.view(2, VIEWS, -1)
    torch.testing.assert_close(lined_up[:, PATCHES], memory_of(models).teacher.embed(inputs.strong))
    torch.testing.assert_close(lined_up[:, PATCHES + 1], memory_of(models).teacher.embed(inputs.second))
    assert not torch.allclose(lined_up[:, PATCHES + 1], models.network.embed(inputs.second), atol=1e-3)
    assert not keys.requires_grad


def test_each_query_stands_beside_the_key_of_its_own_view(models, inputs, monkeypatch):
    spy = Spy(monkeypatch, module, "local_contrast")
    contrasted(models, inputs)
    lined_up = spy.calls[0][0].view(2, VIEWS, -1)
    torch.testing.assert_close(lined_up[:, PATCHES], models.network.embed(inputs.weak))
    torch.testing.assert_close(lined_up[:, PATCHES + 1], models.network.embed(inputs.second))


def test_entries_are_the_batchs_keys_once_and_the_reservoir(models, inputs, monkeypatch):
    spy = Spy(monkeypatch, module, "local_contrast")
    result = contrasted(models, inputs)
    _, tags, entries, entry_tags = spy.calls[0]
    assert result.keys is not None
    assert torch.equal(entries, torch.cat([result.keys, memory_of(models).reservoir.keys]))
    assert torch.equal(entry_tags, torch.cat([result.tags, memory_of(models).reservoir.tags]))
    assert torch.equal(tags, result.tags)


def test_rectified_tags_govern_both_contrasts_their_entries_and_what_is_stored(models, inputs, monkeypatch):
    def withdraw_every_other(queries: Tensor, tags: Tensor, *rest: Tensor, threshold: float) -> Tensor:
        return torch.where(torch.arange(len(tags)) % 2 == 0, -1, tags)

    plain = contrasted(models, inputs, use_rectification=False).tags
    monkeypatch.setattr(module, "rectify_tags", withdraw_every_other)
    globals_, locals_ = Spy(monkeypatch, module, "global_contrast"), Spy(monkeypatch, module, "local_contrast")
    result = contrasted(models, inputs)
    expected = withdraw_every_other(plain, plain, threshold=0.0)
    assert not torch.equal(expected, plain)
    assert torch.equal(result.tags, expected)
    assert torch.equal(globals_.calls[0][1], expected)
    assert torch.equal(locals_.calls[0][1], expected)
    assert torch.equal(locals_.calls[0][3], torch.cat([expected, memory_of(models).reservoir.tags]))
    assert torch.equal(result.patches.tags, plain.view(2, VIEWS)[:, :PATCHES])


def test_rectification_meets_the_reservoir_and_not_the_batch(models, inputs, monkeypatch):
    spy = Spy(monkeypatch, module, "rectify_tags")
    contrasted(models, inputs)
    assert torch.equal(spy.calls[0][2], memory_of(models).reservoir.keys)
    assert torch.equal(spy.calls[0][3], memory_of(models).reservoir.tags)


@pytest.mark.parametrize("changes", [{"use_rectification": False}, {"weight_lil": 0.0}])
def test_rectification_is_switched_off_by_its_switch_and_without_l_lil(models, inputs, monkeypatch, changes):
    monkeypatch.delattr(module, "rectify_tags")
    contrasted(models, inputs, **changes)


def test_without_l_lil_there_are_no_keys(models, inputs, monkeypatch):
    monkeypatch.delattr(memory_of(models).teacher.__class__, "embed")
    result = contrasted(models, inputs, weight_lil=0.0)
    assert result.keys is None
    assert set(result.terms) == {"lig"}


def test_without_l_lig_prototypes_are_not_asked(models, inputs, monkeypatch):
    monkeypatch.delattr(module, "global_contrast")
    assert set(contrasted(models, inputs, weight_lig=0.0).terms) == {"lil"}


def test_an_image_of_nothing_but_padding_contributes_no_patch(models):
    inputs = tiny_inputs(labels=(LABELS[0],), boxes=((0, 0, 0, 0),))
    tags = contrasted(models, inputs, cam=torch.zeros(1, 1, 64, 64)).patches.tags
    assert (tags == -1).all()


def test_nothing_changes_and_the_draws_alone_decide(models, inputs):
    before = snapshot(models)
    first, again, other = (contrasted(models, tiny_inputs(seed=seed)) for seed in (0, 0, 1))
    assert first.keys is not None
    assert again.keys is not None
    assert other.keys is not None
    assert torch.equal(first.keys, again.keys)
    assert not torch.equal(first.keys, other.keys)
    assert all(torch.equal(value, before[name]) for name, value in snapshot(models).items())


def test_gradients_reach_the_queries_alone(models, inputs):
    result = contrasted(models, inputs, use_rectification=False)
    (result.terms["lig"] + result.terms["lil"]).backward()
    trained = {name for name, weight in models.network.named_parameters() if weight.grad is not None}
    assert {name.split(".")[0] for name in trained} == {"encoder", "projector"}
    assert all(weight.grad is None for weight in memory_of(models).teacher.parameters())
    for tensor in (
        result.keys,
        result.tags,
        memory_of(models).prototypes.vectors,
        memory_of(models).reservoir.keys,
    ):
        assert tensor is not None
        assert not tensor.requires_grad


def test_the_terms_are_those_of_the_equations_on_these_queries(models, inputs, monkeypatch):
    spy = Spy(monkeypatch, module, "local_contrast")
    result = contrasted(models, inputs, use_rectification=False, tau_local=0.5, tau_global=0.25)
    queries, tags, keys, key_tags = (part.double() for part in spy.calls[0])
    logits = (queries @ keys.T / 0.5).masked_fill(key_tags == -1, -torch.inf)
    pairs = (tags[:, None] == key_tags) & (key_tags != -1)
    assert result.terms["lil"].item() == pytest.approx(-logits.log_softmax(1)[pairs].mean().item(), rel=1e-4)
    positive = tags > 0
    shown = sorted(set(tags[positive].long().tolist()))
    logits = queries[positive] @ memory_of(models).prototypes.vectors[[tag - 1 for tag in shown]].double().T / 0.25
    target = torch.tensor([shown.index(tag) for tag in tags[positive].long().tolist()])
    assert result.terms["lig"].item() == pytest.approx(F.cross_entropy(logits, target).item(), rel=1e-4)
