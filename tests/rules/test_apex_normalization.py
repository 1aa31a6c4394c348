from __future__ import annotations

import pytest

RULE = "apex-normalization"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "from apex.normalization import FusedLayerNorm as Norm\nn = Norm(64, eps=1e-12)\nisinstance(n, Norm)\n",
            "from torch.nn import LayerNorm as Norm\nn = Norm(64, eps=1e-12)\nisinstance(n, Norm)\n",
        ),
        (
            "from apex.normalization.fused_layer_norm import FusedLayerNorm as LayerNorm\n",
            "from torch.nn import LayerNorm\n",
        ),
        (
            "import torch\nfrom apex.normalization import FusedLayerNorm\nn = FusedLayerNorm(64)\n",
            "import torch\nfrom apex.normalization import FusedLayerNorm\nn = torch.nn.LayerNorm(64)\n",
        ),
        (
            "import apex, torch\nn = apex.normalization.MixedFusedLayerNorm(64, memory_efficient=True)\n",
            "import apex, torch\nn = torch.nn.LayerNorm(64)\n",
        ),
        (
            "import apex, torch\nclass N(apex.normalization.FusedLayerNorm):\n    pass\n",
            "import apex, torch\nclass N(torch.nn.LayerNorm):\n    pass\n",
        ),
        (
            "import apex, torch\nn = apex.normalization.FusedRMSNorm(64)\n"
            "m = apex.normalization.FusedRMSNorm(4, 1e-6)\n",
            "import apex, torch\nn = torch.nn.RMSNorm(64, eps=1e-05)\nm = torch.nn.RMSNorm(4, 1e-6)\n",
        ),
        (
            "import torch\nfrom apex.normalization.fused_layer_norm import FusedLayerNormAffineFunction as F\n"
            "y = F.apply(\n    x, self.weight, self.bias, self.shape, self.eps)\n",
            "import torch\nfrom apex.normalization.fused_layer_norm import FusedLayerNormAffineFunction as F\n"
            "y = torch.nn.functional.layer_norm(x, self.shape, self.weight, self.bias, self.eps)\n",
        ),
    ],
)
def test_forms(check_transformed, before, after):
    check_transformed(before, after, RULE)


def test_attempt_with_an_alternative(check_transformed):
    check_transformed(
        """\
        import torch

        try:
            # one kernel
            from apex.normalization import FusedLayerNorm as BertLayerNorm
        except ImportError:
            from torch.nn import LayerNorm as BertLayerNorm

        norm = BertLayerNorm(64, eps=1e-12)
        """,
        """\
        import torch

        from torch.nn import LayerNorm as BertLayerNorm

        norm = BertLayerNorm(64, eps=1e-12)
        """,
        RULE,
    )


def test_alternative_written_out_keeps_its_layout(check_transformed):
    check_transformed(
        '''\
        try:
            from apex.normalization import FusedLayerNorm as Norm
        except (ImportError, AttributeError):
            logger.info("no apex")

            class Norm(nn.Module):
                """Plain
            norm."""

                eps = 1e-5
        ''',
        '''\
        class Norm(nn.Module):
            """Plain
            norm."""

            eps = 1e-5
        ''',
        RULE,
    )


def test_old_torch_has_no_rms_norm(check_noop):
    check_noop("import apex\nn = apex.normalization.FusedRMSNorm(64)\n", RULE, release="1.17")


def test_others_stay(check_noop):
    check_noop("from mine import FusedLayerNorm\n# apex\nn = FusedLayerNorm(64)\n", RULE)
