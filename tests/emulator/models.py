"""Small models and their training, the same for every device."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class BertLike(nn.Module):
    """Two encoder layers over token and position embeddings, and a language-model head."""

    def __init__(self, hidden: int = 128, heads: int = 2, vocabulary: int = 500, dropout: float = 0.1) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, hidden)
        self.positions = nn.Embedding(64, hidden)
        layer = nn.TransformerEncoderLayer(hidden, heads, 4 * hidden, dropout, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(hidden, vocabulary)

    def forward(self, tokens: Tensor) -> Tensor:
        places = torch.arange(tokens.size(1), device=tokens.device)
        padding = tokens == 0
        return self.head(self.encoder(self.tokens(tokens) + self.positions(places), src_key_padding_mask=padding))


class ResidualBlock(nn.Module):
    """Two convolutions with BatchNorm beside a shortcut, which is a convolution where the size changes."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(out),
            nn.ReLU(inplace=True),
            nn.Conv2d(out, out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(out),
        )
        changes = stride != 1 or channels != out
        conv = nn.Conv2d(channels, out, 1, stride, bias=False)
        self.shortcut = nn.Sequential(conv, nn.BatchNorm2d(out)) if changes else nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        return functional.relu(self.body(images) + self.shortcut(images))


class ResNetLike(nn.Module):
    """A stem with max pooling, three residual blocks of which two halve the image, and a pooled classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 1, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2))
        self.blocks = nn.Sequential(ResidualBlock(8, 8, 1), ResidualBlock(8, 16, 2), ResidualBlock(16, 16, 2))
        self.head = nn.Linear(16, 10)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(functional.adaptive_avg_pool2d(self.blocks(self.stem(images)), 1).flatten(1))


class LstmTagger(nn.Module):
    """Two bidirectional LSTM layers with dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(500, 24)
        self.lstm = nn.LSTM(24, 16, 2, batch_first=True, dropout=0.2, bidirectional=True)
        self.head = nn.Linear(32, 500)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.lstm(self.tokens(tokens))[0])


class RmsNorm(nn.Module):
    """Division by the root of the mean square, computed in float32 whatever comes in, as Llama does."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(hidden))

    def forward(self, states: Tensor) -> Tensor:
        wide = states.float()
        return self.weight * (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)).to(states.dtype)


def rotate(states: Tensor) -> Tensor:
    """Rotary position embedding over the last dimension, its two halves being one another's partners."""
    length, width = states.shape[-2:]
    steps = torch.arange(0, width, 2, device=states.device) / width
    angles = torch.outer(torch.arange(length, device=states.device), 10000.0**-steps).repeat(1, 2)
    first, second = states.chunk(2, -1)
    return states * angles.cos().to(states.dtype) + torch.cat([-second, first], -1) * angles.sin().to(states.dtype)


class GroupedAttention(nn.Module):
    """Causal attention over rotated queries and keys; every key and value serves two heads."""

    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        self.width = hidden // heads
        self.query = nn.Linear(hidden, hidden, bias=False)
        self.key = nn.Linear(hidden, hidden // 2, bias=False)
        self.value = nn.Linear(hidden, hidden // 2, bias=False)
        self.out = nn.Linear(hidden, hidden, bias=False)

    def forward(self, states: Tensor) -> Tensor:
        projected = (layer(states) for layer in (self.query, self.key, self.value))
        query, key, value = (each.unflatten(-1, (-1, self.width)).transpose(1, 2) for each in projected)
        mixed = functional.scaled_dot_product_attention(
            rotate(query), rotate(key), value, is_causal=True, enable_gqa=True
        )
        return self.out(mixed.transpose(1, 2).flatten(2))


class SwiGlu(nn.Module):
    """A feed-forward layer whose inner states are gated by SiLU."""

    def __init__(self, hidden: int, inner: int) -> None:
        super().__init__()
        self.gate = nn.Linear(hidden, inner, bias=False)
        self.up = nn.Linear(hidden, inner, bias=False)
        self.down = nn.Linear(inner, hidden, bias=False)

    def forward(self, states: Tensor) -> Tensor:
        return self.down(functional.silu(self.gate(states)) * self.up(states))


class LlamaLike(nn.Module):
    """Two decoder layers as Llama has them, and a language-model head that shares the embedding's weight."""

    def __init__(self, hidden: int = 64, heads: int = 4, vocabulary: int = 500) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, hidden)
        self.attentions = nn.ModuleList(GroupedAttention(hidden, heads) for _ in range(2))
        self.feeds = nn.ModuleList(SwiGlu(hidden, 2 * hidden) for _ in range(2))
        self.norms = nn.ModuleList(RmsNorm(hidden) for _ in range(5))
        self.head = nn.Linear(hidden, vocabulary, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, tokens: Tensor) -> Tensor:
        states = self.tokens(tokens)
        for index, (attention, feed) in enumerate(zip(self.attentions, self.feeds, strict=True)):
            states = states + attention(self.norms[2 * index](states))
            states = states + feed(self.norms[2 * index + 1](states))
        return self.head(self.norms[4](states))


def batch_for(model: nn.Module, step: int) -> tuple[Tensor, Tensor]:
    """Input and labels of one step, on the CPU."""
    source = torch.Generator().manual_seed(step)
    if isinstance(model, ResNetLike):
        return torch.randn(4, 3, 16, 16, generator=source), torch.randint(10, (4,), generator=source)
    tokens = torch.randint(500, (4, 16), generator=source)
    return tokens, tokens.roll(-1, 1)


def train(
    model: nn.Module, device: str, steps: int, optimizer: str = "AdamW", dtype: torch.dtype | None = None
) -> list[float]:
    """Losses of each step. `model` is moved after its optimizer was made, as many scripts do."""
    torch.manual_seed(1)
    options = {"AdamW": {"lr": 1e-3}, "SGD": {"lr": 0.05, "momentum": 0.9}, "Adam": {"lr": 1e-3, "fused": True}}
    step_taker = getattr(torch.optim, optimizer)(model.parameters(), **options[optimizer])
    model.to(device)
    losses = []
    for step in range(steps):
        inputs, labels = (each.to(device) for each in batch_for(model, step))
        with torch.autocast(device, dtype=dtype, enabled=dtype is not None):
            loss = functional.cross_entropy(model(inputs).flatten(0, -2), labels.flatten())
        step_taker.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        step_taker.step()
        losses.append(loss.item())
    return losses
