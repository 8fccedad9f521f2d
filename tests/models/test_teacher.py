import torch

from seco.models.encoder import build_encoder
from seco.models.heads import Projector
from seco.models.network import SeCoNetwork
from seco.models.teacher import LocalTeacher

IMAGES = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def student() -> SeCoNetwork:
    torch.manual_seed(0)
    encoder = build_encoder("vit_tiny_patch16_224", pretrained=False, depth=1)
    model = SeCoNetwork(encoder, num_classes=2)
    model.projector = Projector(encoder.width, hidden=8)
    return model


def shift(model: SeCoNetwork, amount: float) -> None:
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(amount)


def test_the_moving_average_by_hand():
    model = student()
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(1.0)
    teacher = LocalTeacher(model)
    shift(model, 2.0)  # the student is 3 everywhere
    teacher.update(model, momentum=0.75)  # 0.75 · 1 + 0.25 · 3
    assert all((weight == 1.5).all() for weight in teacher.parameters())
    teacher.update(model, momentum=0.75)  # 0.75 · 1.5 + 0.25 · 3
    assert all((weight == 1.875).all() for weight in teacher.parameters())


def test_every_weight_of_encoder_and_projector_follows_its_own():
    model = student()
    teacher = LocalTeacher(model)
    before = {name: weight.clone() for name, weight in teacher.state_dict().items()}
    shift(model, 1.0)
    teacher.update(model, momentum=0.9)
    own = {name: weight for name, weight in model.state_dict().items() if name.startswith(("encoder.", "projector."))}
    assert set(own) == set(before)
    for name, weight in teacher.state_dict().items():
        torch.testing.assert_close(weight, 0.9 * before[name] + 0.1 * own[name])


def test_the_teacher_starts_as_a_copy_of_its_own():
    model = student()
    teacher = LocalTeacher(model)
    keys = teacher.embed(IMAGES)
    torch.testing.assert_close(keys, model.embed(IMAGES))
    shift(model, 1.0)
    assert torch.equal(teacher.embed(IMAGES), keys)


def test_neither_weights_nor_keys_have_a_gradient():
    model = student()
    teacher = LocalTeacher(model)
    assert not any(weight.requires_grad for weight in teacher.parameters())
    keys = teacher.embed(IMAGES.clone().requires_grad_())
    assert not keys.requires_grad
    torch.testing.assert_close(keys.norm(dim=1), torch.ones(2))
    teacher.update(model, momentum=0.9)
    assert not any(weight.requires_grad for weight in teacher.parameters())
    assert all(weight.requires_grad for weight in model.parameters())
