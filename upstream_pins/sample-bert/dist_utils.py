"""Small wrappers around torch.distributed that also work when there is only one process."""

import torch
import torch.distributed as dist


def is_distributed():
    return dist.is_available() and dist.is_initialized()


def get_rank():
    return dist.get_rank() if is_distributed() else 0


def get_world_size():
    return dist.get_world_size() if is_distributed() else 1


def is_main_process():
    return get_rank() == 0


def barrier():
    if is_distributed():
        dist.barrier()


def all_gather(obj):
    """Collect one picklable object from every rank; the list is in the order of the ranks."""
    if not is_distributed():
        return [obj]
    gathered = [None] * get_world_size()
    dist.all_gather_object(gathered, obj)
    return gathered


def reduce_mean(value):
    """Average a Python number over all ranks."""
    if not is_distributed():
        return value
    tensor = torch.tensor(value, dtype=torch.float32)
    if dist.get_backend() == "nccl":
        tensor = tensor.cuda()  # NCCL only knows tensors that live on a GPU
    dist.all_reduce(tensor, op=dist.ReduceOp.SUM)
    return tensor.item() / get_world_size()


def format_step(epoch, step, max_steps=None):
    """The part of a log line that says where the training is."""
    text = "Epoch: {} Step: {}".format(epoch, step)
    if max_steps is not None:
        text += "/{}".format(max_steps)
    return text
