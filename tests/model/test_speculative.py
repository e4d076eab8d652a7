from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from delta_learn.errors import ModelError
from delta_learn.model import speculative
from delta_learn.model.config import DeltaModelConfig
from delta_learn.model.drafts import LookupDraft, ModelDraft
from delta_learn.model.generate import Sampling, distribution, generate
from delta_learn.model.gpt import DeltaModel
from delta_learn.model.speculative import Proposal, accept, speculate

V = 4
"""Tokens; all V**LENGTH sequences are counted."""
LENGTH = 4
SAMPLES = 1_000_000
START = (2, 1)
SURE = 1e-6
"""Probability of a chi-square as large as one that is rejected."""

Accept = Callable[[Proposal, Tensor, torch.Generator | None], tuple[Tensor, Tensor]]


def table(seed: int, scale: float = 1.5) -> Tensor:
    """Logits of the next token by the last two, (V, V, V)."""
    return scale * torch.randn(V, V, V, generator=torch.Generator().manual_seed(seed))


TARGET = table(1)
DRAFTS = {
    "good": TARGET + 0.3 * table(2),
    "bad": table(3, 3.0),
    "certain": 50.0 * TARGET,
    "the same": TARGET,
}
SAMPLINGS = {
    "plain": Sampling(),
    "warm": Sampling(temperature=1.7),
    "cool nucleus": Sampling(temperature=0.7, top_p=0.8),
    "narrow nucleus": Sampling(top_p=0.5),
}


def enumerated(sampling: Sampling) -> Tensor:
    """The probability of each of the V**LENGTH sequences, one after the other."""
    following = distribution(TARGET, sampling).double()
    sequences = torch.cartesian_prod(*[torch.arange(V)] * LENGTH)
    whole = torch.cat((torch.tensor(START).expand(len(sequences), 2), sequences), 1)
    probability = torch.ones(len(sequences), dtype=torch.float64)
    for place in range(LENGTH):
        probability *= following[whole[:, place], whole[:, place + 1], whole[:, place + 2]]
    return probability


def sampled(draft: Tensor, ahead: int, sampling: Sampling, verify: Accept, draft_sampling: Sampling) -> Tensor:
    """Counts of the sequences that rounds of drafting and verifying make, SAMPLES of them side by side."""
    generator = torch.Generator().manual_seed(20)
    p_of, q_of = distribution(TARGET, sampling), distribution(draft, draft_sampling)
    rows = torch.zeros(SAMPLES, 2 + LENGTH + ahead + 1, dtype=torch.int64)
    rows[:, :2] = torch.tensor(START)
    ends = torch.full((SAMPLES,), 2)
    while bool((active := (ends < 2 + LENGTH).nonzero()[:, 0]).numel()):
        row, end = rows[active], ends[active]
        places = end[:, None] + torch.arange(-2, ahead)
        window = torch.cat((row.gather(1, places[:, :2]), torch.zeros(len(active), ahead, dtype=torch.int64)), 1)
        for step in range(ahead):
            q = q_of[window[:, step], window[:, step + 1]]
            window[:, step + 2] = torch.multinomial(q, 1, generator=generator)[:, 0]
        before, last = window[:, :-1], window[:, 1:]  # (N, ahead + 1)
        proposal = Proposal(window[:, 2:], q_of[before[:, :-1], last[:, :-1]])
        kept, token = verify(proposal, p_of[before, last], generator)
        new = torch.cat((window[:, 2:], torch.zeros(len(active), 1, dtype=torch.int64)), 1)
        new.scatter_(1, kept[:, None], token[:, None])
        row.scatter_(1, end[:, None] + torch.arange(ahead + 1), new)  # what lies past the end is written over later
        rows[active], ends[active] = row, end + kept + 1
    code = (rows[:, 2 : 2 + LENGTH] * V ** torch.arange(LENGTH - 1, -1, -1)).sum(1)
    return torch.bincount(code, minlength=V**LENGTH)


def p_value(counts: Tensor, probability: Tensor) -> float:
    """Of Pearson's chi-square; what is expected less than 5 times is one class. 0: an impossible sequence came."""
    if bool((counts[probability == 0] > 0).any()):
        return 0.0
    expected = probability * counts.sum()
    rare = expected < 5
    observed = torch.cat((counts[~rare], counts[rare].sum()[None])).double()
    expected = torch.cat((expected[~rare], expected[rare].sum()[None]))
    observed, expected = observed[expected > 0], expected[expected > 0]
    statistic = ((observed - expected) ** 2 / expected).sum()
    freedom = torch.tensor(len(expected) - 1, dtype=torch.float64)
    return float(torch.special.gammaincc(freedom / 2, statistic / 2))


