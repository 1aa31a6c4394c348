"""Learning rate schedule, LAMB and the choice of an optimizer."""

import torch

try:
	from apex.optimizers import FusedAdam, FusedLAMB
	FUSED_OPTIMIZERS = True
except ImportError:
	FUSED_OPTIMIZERS = False


class PolyWarmupSchedule:
	"""Linear warmup to the base rate, then polynomial decay to zero.

	degree 1.0 is the usual linear decay; 0.5 is what LAMB is normally trained with.
	"""

	def __init__(self, optimizer, warmup, total_steps, degree=1.0):
		self.optimizer = optimizer
		self.warmup_steps = max(1, int(warmup * total_steps))
		self.total_steps = total_steps
		self.degree = degree
		self.last_step = 0
		self.base_lrs = [group["lr"] for group in optimizer.param_groups]

	def factor(self, step):
		if step < self.warmup_steps:
			return step / self.warmup_steps
		return max(0.0, (self.total_steps - step) / self.total_steps) ** self.degree

	def step(self):
		"""Set the rate of the next update; call it before `optimizer.step()`."""
		self.last_step += 1
		for group, base_lr in zip(self.optimizer.param_groups, self.base_lrs):
			group["lr"] = base_lr * self.factor(self.last_step)

	def get_last_lr(self):
		return [group["lr"] for group in self.optimizer.param_groups]


class Lamb(torch.optim.Optimizer):
	"""LAMB (https://arxiv.org/abs/1904.00962) in plain PyTorch, for machines without apex.

	Like apex.optimizers.FusedLAMB it leaves the trust ratio at 1 for parameters without weight decay. It does
	not clip: the trainer does that before.
	"""

	def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.01):
		super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

	@torch.no_grad()
	def step(self, closure=None):
		loss = None
		if closure is not None:
			with torch.enable_grad():
				loss = closure()
		for group in self.param_groups:
			beta1, beta2 = group["betas"]
			for p in group["params"]:
				if p.grad is None:
					continue
				state = self.state[p]
				if not state:
					state["step"] = 0
					state["exp_avg"] = torch.zeros_like(p)
					state["exp_avg_sq"] = torch.zeros_like(p)
				state["step"] += 1
				state["exp_avg"].mul_(beta1).add_(p.grad, alpha=1 - beta1)
				state["exp_avg_sq"].mul_(beta2).addcmul_(p.grad, p.grad, value=1 - beta2)

				# bias correction
				m_hat = state["exp_avg"] / (1 - beta1 ** state["step"])
				v_hat = state["exp_avg_sq"] / (1 - beta2 ** state["step"])
				update = m_hat / (v_hat.sqrt() + group["eps"])
				if group["weight_decay"] != 0:
					update.add_(p, alpha=group["weight_decay"])
					w_norm, u_norm = p.norm(), update.norm()
					# torch.where instead of `if`: comparing on the host would wait for the GPU
					ratio = torch.where((w_norm > 0) & (u_norm > 0), w_norm / u_norm, torch.ones_like(w_norm))
					update.mul_(ratio)
				p.add_(update, alpha=-group["lr"])
		return loss


def get_param_groups(model, weight_decay):
	"""No weight decay for biases and for the gains of LayerNorm."""
	no_decay = ("bias", "layer_norm.weight")
	decayed, plain = [], []
	for name, param in model.named_parameters():
		if param.requires_grad:
			(plain if name.endswith(no_decay) else decayed).append(param)
	return [
		{"params": decayed, "weight_decay": weight_decay},
		{"params": plain, "weight_decay": 0.0},
	]


def build_optimizer(args, model):
	"""The fused CUDA kernels of apex where they are usable, plain PyTorch otherwise."""
	groups = get_param_groups(model, args.weight_decay)
	fused = FUSED_OPTIMIZERS and args.use_cuda
	if args.optimizer == "lamb":
		if fused:
			return FusedLAMB(groups, lr=args.learning_rate)
		return Lamb(groups, lr=args.learning_rate)
	if fused:
		return FusedAdam(groups, lr=args.learning_rate, adam_w_mode=True)
	return torch.optim.AdamW(groups, lr=args.learning_rate)


def build_schedule(args, optimizer):
	degree = 0.5 if args.optimizer == "lamb" else 1.0
	return PolyWarmupSchedule(optimizer, args.warmup_proportion, args.max_steps, degree=degree)
