"""A compact BERT for pre-training: encoder, masked language model head and next sentence head."""

import json
import math

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

try:
    # One CUDA kernel for the whole normalisation, and it falls back to PyTorch for tensors on the CPU.
    from apex.normalization import FusedLayerNorm as BertLayerNorm
except ImportError:
    from torch.nn import LayerNorm as BertLayerNorm


def gelu(x):
    """The exact GELU, https://arxiv.org/abs/1606.08415"""
    return x * 0.5 * (1.0 + torch.erf(x / math.sqrt(2.0)))


def gelu_tanh(x):
    """The approximation that the paper gives for it."""
    return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * torch.pow(x, 3))))


ACTIVATIONS = {"gelu": gelu, "gelu_tanh": gelu_tanh, "relu": torch.relu}


class BertConfig:
    """Sizes of the model. Unknown keys in the JSON file are ignored."""

    def __init__(
        self,
        vocab_size=30522,
        hidden_size=768,
        num_hidden_layers=12,
        num_attention_heads=12,
        intermediate_size=3072,
        hidden_act="gelu",
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
        max_position_embeddings=512,
        type_vocab_size=2,
        initializer_range=0.02,
        **unused,
    ):
        if hidden_size % num_attention_heads != 0:
            raise ValueError("hidden_size must be a multiple of num_attention_heads")
        # Tensor Cores want sizes that are multiples of 8; the extra tokens are never used.
        self.vocab_size = (vocab_size + 7) // 8 * 8
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.intermediate_size = intermediate_size
        self.hidden_act = hidden_act
        self.hidden_dropout_prob = hidden_dropout_prob
        self.attention_probs_dropout_prob = attention_probs_dropout_prob
        self.max_position_embeddings = max_position_embeddings
        self.type_vocab_size = type_vocab_size
        self.initializer_range = initializer_range

    @classmethod
    def from_json_file(cls, path):
        with open(path, encoding="utf-8") as f:
            return cls(**json.load(f))


class BertEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=0)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.layer_norm = BertLayerNorm(config.hidden_size, eps=1e-12)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, input_ids, segment_ids):
        positions = torch.arange(input_ids.size(1), dtype=torch.long, device=input_ids.device)
        positions = positions.unsqueeze(0).expand_as(input_ids)
        x = self.word_embeddings(input_ids)
        x = x + self.position_embeddings(positions)
        x = x + self.token_type_embeddings(segment_ids)
        return self.dropout(self.layer_norm(x))


class BertSelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.num_heads = config.num_attention_heads
        self.head_size = config.hidden_size // config.num_attention_heads
        self.query = nn.Linear(config.hidden_size, config.hidden_size)
        self.key = nn.Linear(config.hidden_size, config.hidden_size)
        self.value = nn.Linear(config.hidden_size, config.hidden_size)
        self.output = nn.Linear(config.hidden_size, config.hidden_size)
        self.dropout = nn.Dropout(config.attention_probs_dropout_prob)

    def split_heads(self, x):
        return x.view(x.size(0), x.size(1), self.num_heads, self.head_size).transpose(1, 2)

    def forward(self, x, attention_mask):
        query = self.split_heads(self.query(x))
        key = self.split_heads(self.key(x))
        value = self.split_heads(self.value(x))
        scores = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(self.head_size)
        probs = self.dropout(torch.softmax(scores + attention_mask, dim=-1))
        context = torch.matmul(probs, value).transpose(1, 2).contiguous()
        return self.output(context.view_as(x))


class BertLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.attention = BertSelfAttention(config)
        self.attention_layer_norm = BertLayerNorm(config.hidden_size, eps=1e-12)
        self.intermediate = nn.Linear(config.hidden_size, config.intermediate_size)
        self.activation = ACTIVATIONS[config.hidden_act]
        self.output = nn.Linear(config.intermediate_size, config.hidden_size)
        self.output_layer_norm = BertLayerNorm(config.hidden_size, eps=1e-12)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, x, attention_mask):
        x = self.attention_layer_norm(x + self.dropout(self.attention(x, attention_mask)))
        y = self.output(self.activation(self.intermediate(x)))
        return self.output_layer_norm(x + self.dropout(y))


