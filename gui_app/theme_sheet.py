"""The style sheet, made from a palette. Widgets are reached by the dynamic properties `role`, `kind` and `tone`."""

from gui_app.theme_values import FONT, RADIUS, SIZE, SPACE, Palette


def style_sheet(colours: Palette) -> str:
    """Return the style sheet of the whole program."""
    return "\n".join(part(colours) for part in (_words, _panels, _buttons, _fields, _lists, _bars, _tones))


def _words(c: Palette) -> str:
    return f"""
    QLabel {{ background: transparent; color: {c.text}; }}
    QLabel[role="title"] {{ font-size: {FONT.title}px; font-weight: {FONT.bold}; }}
    QLabel[role="brand"] {{ font-size: {FONT.brand}px; font-weight: {FONT.semibold}; }}
    QLabel[role="heading"], QLabel[role="strong"] {{ font-weight: {FONT.semibold}; }}
    QLabel[role="muted"] {{ color: {c.muted}; }}
    QLabel[role="small"] {{ color: {c.muted}; font-size: {FONT.small}px; }}
    QLabel[role="tiny"] {{ color: {c.muted}; font-size: {FONT.tiny}px; }}
    QLabel[role="accent"] {{ color: {c.accent}; }}
    QLabel[role="info"] {{ color: {c.info}; }}
    QLabel[role="problem"] {{ color: {c.bad}; font-size: {FONT.small}px; }}
    QToolTip {{ background: {c.panel}; color: {c.text}; border: 1px solid {c.line}; padding: {SPACE.xs}px; }}
    """


def _panels(c: Palette) -> str:
    return f"""
    QMainWindow, QDialog, QWidget[role="page"] {{ background: {c.window}; }}
    QFrame[role="card"] {{ background: {c.panel}; border: 1px solid {c.line}; border-radius: {RADIUS.card}px; }}
    QFrame[role="drop"] {{ border: 1px dashed {c.muted}; border-radius: {RADIUS.card}px; }}
    QFrame[role="drop"][over="true"] {{ border: 1px dashed {c.accent}; background: {c.accent_soft}; }}
    QFrame[role="line"] {{ background: {c.line}; border: none; max-height: 1px; min-height: 1px; }}
    QWidget[role="sidebar"] {{ background: {c.sidebar}; border-right: 1px solid {c.line}; }}
    QWidget[role="status"] {{ background: {c.sidebar}; border-top: 1px solid {c.line}; }}
    QScrollArea, QScrollArea > QWidget > QWidget[role="scrolled"] {{ background: transparent; border: none; }}
    QSplitter::handle {{ background: transparent; }}
    QMenu {{ background: {c.panel}; color: {c.text}; border: 1px solid {c.line}; padding: {SPACE.xs}px; }}
    QMenu::item {{ padding: {SPACE.xs}px {SPACE.l}px; border-radius: {RADIUS.bar}px; }}
    QMenu::item:selected {{ background: {c.accent_soft}; color: {c.accent}; }}
    QMenu::separator {{ background: {c.line}; height: 1px; margin: {SPACE.xs}px; }}
    """


def _buttons(c: Palette) -> str:
    inner = SIZE.button - 2
    return f"""
    QPushButton[kind] {{ min-height: {inner}px; max-height: {inner}px; padding: 0 {SPACE.m}px;
        border-radius: {RADIUS.control}px; font-weight: {FONT.medium}; }}
    QPushButton[kind="plain"] {{ background: {c.panel}; color: {c.text}; border: 1px solid {c.line}; }}
    QPushButton[kind="plain"]:hover {{ border-color: {c.muted}; }}
    QPushButton[kind="plain"]:pressed {{ background: {c.track}; }}
    QPushButton[kind="plain"]:focus {{ border: 1px solid {c.accent}; background: {c.accent_soft}; }}
    QPushButton[kind="plain"]:disabled {{ color: {c.muted}; background: {c.window}; }}
    QPushButton[kind="primary"] {{ background: {c.accent}; color: {c.on_accent}; border: 1px solid {c.accent}; }}
    QPushButton[kind="primary"]:hover {{ background: {c.accent_hover}; border-color: {c.accent_hover}; }}
    QPushButton[kind="primary"]:focus {{ border: {SIZE.focus}px solid {c.text}; padding: 0 {SPACE.m - 1}px;
        min-height: {inner - 2}px; max-height: {inner - 2}px; }}
    QPushButton[kind="primary"]:disabled {{ background: {c.track}; color: {c.muted}; border-color: {c.line}; }}
    QPushButton[kind="link"] {{ background: transparent; color: {c.accent}; border: 1px solid transparent; padding: 0;
        min-height: {SIZE.icon + 2}px; max-height: {SIZE.icon + 2}px; border-radius: {RADIUS.bar}px;
        text-align: left; }}
    QPushButton[kind="disclosure"] {{ background: transparent; color: {c.text}; border: 1px solid transparent;
        padding: 0; font-weight: {FONT.semibold}; text-align: left; border-radius: {RADIUS.bar}px;
        min-height: {SIZE.icon + 2}px; max-height: {SIZE.icon + 2}px; }}
    QPushButton[kind="disclosure"]:focus {{ border-color: {c.accent}; }}
    QPushButton[kind="link"]:hover {{ text-decoration: underline; }}
    QPushButton[kind="link"]:focus {{ border-color: {c.accent}; }}
    QPushButton[kind="link"]:disabled {{ color: {c.muted}; }}
    QPushButton[kind="brand"] {{ background: transparent; border: 1px solid transparent; text-align: left;
        font-size: {FONT.brand}px; font-weight: {FONT.semibold}; color: {c.text};
        padding: {SPACE.xs // 2}px {SPACE.s - 1}px; border-radius: {RADIUS.control}px; }}
    QPushButton[kind="brand"]:focus {{ border-color: {c.accent}; }}
    QPushButton[kind="foot"] {{ background: transparent; border: 1px solid transparent; color: {c.muted};
        font-size: {FONT.small}px; text-align: left; padding: {SPACE.xs}px {SPACE.s}px;
        border-radius: {RADIUS.control}px; }}
    QPushButton[kind="foot"]:hover {{ color: {c.text}; }}
    QPushButton[kind="foot"]:focus {{ border-color: {c.accent}; }}
    QPushButton[kind="foot"]::menu-indicator {{ image: none; width: 0; }}
    QPushButton[kind="chip"] {{ font-size: {FONT.tiny}px; padding: 0 {SPACE.s - 1}px; font-weight: {FONT.medium};
        min-height: {SIZE.chip - 2}px; max-height: {SIZE.chip - 2}px; border-radius: {RADIUS.chip}px;
        border: 1px solid {c.track}; background: {c.track}; color: {c.muted}; }}
    QPushButton[kind="chip"]:hover, QPushButton[kind="chip"]:focus {{ border-color: {c.accent}; }}
    QPushButton[kind="chip"]:checked {{ background: {c.accent_soft}; color: {c.accent};
        border-color: {c.accent_soft}; }}
    QPushButton[kind="chip"]:checked:focus {{ border-color: {c.accent}; }}
    """


