from __future__ import annotations

import pytest

RULE = "loss-scale-options"
HEAD = "import argparse\nimport torch\nfrom apex import amp\n"
USE = "model, optimizer = amp.initialize(model, optimizer, loss_scale=args.loss_scale)\n"
NOTE = "no effect: bfloat16 needs no loss scaling"


def warning(name: str = "loss_scale", indent: str = "") -> str:
    return (
        f'{indent}if args.{name} != parser.get_default("{name}"):\n{indent}    warnings.warn("--{name} has {NOTE}")\n'
    )


def test_an_option(check_transformed):
    code = 'parser.add_argument("--loss_scale", type=float, default=0.0, help="0: "\n    "dynamic{}")  # scale\n'
    parse = "args = parser.parse_args()  # all\n"
    check_transformed(
        HEAD + code.format("") + parse + USE,
        HEAD.replace("import torch\n", "import warnings\nimport torch\n")
        + code.format(f" ({NOTE})")
        + parse
        + warning()
        + USE,
        RULE,
    )


def test_several_options_in_a_function_without_help(check_transformed):
    code = (
        "import warnings\ndef options():\n    parser = argparse.ArgumentParser()\n"
        "    parser.add_argument('--loss-scale', type=float{})\n"
        "    parser.add_argument(\n        '--init_loss_scale',\n        type=int,\n{}    )\n"
        "    args = parser.parse_args()\n{}    return args\n"
        "def main(args):\n    amp._amp_state.loss_scalers[0]._loss_scale = args.init_loss_scale\n"
        "    if args.loss_scale:\n        with amp.scale_loss(loss, o) as s: s.backward()\n"
    )
    check_transformed(
        HEAD + code.format("", "", ""),
        HEAD
        + code.format(
            f', help="{NOTE}"',
            f'        help="{NOTE}",\n',
            warning(indent="    ") + warning("init_loss_scale", indent="    "),
        ),
        RULE,
    )


def test_where_the_result_is_returned_the_help_says_it(check_transformed):
    code = "def options(parser):\n    parser.add_argument('--loss_scale', help='x{}')\n    return parser.parse_args()\n"
    check_transformed(
        HEAD + code.format("") + "start(args.loss_scale)\ndef start(scale):\n    amp.initialize(m, loss_scale=scale)\n",
        HEAD
        + code.format(f" ({NOTE})")
        + "start(args.loss_scale)\ndef start(scale):\n    amp.initialize(m, loss_scale=scale)\n",
        RULE,
    )


def test_crlf_and_tabs(run):
    code = f"{HEAD}import warnings\ndef f(parser):\n\tparser.add_argument('--loss_scale', help='''x{{}}''')\n"
    parse = "\targs = parser.parse_args()\n"
    after = code.format(f" ({NOTE})") + parse + warning(indent="\t") + f"\t{USE}"
    before = code.format("") + parse + f"\t{USE}"
    assert run(before.replace("\n", "\r\n"), RULE).data.decode() == after.replace("\n", "\r\n")


def test_all_rules_of_the_layer_together(run):
    code = f"{HEAD}parser.add_argument('--loss_scale', help='x')\nargs = parser.parse_args()\n{USE}"
    done = run(code, "apex-amp", RULE, "gpu-imports")
    assert NOTE in done.data.decode()
    assert "warnings.warn" in done.data.decode()
    assert run(done.data.decode(), "apex-amp", RULE, "gpu-imports").data == done.data


def test_a_loss_that_is_scaled_by_hand_is_a_finding(run):
    code = (
        f"{HEAD}parser.add_argument('--loss_scale')\nargs = parser.parse_args()\nloss = loss * args.loss_scale\n{USE}"
    )
    result = run(code, RULE)
    assert result.data.decode() == code
    assert [finding.line for finding in result.findings] == [6]


def test_releases_with_another_mixed_precision(check_noop):
    check_noop(f"{HEAD}parser.add_argument('--loss_scale', help='x')\n{USE}", RULE, release="1.7")


@pytest.mark.parametrize(
    "code",
    [
        "import torch\nparser.add_argument('--loss_scale', help='x')\nargs = parser.parse_args()\n",
        f"{HEAD}parser.add_argument('--loss_scale', help='x')\nargs = parser.parse_args()\nuse(args.loss_scale)\n{USE}",
        f"{HEAD}parser.add_argument('--loss', help='loss_scale')\nargs = parser.parse_args()  # --loss_scale\n{USE}",
        f"{HEAD}log('--loss_scale', help='x')\n{USE}",
        f"{HEAD}parser.add_argument('--loss_scale', help=text)\nargs = parser.parse_args()\n{USE}",
    ],
)
def test_what_stays(check_noop, code):
    check_noop(code, RULE)
