"""Textures from formulas: noise of a chosen spectrum, bent by a chosen curve, cells around random points, and lattices.
After Baradad et al. 2021, "Learning to See by Looking at Noise", and Perlin 1985."""

import math

import torch
from torch import Tensor


def draw_textures(classes: int, variants: int, side: int, gen: torch.Generator) -> Tensor:
    """Return uint8 drawings (classes, variants, 1, side, side), spread over the full range of grey."""
    spectra = _spectra(classes, side, gen)
    bend = torch.rand(classes, 4, generator=gen)
    kind = torch.rand(classes, generator=gen)
    density = torch.randint(6, 60, (classes,), generator=gen)
    done = []
    for index in range(classes):
        noise = _noise(spectra[index], variants, gen)
        if kind[index] < 0.3:
            noise = _cells(int(density[index]), variants, side, gen) + 0.25 * noise
        elif kind[index] < 0.5:
            noise = _lattice(bend[index], variants, side, gen) + 0.2 * noise
        done.append(_stretch(_bend(noise, bend[index])))
    return (torch.stack(done)[:, :, None] * 255).byte()


def _spectra(classes: int, side: int, gen: torch.Generator) -> Tensor:
    """Return amplitudes (classes, side, side): a fall of 1/f^a, a ring at a preferred size, a preferred direction."""
    line = torch.fft.fftfreq(side) * side
    v, u = torch.meshgrid(line, line, indexing="ij")
    radius, angle = torch.hypot(u, v).clamp_min(1), torch.atan2(v, u)
    fall, ring, width, mix, turn, narrow = (torch.rand(6, classes, 1, 1, generator=gen)).unbind(0)
    centre = 3 * (10**ring)
    band = (-((radius.log() - centre.log()) ** 2) / (0.05 + 0.4 * width) ** 2).exp()
    base = radius ** -(0.6 + 1.6 * fall)
    amplitude = torch.where(mix < 0.4, base, band + 0.15 * base)
    along = (angle - turn * math.pi).cos() ** 2
    # Above a half no direction is preferred; below it the smaller the value the narrower the fan of stripes.
    fan = (along + 1e-3) ** (0.4 / narrow.clamp_min(0.02)).clamp_max(12)
    amplitude = torch.where(narrow < 0.5, amplitude * fan, amplitude)
    amplitude[:, 0, 0] = 0
    return amplitude


def _noise(amplitude: Tensor, count: int, gen: torch.Generator) -> Tensor:
    white = torch.randn(count, *amplitude.shape, generator=gen)
    image: Tensor = torch.fft.ifft2(torch.fft.fft2(white) * amplitude).real
    return image / image.std((1, 2), keepdim=True).clamp_min(1e-6)


def _cells(points: int, count: int, side: int, gen: torch.Generator) -> Tensor:
    """Return the distance to the nearest point less that to the second nearest (Worley 1996), on a torus."""
    place = torch.rand(count, points, 2, generator=gen)
    line = (torch.arange(side) + 0.5) / side
    gap = [(line[None, None] - place[:, :, axis, None]).abs() for axis in (0, 1)]
    near = [torch.minimum(g, 1 - g) ** 2 for g in gap]
    squared = near[0][..., :, None] + near[1][..., None, :]
    two = squared.topk(2, dim=1, largest=False).values.sqrt()
    border = two[:, 1] - two[:, 0]
    return (border * math.sqrt(points) * 3).clamp(0, 1.5) - 0.7


def _lattice(build: Tensor, count: int, side: int, gen: torch.Generator) -> Tensor:
    """Return two crossing rows of waves, a little uneven: cloth, scales. `build`: frequency, ratio, angle, mix."""
    line = torch.linspace(0, 2 * math.pi, side)
    y, x = torch.meshgrid(line, line, indexing="ij")
    uneven = 0.15 * torch.randn(count, 4, 1, 1, generator=gen)
    warp = uneven[:, 0] * (2 * x + y + 20 * uneven[:, 1]).sin() + uneven[:, 2] * (x - 2 * y + 20 * uneven[:, 3]).cos()
    first = 5 + 20 * build[0]
    second = first * (0.3 + 0.7 * build[1])
    across = math.pi * (0.25 + 0.5 * build[2])
    phase = 2 * math.pi * torch.rand(2, count, 1, 1, generator=gen)
    rows = (first * (x + warp) + phase[0]).sin()
    columns = (second * (x * across.cos() + y * across.sin() + warp) + phase[1]).sin()
    return torch.maximum(rows, columns) if build[3] < 0.5 else rows + columns


def _bend(noise: Tensor, bend: Tensor) -> Tensor:
    """Pass noise through the class's curve: plain, ridges, threshold, or waves (marble)."""
    kind, strength = int(bend[0] * 4), float(bend[1])
    if kind == 1:
        return -(noise - 0.5 * strength).abs()
    if kind == 2:
        return torch.tanh((noise + 2 * float(bend[2]) - 1) * (2 + 6 * strength))
    if kind == 3:
        return torch.sin(noise * (1 + 3 * strength))
    return noise


def _stretch(image: Tensor) -> Tensor:
    flat = image.flatten(1)
    low, high = flat.quantile(0.02, 1)[:, None, None], flat.quantile(0.98, 1)[:, None, None]
    return ((image - low) / (high - low).clamp_min(1e-6)).clamp(0, 1)