class BertEncoder(nn.Module):
    def __init__(self, config, checkpoint_activations=False):
        super().__init__()
        self.layers = nn.ModuleList([BertLayer(config) for _ in range(config.num_hidden_layers)])
        self.checkpoint_activations = checkpoint_activations

    def forward(self, x, attention_mask):
        for layer in self.layers:
            if self.checkpoint_activations and self.training:
                x = checkpoint(layer, x, attention_mask, use_reentrant=False)
            else:
                x = layer(x, attention_mask)
        return x


class BertPooler(nn.Module):
    """The hidden state of [CLS] stands for the whole sequence."""

    def __init__(self, config):
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden_states):
        return torch.tanh(self.dense(hidden_states[:, 0]))


class BertMaskedLMHead(nn.Module):
    """Predicts masked tokens. The output matrix is the one of the word embeddings."""

    def __init__(self, config, embedding_weight):
        super().__init__()
        self.transform = nn.Linear(config.hidden_size, config.hidden_size)
        self.activation = ACTIVATIONS[config.hidden_act]
        self.layer_norm = BertLayerNorm(config.hidden_size, eps=1e-12)
        self.decoder = nn.Linear(config.hidden_size, config.vocab_size)
        self.decoder.weight = embedding_weight

    def forward(self, hidden_states, positions):
        # Only the masked tokens go through the big matrix: [N, S, H] -> [N, P, H]
        index = positions.unsqueeze(-1).expand(-1, -1, hidden_states.size(-1))
        masked = torch.gather(hidden_states, 1, index)
        return self.decoder(self.layer_norm(self.activation(self.transform(masked))))


class BertForPreTraining(nn.Module):
    def __init__(self, config, checkpoint_activations=False):
        super().__init__()
        self.config = config
        self.embeddings = BertEmbeddings(config)
        self.encoder = BertEncoder(config, checkpoint_activations)
        self.pooler = BertPooler(config)
        self.next_sentence = nn.Linear(config.hidden_size, 2)
        self.apply(self.init_weights)
        self.masked_lm = BertMaskedLMHead(config, self.embeddings.word_embeddings.weight)
        self.init_weights(self.masked_lm.transform)
        nn.init.zeros_(self.masked_lm.decoder.bias)

    def init_weights(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            module.weight.data.normal_(mean=0.0, std=self.config.initializer_range)
        if isinstance(module, nn.Linear):
            module.bias.data.zero_()

    def extend_attention_mask(self, input_mask):
        """[N, S] of 0 and 1 -> [N, 1, 1, S] to be added to the scores: 0 for a token, -10000 for padding."""
        mask = input_mask.unsqueeze(1).unsqueeze(2)
        mask = mask.to(dtype=next(self.parameters()).dtype)  # half precision under apex O2
        return (1.0 - mask) * -10000.0

    def forward(self, input_ids, segment_ids, input_mask, masked_lm_positions):
        """Returns the scores of the masked tokens [N, P, V] and of the next sentence [N, 2]."""
        attention_mask = self.extend_attention_mask(input_mask)
        hidden_states = self.encoder(self.embeddings(input_ids, segment_ids), attention_mask)
        prediction_scores = self.masked_lm(hidden_states, masked_lm_positions)
        return prediction_scores, self.next_sentence(self.pooler(hidden_states))


class BertPretrainingCriterion(nn.Module):
    """The sum of both cross entropies; labels of -1 do not count."""

    def __init__(self, vocab_size):
        super().__init__()
        self.vocab_size = vocab_size
        self.loss_fn = nn.CrossEntropyLoss(ignore_index=-1)

    def forward(self, prediction_scores, seq_relationship_score, masked_lm_labels, next_sentence_labels):
        masked_lm_loss = self.loss_fn(prediction_scores.view(-1, self.vocab_size), masked_lm_labels.view(-1))
        next_sentence_loss = self.loss_fn(seq_relationship_score.view(-1, 2), next_sentence_labels.view(-1))
        return masked_lm_loss + next_sentence_loss
