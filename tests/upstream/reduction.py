"""A published command with other folders, smaller sizes and fewer processes. Every other word stays as it was typed."""

from __future__ import annotations

from collections.abc import Iterator

# What is typed, and what it becomes. Batches become 256 times smaller and the steps that accumulate one 32 times, so
# that micro-batches keep their proportions: 64, 32, 16 and 8 sequences become 8, 4, 2 and 1.
SIZES = {
    "--nproc_per_node": {"8": "2"},
    "--train_batch_size": {"8192": "32", "4096": "16"},
    "--gradient_accumulation_steps": {"128": "4", "256": "8", "512": "16"},
    "--max_seq_length": {"128": "32", "512": "64"},
    "--max_sequence_length": {"128": "32", "512": "64"},
    "--max_predictions_per_seq": {"20": "5", "80": "10"},
    "--max_predictions_per_sequence": {"20": "5", "80": "10"},
    "--max_steps": {"7038": "4", "1563": "2"},
    "--phase1_end_step": {"7038": "4"},
}
FILES = {
    "DATA/hdf5_lower_case_1_seq_len_128/books_wiki_en_corpus": "{data}/phase1",
    "DATA/hdf5_lower_case_1_seq_len_512/books_wiki_en_corpus": "{data}/phase2",
    "OUT/": "{out}/",
    "./bert_config.json": "{data}/bert_config.json",
    "bert_config.json": "{data}/bert_config.json",  # a model of two small layers
}


def reduced(typed: str, **sizes: int) -> list[str]:
    """The words of a command, with `{data}` and `{out}` in its paths. `sizes` are taken instead of the usual ones."""
    chosen = {f"--{name}": str(value) for name, value in sizes.items()}
    return list(_reduced(typed.split(), chosen))


def arguments(typed: str, **sizes: int) -> str:
    """What stands after the script, in one line."""
    words = reduced(typed, **sizes)
    return " ".join(words[next(at for at, word in enumerate(words, 1) if word.endswith(".py")) :])


def _reduced(words: list[str], chosen: dict[str, str]) -> Iterator[str]:
    """`--option=value` and `--option value` both keep their form."""
    option = ""
    for word in words:
        name, equals, value = word.partition("=")
        if equals:
            yield f"{name}={_value(name, value, chosen)}"
        else:
            yield word if word.startswith("-") else _value(option, word, chosen)
        option = word


def _value(option: str, typed: str, chosen: dict[str, str]) -> str:
    if option in chosen:
        return chosen[option]
    if option in SIZES:
        return SIZES[option][typed]
    found = [path for path in FILES if typed.startswith(path)]
    return FILES[found[0]] + typed.removeprefix(found[0]) if found else typed
