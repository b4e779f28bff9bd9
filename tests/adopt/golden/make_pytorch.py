"""The golden files of PyTorch: run with PyTorch 2 installed, where this file lies.

Writes state dicts with PyTorch's own safetensors writer, and what PyTorch computes with them:
outputs, loss and ``loss.backward()`` in float64.
"""

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn


def case(name, layers, loss, targets, dtype=torch.float64, prefix="", rows=6):
    """Write a network, rows, and what PyTorch computes with them."""
    net = nn.Sequential(*layers).to(dtype)
    state = {prefix + key: value for key, value in net.state_dict().items()}
    save_file(state, f"{name}.safetensors", metadata={"format": "pt", "über": "ñ"})
    net = net.double()
    x = torch.randn(rows, net[0].in_features, dtype=torch.float64)
    found = loss(net(x), targets(rows))
    found.backward()
    gradients = {f"gradient.{key}": p.grad.numpy() for key, p in net.named_parameters()}
    y = targets(rows).numpy()
    np.savez(
        f"{name}.told.npz",
        x=x.numpy(),
        y=y,
        out=net(x).detach().numpy(),
        loss=found.item(),
        **gradients,
    )


torch.manual_seed(5)
case(
    "torch_relu",
    [nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3)],
    nn.CrossEntropyLoss(),
    lambda n: torch.arange(n) % 3,
)
case(
    "torch_tanh",
    [nn.Linear(2, 4), nn.Tanh(), nn.Dropout(0.0), nn.Linear(4, 1, bias=False)],
    nn.MSELoss(),
    lambda n: torch.arange(n, dtype=torch.float64).reshape(-1, 1) / 3,
    prefix="net.",
)
case(
    "torch_half",
    [nn.Linear(3, 3), nn.GELU(), nn.Linear(3, 1)],
    nn.BCEWithLogitsLoss(),
    lambda n: (torch.arange(n, dtype=torch.float64) % 2).reshape(-1, 1),
    dtype=torch.float16,
)
case(
    "torch_bfloat16",
    [nn.Linear(3, 3), nn.SiLU(), nn.Linear(3, 2)],
    nn.MSELoss(),
    lambda n: torch.arange(2 * n, dtype=torch.float64).reshape(-1, 2) / 5,
    dtype=torch.bfloat16,
)
deep = [nn.Linear(2, 2)]
for _ in range(5):
    deep += [nn.ELU(), nn.Linear(2, 2)]
case(
    "torch_deep",
    deep,
    nn.MSELoss(),
    lambda n: torch.arange(2 * n, dtype=torch.float64).reshape(-1, 2) / 7,
    dtype=torch.float32,
)
norm = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
save_file(norm.state_dict(), "torch_norm.safetensors")
conv = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2))
save_file(conv.state_dict(), "torch_conv.safetensors")
