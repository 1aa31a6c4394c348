from __future__ import annotations

RULE = "ddp-buckets"


def test_buckets_are_added(check_transformed):
    check_transformed(
        "from torch.nn.parallel import DistributedDataParallel as DDP\nmodel = DDP(model)\n",
        "from torch.nn.parallel import DistributedDataParallel as DDP\n"
        "model = DDP(model, gradient_as_bucket_view=True, bucket_cap_mb=230)\n",
        RULE,
    )


def test_what_the_call_says_already_stays(check_transformed):
    check_transformed(
        "import torch\nm = torch.nn.parallel.DistributedDataParallel(m, bucket_cap_mb=100)\n",
        "import torch\nm = torch.nn.parallel.DistributedDataParallel(m, bucket_cap_mb=100,"
        " gradient_as_bucket_view=True)\n",
        RULE,
    )


def test_gradients_detached_in_place_forbid_views(run):
    code = (
        "import torch\nm = torch.nn.parallel.DistributedDataParallel(m)\n"
        "for p in m.parameters():\n    p.grad.detach_()\n"
    )
    result = run(code, RULE)
    assert result.data.decode() == code
    assert len(result.findings) == 1


def test_other_classes_of_that_name_stay(check_noop):
    check_noop("from apex.parallel import DistributedDataParallel\nm = DistributedDataParallel(m)\n", RULE)