def _fields(c: Palette) -> str:
    return f"""
    QLineEdit, QComboBox, QSpinBox, QDoubleSpinBox {{ background: {c.panel}; color: {c.text};
        border: 1px solid {c.line}; border-radius: {RADIUS.control}px; padding: 0 {SPACE.s}px;
        min-height: {SIZE.field - 2}px; selection-background-color: {c.accent}; selection-color: {c.on_accent}; }}
    QLineEdit:hover, QComboBox:hover {{ border-color: {c.muted}; }}
    QLineEdit:focus, QComboBox:focus {{ border-color: {c.accent}; }}
    QLineEdit[wrong="true"] {{ border-color: {c.bad}; }}
    QLineEdit:disabled, QComboBox:disabled {{ color: {c.muted}; background: {c.window}; }}
    QComboBox QLineEdit, QComboBox QLineEdit:focus {{ border: none; padding: 0; background: transparent; }}
    QRadioButton {{ color: {c.text}; spacing: {SPACE.s}px; }}
    QRadioButton::indicator {{ width: {SIZE.radio}px; height: {SIZE.radio}px; background: {c.panel};
        border: 1px solid {c.muted}; border-radius: {SIZE.radio // 2 + 1}px; }}
    QRadioButton::indicator:hover, QRadioButton::indicator:focus {{ border-color: {c.accent}; }}
    QRadioButton::indicator:checked {{ width: {SIZE.radio - 8}px; height: {SIZE.radio - 8}px;
        border: 5px solid {c.accent}; border-radius: {SIZE.radio // 2 + 1}px; }}
    QComboBox::drop-down {{ border: none; width: {SPACE.l}px; }}
    QComboBox QAbstractItemView {{ background: {c.panel}; color: {c.text}; border: 1px solid {c.line};
        selection-background-color: {c.accent_soft}; selection-color: {c.accent}; outline: none; }}
    """


def _lists(c: Palette) -> str:
    return f"""
    QAbstractItemView {{ background: transparent; border: none; outline: none; }}
    QHeaderView, QHeaderView::section {{ background: transparent; border: none; color: {c.muted};
        font-size: {FONT.small}px; font-weight: {FONT.medium}; }}
    QHeaderView::section {{ padding: 0 {SPACE.s - 2}px; }}
    QHeaderView::section:horizontal {{ border-bottom: 1px solid {c.line}; }}
    QAbstractScrollArea::corner {{ background: transparent; border: none; }}
    QTableCornerButton::section {{ background: transparent; border: none; }}
    QScrollBar:vertical {{ background: transparent; width: {SIZE.scroll_bar}px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: {SIZE.scroll_bar}px; margin: 0; }}
    QScrollBar::handle {{ background: {c.line}; border-radius: {RADIUS.bar - 1}px; margin: 2px;
        min-height: {SPACE.l}px; min-width: {SPACE.l}px; }}
    QScrollBar::handle:hover {{ background: {c.muted}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    """


def _bars(c: Palette) -> str:
    return f"""
    QProgressBar {{ background: {c.track}; border: none; border-radius: {RADIUS.bar}px; text-align: center;
        min-height: {SIZE.bar}px; max-height: {SIZE.bar}px; }}
    QProgressBar::chunk {{ background: {c.accent}; border-radius: {RADIUS.bar}px; }}
    """


def _tones(c: Palette) -> str:
    tones = {
        "accent": (c.accent, c.accent_soft),
        "info": (c.info, c.info_soft),
        "warn": (c.warn, c.warn_soft),
        "bad": (c.bad, c.bad_soft),
        "plain": (c.muted, c.track),
    }
    return "\n".join(
        f"""
        QLabel[role="chip"][tone="{tone}"] {{ color: {text}; background: {ground}; font-size: {FONT.tiny}px;
            font-weight: {FONT.medium}; border-radius: {RADIUS.chip}px; padding: 0 {SPACE.s}px;
            min-height: {SIZE.chip}px; max-height: {SIZE.chip}px; }}
        QFrame[role="note"][tone="{tone}"] {{ background: {ground}; border-radius: {RADIUS.card}px; }}
        """
        for tone, (text, ground) in tones.items()
    )
