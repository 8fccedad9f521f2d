import torch

from seco.models.encoder import build_encoder
from seco.models.heads import Projector
from seco.models.network import SeCoNetwork


def network(*, num_classes: int = 4) -> SeCoNetwork:
    torch.manual_seed(0)
    encoder = build_encoder("vit_tiny_patch16_224", pretrained=False, depth=4)
    model = SeCoNetwork(encoder, num_classes=num_classes)
    model.projector = Projector(encoder.width, hidden=16)
    return model


IMAGES = torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(0))


def test_each_head_reads_its_own_tokens():
    model = network()
    output = model(IMAGES)
    final, between = output.tokens.final.amax(1), output.tokens.intermediate.amax(1)  # [B, D]
    torch.testing.assert_close(output.logits, final @ model.classifier.weight.T)
    torch.testing.assert_close(output.aux_logits, between @ model.aux_classifier.weight.T)
    embedding = model.embed(IMAGES)
    torch.testing.assert_close(embedding, model.projector(output.tokens.class_token))
    torch.testing.assert_close(embedding.norm(dim=1), torch.ones(2))
    assert output.segmentation.shape == (2, 5, 2, 3)


def test_cams_use_the_weights_of_the_classifiers():
    model = network()
    tokens = model(IMAGES).tokens
    cams = model.activations(tokens, torch.tensor([[3, 1], [2, 0]]))
    for maps, head, part in (
        (cams.final, model.classifier, tokens.final),
        (cams.auxiliary, model.aux_classifier, tokens.intermediate),
    ):
        full = (part @ head.weight.T).transpose(1, 2).unflatten(2, (2, 3))  # [B, K, h, w]
        torch.testing.assert_close(maps[0], full[0, [2, 0]])
        torch.testing.assert_close(maps[1, 0], full[1, 1])
        assert (maps[1, 1] == 0).all()


def test_images_of_a_batch_are_independent():
    model = network().train()
    both, alone = model(IMAGES), model(IMAGES[1:])
    torch.testing.assert_close(both.logits[1:], alone.logits)
    torch.testing.assert_close(both.segmentation[1:], alone.segmentation)


def test_a_pass_changes_no_state_and_draws_no_number():
    model = network().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    first, second = model(IMAGES), model(IMAGES)
    model.embed(IMAGES)
    assert torch.equal(first.logits, second.logits)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_every_output_trains_the_encoder():
    for part in ("logits", "aux_logits", "segmentation"):
        model = network()
        getattr(model(IMAGES), part).sum().backward()
        first_block = model.encoder.vit.blocks[0]
        assert all(weight.grad is not None for weight in first_block.parameters()), part
