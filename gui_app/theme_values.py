"""The values of the theme: colours and sizes, no Qt. Read them through `gui_app.theme`."""

from dataclasses import dataclass
from typing import Literal

Tone = Literal["accent", "info", "warn", "bad", "plain"]


@dataclass(frozen=True)
class Palette:
    """Colours as "#rrggbb". The `soft` ones lie beneath words in the colour of the same name."""

    window: str
    panel: str
    sidebar: str
    text: str
    muted: str
    line: str
    track: str
    accent: str
    accent_hover: str
    accent_soft: str
    on_accent: str
    info: str
    info_soft: str
    warn: str
    warn_soft: str
    bad: str
    bad_soft: str


LIGHT = Palette(
    window="#f6f6f4",
    panel="#ffffff",
    sidebar="#eeefeb",
    text="#1c211e",
    muted="#656d68",
    line="#dfe2dc",
    track="#eff1ee",
    accent="#2b774a",
    accent_hover="#246640",
    accent_soft="#e3f0e7",
    on_accent="#ffffff",
    info="#2f69b0",
    info_soft="#e4edf9",
    warn="#955600",
    warn_soft="#fff3df",
    bad="#a8322a",
    bad_soft="#fde9e7",
)

DARK = Palette(
    window="#151817",
    panel="#1d2220",
    sidebar="#181b19",
    text="#e8ece9",
    muted="#99a39d",
    line="#2f3733",
    track="#272d2a",
    accent="#55b07c",
    accent_hover="#68c08d",
    accent_soft="#21382c",
    on_accent="#0e1c14",
    info="#6fa3e8",
    info_soft="#1c2e42",
    warn="#e2a64f",
    warn_soft="#3a2d18",
    bad="#ec857c",
    bad_soft="#40221f",
)


@dataclass(frozen=True)
class Space:
    """Gaps in px: `xs` inside a line, `s` between lines, `m` between cards and inside them, `l` round a page."""

    xs: int = 4
    s: int = 8
    m: int = 14
    l: int = 24  # noqa: E741 - the four sizes of clothes


@dataclass(frozen=True)
class Radius:
    """Radii of corners in px."""

    card: int = 8
    control: int = 6
    image: int = 5
    chip: int = 9
    bar: int = 4


@dataclass(frozen=True)
class Font:
    """Heights of letters in px, and the weights besides the normal one."""

    title: int = 20
    brand: int = 17
    body: int = 13
    small: int = 12
    tiny: int = 11
    medium: int = 500
    semibold: int = 600
    bold: int = 700


@dataclass(frozen=True)
class Size:
    """Widths and heights in px of what has a fixed one."""

    window: tuple[int, int] = (1280, 800)
    window_least: tuple[int, int] = (1000, 680)
    sidebar: int = 176
    nav_item: int = 38
    nav_mark: int = 20
    nav_inset: int = 10
    run_item: int = 42
    recent_item: int = 48
    column: int = 64
    column_wide: int = 76
    column_chip: int = 86
    scroll_bar: int = 10
    class_item: int = 40
    part_item: int = 26
    handle: int = 14
    icon_large: int = 40
    status_bar: int = 30
    button: int = 32
    field: int = 30
    chip: int = 18
    chip_most: int = 200
    row: int = 33
    bar: int = 8
    focus: int = 2
    icon: int = 16
    radio: int = 14
    card_narrow: int = 210
    card_side: int = 270
    card_wide_side: int = 330
    text_block: int = 460
    layer_width: int = 48
    layer_height: int = 54
    layer_step: int = 5
    thumb: int = 110
    thumb_large: int = 200
    thumb_gap: int = 6
    thumb_ratio: float = 0.74  # height of a thumbnail by its width
    stroke: float = 1.5
    viewer: tuple[int, int] = (1120, 760)
    viewer_side: int = 280
    dialog: int = 520
    dialog_height: int = 600
    example: int = 84
    drop: int = 50
    answer: int = 268
    dash: tuple[int, int] = (4, 3)
    cell_least: int = 26
    cell_most: int = 96
    cell_gap: int = 8
    plot_left: int = 44
    plot_least: int = 110
    table_column: int = 56
    table_most: int = 520
    notes_most: int = 150
    label_most: int = 110
    results_side: int = 450
    results_side_wide: int = 560


SPACE = Space()
RADIUS = Radius()
FONT = Font()
SIZE = Size()

FADED = 0.55
"""Opacity of what cannot be used now."""
