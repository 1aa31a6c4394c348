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


ANSWERED = """\
import torch
import torch.cuda.amp as amp
from apex import amp as apex_amp
from apex.optimizers import FusedLAMB
import amp_C

def train(model, loss):
    scaler = amp.GradScaler()
    torch.cuda.synchronize()
    optimizer = FusedLAMB(model.parameters())
    amp_C.multi_tensor_scale(65536, buffer, tensors, 1.0)
    with apex_amp.scale_loss(loss, optimizer) as scaled:
        scaled.backward()
"""


def test_what_gpu_migration_answers_is_not_listed_in_its_style(run):
    (package,) = run(ANSWERED, RULE, style="gpu-migration").findings
    assert (package.line, package.kind, package.api) == (3, Kind.MANUAL, "from apex import amp as apex_amp")
    assert "apex itself has to be installed" in package.message
    assert "--style native" in package.advice
    assert len(run(ANSWERED, RULE).findings) > 5


def test_what_it_is_not_known_to_answer_is_listed(run):
    code = """\
    import torch
    from apex.multi_tensor_apply import multi_tensor_applier as apply
    import apex
    torch.cuda.get_device_name()
    alias = torch.cuda
    alias.nccl.all_reduce(x)
    alias.ipc_collect()
    torch.distributed.Backend.NCCL
    """
    found = sorted(run(code, RULE, style="gpu-migration").findings, key=lambda f: f.line)
    assert [(f.line, f.kind) for f in found] == [
        (2, Kind.MANUAL),  # the name
        (2, Kind.MANUAL),  # the package, once a file
        (4, Kind.MANUAL),
        (6, Kind.UNSUPPORTED),
        (7, Kind.MANUAL),
        (8, Kind.MANUAL),
    ]
    assert all(f.advice for f in found)
    assert "not known to answer it" in found[0].message
    assert "rule memory-cache rewrites it" in found[4].advice
    assert "rule distributed-backend rewrites it" in found[5].advice


def test_words_and_shadowed_names_are_no_uses_in_that_style_either(run):
    code = "def f(torch, apex):\n    torch.cuda.ipc_collect()\n    apex.amp.init()\nprint('apex')  # import apex\n"
    assert run(code, RULE, style="gpu-migration").findings == ()


def test_a_name_that_may_be_two_things_is_listed_for_the_one_that_is_not_answered(run):
    code = """\
    try:
        from torch.cuda import synchronize as wait
    except ImportError:
        from torch.cuda import ipc_collect as wait
    wait()
    """
    assert [f.line for f in run(code, RULE, style="gpu-migration").findings] == [4, 5]
