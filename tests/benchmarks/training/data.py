"""What the peers share: the images as a torch dataset, the usual views of them, and a score on the test part.

As torchvision's ImageFolder reads them (Pillow, RGB), but with the parts that Graft was given. The loaders have as many
workers as there are cores, at most eight.
"""

import os
from collections.abc import Callable
from typing import Any

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from core.data.dataset import Part
from core.models.backbones import Backbone
from tests.benchmarks.training.job import Job
from tests.benchmarks.training.starts import backbone_of

WORKERS = min(8, os.cpu_count() or 1)

Loader = DataLoader[tuple[Any, int]]


class Files(Dataset[tuple[Any, int]]):
    """The images of one part, each with its label, read anew whenever they are asked for."""

    def __init__(self, job: Job, part: Part, transform: Callable[[Image.Image], Any] | None = None) -> None:
        dataset = job.dataset()
        self.items = [(dataset.root / image.path, image.label) for image in dataset.part(part)]
        self.classes = dataset.classes
        self.transform = transform

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        path, label = self.items[index]
        with Image.open(path) as file:
            image = file.convert("RGB")
        return (self.transform(image) if self.transform else image), label


def size_of(job: Job) -> int:
    """Return the side of the images in px."""
    return job.size_px or backbone_of(job.backbone).size_px


def training_view(job: Job) -> Callable[[Image.Image], Any]:
    """Return the random crops and flips of the tutorials of PyTorch."""
    crop = transforms.RandomResizedCrop(size_of(job))
    return _view([crop, transforms.RandomHorizontalFlip()], backbone_of(job.backbone))


def plain_view(job: Job) -> Callable[[Image.Image], Any]:
    """Return the centre of each image, resized by the usual 256 / 224."""
    size = size_of(job)
    return _view([transforms.Resize(round(size * 256 / 224)), transforms.CenterCrop(size)], backbone_of(job.backbone))


def _view(first: list[Any], backbone: Backbone) -> Callable[[Image.Image], Any]:
    last = [transforms.ToTensor(), transforms.Normalize(backbone.mean, backbone.std)]
    view: Callable[[Image.Image], Any] = transforms.Compose([*first, *last])
    return view


def loader(files: Files, batch_size: int, *, shuffle: bool = False) -> Loader:
    """Return a loader with workers."""
    return DataLoader(files, batch_size=batch_size, shuffle=shuffle, num_workers=WORKERS)


def accuracy(model: nn.Module, batches: Loader, device: str) -> float:
    """Return the share of images that a model in evaluation mode gets right."""
    model.eval()
    right = n = 0
    with torch.inference_mode():
        for images, labels in batches:
            right += int((model(images.to(device)).argmax(dim=1).cpu() == labels.cpu()).sum())
            n += len(labels)
    return right / n if n else float("nan")