@pytest.mark.parametrize("ahead", [1, 2, 3, 4])
def test_the_joint_distribution_is_the_models(ahead: int) -> None:
    counts = sampled(DRAFTS["bad"], ahead, SAMPLINGS["plain"], accept, SAMPLINGS["plain"])
    assert p_value(counts, enumerated(SAMPLINGS["plain"])) > SURE


@pytest.mark.parametrize(
    ("draft", "name"),
    [
        *((draft, "cool nucleus") for draft in DRAFTS),
        *(("good", name) for name in ("plain", "warm", "narrow nucleus")),
        ("bad", "narrow nucleus"),
    ],
)
def test_whatever_the_draft_and_the_sampling(draft: str, name: str) -> None:
    sampling = SAMPLINGS[name]
    assert p_value(sampled(DRAFTS[draft], 3, sampling, accept, sampling), enumerated(sampling)) > SURE


def test_the_draft_may_be_sampled_otherwise_than_the_model() -> None:
    counts = sampled(DRAFTS["good"], 3, SAMPLINGS["cool nucleus"], accept, SAMPLINGS["warm"])
    assert p_value(counts, enumerated(SAMPLINGS["cool nucleus"])) > SURE


def always(proposal: Proposal, target: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
    """Wrong: every proposed token is kept."""
    certain = Proposal(proposal.tokens, torch.full_like(proposal.probabilities, 1e-9))
    return accept(certain, target.clamp(min=1e-6), generator)


def without_residual(proposal: Proposal, target: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
    """Wrong: after a rejection a token is drawn from the model's whole distribution."""
    kept, _ = accept(proposal, target, generator)
    there = target.gather(-2, kept[:, None, None].expand(-1, 1, V))[:, 0]
    return kept, torch.multinomial(there, 1, generator=generator)[:, 0]


def with_absolute_residual(
    proposal: Proposal, target: Tensor, generator: torch.Generator | None
) -> tuple[Tensor, Tensor]:
    """Wrong: drawn from |p - q|."""
    kept, _ = accept(proposal, target, generator)
    nothing = torch.zeros_like(target[:, :1])
    over = (target - torch.cat((proposal.probabilities, nothing), 1)).abs() + 1e-12
    there = over.gather(-2, kept[:, None, None].expand(-1, 1, V))[:, 0]
    return kept, torch.multinomial(there, 1, generator=generator)[:, 0]


def of_other_probabilities(
    proposal: Proposal, target: Tensor, generator: torch.Generator | None
) -> tuple[Tensor, Tensor]:
    """Wrong: the tokens were drawn from the draft's nucleus, and are weighed by its whole distribution."""
    whole = 0.75 * proposal.probabilities + 0.25 / V
    return accept(Proposal(proposal.tokens, whole), target, generator)


@pytest.mark.parametrize("wrong", [always, without_residual, with_absolute_residual, of_other_probabilities])
def test_a_verifier_with_an_error_is_found(wrong: Accept) -> None:
    sampling = SAMPLINGS["plain"]
    counts = sampled(DRAFTS["good"], 3, sampling, wrong, sampling)
    assert p_value(counts, enumerated(sampling)) < SURE


def test_what_is_certain_needs_no_luck() -> None:
    """Greedy: the model's own tokens are kept always, others never."""
    p = distribution(torch.tensor([[0.0, 3.0, 1.0], [2.0, 0.0, 1.0], [0.0, 1.0, 9.0]]), Sampling(temperature=0))
    for proposed, expected in (([1, 0], (2, 2)), ([1, 2], (1, 0)), ([2, 0], (0, 1))):
        tokens = torch.tensor(proposed)
        kept, token = accept(Proposal(tokens, torch.eye(3)[tokens]), p)
        assert (int(kept), int(token)) == expected


def test_where_rounding_leaves_nothing_the_models_own_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    p = torch.tensor([[0.25, 0.75], [1.0, 0.0]])
    monkeypatch.setattr(torch, "rand", lambda *_, **__: torch.ones(1))
    kept, token = accept(Proposal(torch.tensor([1]), p[:1].clone()), p)
    assert (int(kept), int(token)) in ((0, 0), (0, 1))


@pytest.fixture(scope="module")
def models() -> tuple[DeltaModel, DeltaModel]:
    """A model and a smaller one that says roughly the same."""
    torch.manual_seed(5)
    shapes = [DeltaModelConfig(block_size=24, vocab_size=6, n_layer=n, n_head=2, n_embed=16) for n in (2, 1)]
    large, small = (DeltaModel(shape).eval() for shape in shapes)
    with torch.no_grad():
        for parameter in large.parameters():
            parameter.normal_(std=0.4)
    small.load_state_dict({name: large.state_dict()[name] for name in small.state_dict()})
    return large, small


@pytest.mark.parametrize("ahead", [1, 2, 4, 7])
@pytest.mark.parametrize("kind", ["lookup", "model", "itself"])
def test_greedy_gives_the_models_tokens(models: tuple[DeltaModel, DeltaModel], kind: str, ahead: int) -> None:
    large, small = models
    greedy, random = Sampling(temperature=0), torch.Generator().manual_seed(1)
    for _ in range(25):
        ids = torch.randint(6, (int(torch.randint(1, 25, (), generator=random)),), generator=random)
        draft = {"lookup": LookupDraft(6), "model": ModelDraft(small), "itself": ModelDraft(large)}[kind]
        most = int(torch.randint(1, 20, (), generator=random))
        stop = int(torch.randint(6, (), generator=random))
        expected = generate(large, ids, most, sampling=greedy, stop=stop)
        found = speculate(large, ids, most, draft, ahead=ahead, sampling=greedy, stop=stop)
        assert found.tokens == expected
        if kind == "itself":
            assert found.accepted >= len(expected) - found.passes
            assert found.passes == -(-len(expected) // (ahead + 1))


@pytest.mark.parametrize("draft", ["lookup", "model"])
def test_what_a_model_is_drawn_has_its_distribution(models: tuple[DeltaModel, DeltaModel], draft: str) -> None:
    """The whole way, with cache and roll-back: the first three tokens of a real model, all 216 of them."""
    large, small = models
    sampling, ids, random = Sampling(1.3, 0.9), torch.tensor([1, 2, 3, 1, 2]), torch.Generator().manual_seed(2)
    probability = torch.ones(1, dtype=torch.float64)
    rows = ids[None]
    with torch.inference_mode():
        for _ in range(3):
            following = distribution(large(rows)[:, -1], sampling).double()
            probability = (probability[:, None] * following).flatten()
            rows = torch.cat((rows.repeat_interleave(6, 0), torch.arange(6).repeat(len(rows))[:, None]), 1)
    counts = torch.zeros(6**3, dtype=torch.int64)
    for _ in range(2000):
        source = LookupDraft(6) if draft == "lookup" else ModelDraft(small)
        a, b, c = speculate(large, ids, 3, source, ahead=3, sampling=sampling, generator=random).tokens
        counts[36 * a + 6 * b + c] += 1
    assert p_value(counts, probability) > SURE


def test_after_a_rejection_the_cache_is_as_if_it_had_not_been(
    models: tuple[DeltaModel, DeltaModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every pass sees keys and values of the tokens that were kept, and of no others."""
    large, _ = models
    made: list[speculative.KVCache] = []
    cache = speculative.KVCache
    monkeypatch.setattr(speculative, "KVCache", lambda *a, **k: made.append(cache(*a, **k)) or made[-1])
    ids = torch.tensor([1, 2, 3, 1, 2])
    found = speculate(
        large, ids, 12, LookupDraft(6), sampling=Sampling(1.5), generator=torch.Generator().manual_seed(4)
    )
    assert found.accepted < found.proposed
    (used,) = made
    read = torch.cat((ids, torch.tensor(found.tokens)))[: used.length]
    fresh = cache(large.config)
    large.hidden(read[None], cache=fresh)
    torch.testing.assert_close(
        used.data[..., : used.length, :], fresh.data[..., : used.length, :], atol=1e-5, rtol=1e-4
    )


def test_what_cannot_be_continued_is_refused(models: tuple[DeltaModel, DeltaModel]) -> None:
    with pytest.raises(ModelError, match="1 to 24 tokens"):
        speculate(models[0], torch.tensor([], dtype=torch.int64), 3, LookupDraft(6))
