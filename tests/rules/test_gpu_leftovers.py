from __future__ import annotations

from migrator.core.findings import Kind

RULE = "gpu-leftovers"


def test_each_use_is_listed_with_line_and_advice(run):
    code = """\
    import torch
    from apex.multi_tensor_apply import multi_tensor_applier

    def f():
        torch.cuda.nccl.all_reduce(x)
        return multi_tensor_applier(a, b)
    """
    result = run(code, RULE)
    assert [(f.line, f.kind in (Kind.MANUAL, Kind.UNSUPPORTED), bool(f.advice)) for f in result.findings] == [
        (2, True, True),
        (5, True, True),
        (6, True, True),
    ]


def test_words_and_shadowed_names_are_no_uses(run):
    code = """\
    cuda = "torch.cuda.synchronize"  # torch.cuda.nccl
    def f(torch):
        torch.cuda.synchronize()
    print("apex", cuda)
    """
    assert run(code, RULE).findings == ()


def test_a_file_with_no_name_of_the_map_is_not_parsed(run):
    assert run("def f(:  # does not parse", RULE).findings == ()
