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


class ResNetLike(nn.Module):
    """Two residual blocks with BatchNorm and a pooled classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1))
            for _ in range(2)
        )
        self.head = nn.Linear(8, 10)

    def forward(self, images: Tensor) -> Tensor:
        out = self.stem(images)
        for block in self.blocks:
            out = functional.max_pool2d(functional.relu(out + block(out)), 2)
        return self.head(functional.adaptive_avg_pool2d(out, 1).flatten(1))


class LstmTagger(nn.Module):
    """Two bidirectional LSTM layers with dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(500, 24)
        self.lstm = nn.LSTM(24, 16, 2, batch_first=True, dropout=0.2, bidirectional=True)
        self.head = nn.Linear(32, 500)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.lstm(self.tokens(tokens))[0])


def rotate(states: Tensor) -> Tensor:
    """Rotary position embedding over the last dimension, in pairs of complex numbers."""
    length, width = states.shape[-2:]
    steps = torch.arange(0, width, 2, device=states.device) / width
    angles = torch.outer(torch.arange(length, device=states.device), 10000.0**-steps)
    turns = torch.polar(torch.ones_like(angles), angles)
    pairs = torch.view_as_complex(states.float().unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * turns).flatten(-2).to(states.dtype)


class RotaryDecoder(nn.Module):
    """One decoder layer with causal attention over rotated queries and keys."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(500, 32)
        self.norm = nn.LayerNorm(32)
        self.qkv = nn.Linear(32, 96, bias=False)
        self.out = nn.Linear(32, 32)
        self.head = nn.Linear(32, 500)

    def forward(self, tokens: Tensor) -> Tensor:
        states = self.tokens(tokens)
        parts = self.qkv(self.norm(states)).unflatten(-1, (3, 4, 8)).permute(2, 0, 3, 1, 4)
        query, key, value = parts.unbind(0)
        mixed = functional.scaled_dot_product_attention(rotate(query), rotate(key), value, is_causal=True)
        return self.head(states + self.out(mixed.transpose(1, 2).flatten(2)))


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
