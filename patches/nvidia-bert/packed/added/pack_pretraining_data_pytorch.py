"""Pack pre-training shards: several sequences a row, every one of them exactly once.

    python pack_pretraining_data_pytorch.py --input_dir DATA --output-dir PACKED \
        --max_sequence_length 128 --max_predictions_per_sequence 20

The work is done by `migrate pack`, which is part of the toolkit that ported this trainer. It writes PACKED and, beside
it, PACKED_metadata.json, where run_pretraining.py looks for it. Options that are not known here go to `migrate pack` as
they are; its --help lists them.
"""

import argparse
import importlib.util
import shutil
import signal
import subprocess
import sys

GRACE = 2.0  # seconds: an interrupted terminal has told both processes, and the other one needs a moment to end

INSTALL = """\
packing is done by `migrate pack`, and this Python has no `migrator`: install the toolkit that ported this trainer,
    {python} -m pip install FOLDER_OF_THE_TOOLKIT
"""


def parse_arguments(argv):
    """The options, and those that are for `migrate pack`. Each may be spelled with dashes or with underscores."""
    options = argparse.ArgumentParser(
        description="Pack pre-training shards, several sequences a row. Other options go to `migrate pack`.",
        allow_abbrev=False,
    )

    def add(name, **how):
        spellings = dict.fromkeys((f"--{name}", f"--{name.replace('_', '-')}"))  # --seed has one
        options.add_argument(*spellings, dest=name, **how)

    add("input_dir", required=True, help="a folder of *.hdf5 shards")
    add("output_dir", required=True, help="the packed folder, to be made")
    add("max_sequence_length", help="tokens of a packed row (default: as long as the input's rows)")
    add("max_predictions_per_sequence", help="masked tokens that a sequence may have (default: any)")
    add("max_sequences_per_pack", help="sequences a row at most (default: as few as pack nearly as well as any number)")
    add("seed", help="which sequences meet, and the order of the rows (default: 0)")
    for name in ("train_batch_size", "local_rank"):
        add(name, help="has no effect; taken since other packers take it")
    add("disable_progress_bar", action="store_true", help="has no effect: where nobody watches there is none")
    return options.parse_known_args(argv)


def packer():
    """The command that packs, or None: the toolkit in this Python, else one on the PATH."""
    try:
        found = importlib.util.find_spec("migrator.__main__")
    except ModuleNotFoundError:
        found = None
    if found is not None:
        return [sys.executable, "-m", "migrator"]
    program = shutil.which("migrate")
    return program and [program]


def packing_options(args):
    """The words of `migrate pack`."""
    options = {
        "--max-seq-len": args.max_sequence_length,
        "--max-predictions": args.max_predictions_per_sequence,
        "--max-per-row": args.max_sequences_per_pack,
        "--seed": args.seed,
    }
    given = [(name, value) for name, value in options.items() if value is not None]
    return ["pack", args.input_dir, args.output_dir, *(word for pair in given for word in pair)]


def run(command):
    """Run a command to its end; its exit code. Whoever interrupts or ends this process means both."""
    with subprocess.Popen(command) as child:  # noqa: S603 - the user's own words, and no shell reads them
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        while True:
            try:
                code = child.wait()
                return code if code >= 0 else 128 - code
            except KeyboardInterrupt:
                interrupt(child)


def interrupt(child):
    """Wait for a child that was interrupted with this process, and interrupt one that was not."""
    try:
        child.wait(timeout=GRACE)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGINT)
    except KeyboardInterrupt:  # once more: the child heard it, too
        pass


def main():
    args, others = parse_arguments(sys.argv[1:])
    command = packer()
    if command is None:
        sys.stderr.write(INSTALL.format(python=sys.executable))
        return 2
    return run([*command, *packing_options(args), *others])


if __name__ == "__main__":
    sys.exit(main())
