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


def test_every_weight_moves_towards_the_students_by_hand():
    model = student()
    teacher = LocalTeacher(model)
    before = {name: weight.clone() for name, weight in teacher.state_dict().items()}
    keys = teacher.embed(IMAGES)
    torch.testing.assert_close(keys, model.embed(IMAGES))
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(1.0)
    assert torch.equal(teacher.embed(IMAGES), keys), "a copy"
    teacher.update(model, momentum=0.75)
    teacher.update(model, momentum=0.75)
    own = {name for name in model.state_dict() if name.startswith(("encoder.", "projector."))}
    assert own == set(before)
    for name, weight in teacher.state_dict().items():
        torch.testing.assert_close(weight, before[name] + 0.25 + 0.75 * 0.25)


def test_teacher_and_keys_have_no_gradient():
    model = student()
    teacher = LocalTeacher(model)
    keys = teacher.embed(IMAGES.clone().requires_grad_())
    assert not keys.requires_grad
    torch.testing.assert_close(keys.norm(dim=1), torch.ones(2))
    teacher.update(model, momentum=0.9)
    assert not any(weight.requires_grad for weight in teacher.parameters())
    assert all(weight.requires_grad for weight in model.parameters())
