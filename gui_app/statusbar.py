"""The line along the foot of the window: project, device, the promise, and what is going on."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui_app.state import State
from gui_app.theme import SIZE, SPACE
from gui_app.widgets import text_label
from gui_app.words import as_tip, percent

if TYPE_CHECKING:
    from core.models.device import DeviceChoice

MB_PER_GB = 1024


class StatusLine(QWidget):
    """What is open, what it computes on, and whether all is saved."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status")
        self.setProperty("role", "status")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(SIZE.status_bar)
        self._project = text_label(role="small", name="status_project")
        self._device = text_label(role="small", name="status_device")
        offline = text_label(self.tr("Offline: nothing leaves this computer"), "small", name="status_offline")
        offline.setToolTip(self.tr("Graft goes online only when you press a Download button, and sends nothing then."))
        self._doing = text_label(role="small", name="status_doing")
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE.m, 0, SPACE.m, 0)
        row.setSpacing(SPACE.l)
        for label in (self._project, self._device, offline):
            row.addWidget(label)
        row.addStretch(1)
        row.addWidget(self._doing)

    def show_state(self, state: State) -> None:
        """Show what is so now."""
        self._project.setText(state.project.folder.name if state.project else "")
        self._project.setVisible(state.project is not None)
        self._project.setToolTip(as_tip(str(state.project.folder) if state.project else ""))
        self._device.setText(self._device_in_words(state.device, state.device_problem))
        self._device.setToolTip(state.device.reason if state.device else state.device_problem)
        self._doing.setText(self._doing_in_words(state))

    def _device_in_words(self, device: "DeviceChoice | None", problem: str) -> str:
        if device is None:
            if problem:
                return self.tr("The chosen device is missing")
            return self.tr("Looking for a graphics card …")
        if device.kind == "cuda" and device.memory_mb:
            return f"{device.name} · {device.memory_mb / MB_PER_GB:.0f} GB"
        return device.name

    def _doing_in_words(self, state: State) -> str:
        if state.busy:
            return f"{state.busy} …"
        if state.training:
            progress = state.live.progress if state.live is not None else None
            share = f" {percent(progress.fraction)}" if progress is not None else ""
            return (self.tr("Paused at") if state.paused else self.tr("Training")) + (share or " …")
        if state.reading is not None:
            return f"{state.reading.stage.capitalize()} {percent(state.reading.fraction)}"
        if state.predicting:
            return self.tr("Predicting …")
        if state.download is not None:
            return self.tr("Downloading {share}").format(share=percent(state.download[1].fraction))
        return self.tr("All changes saved") if state.project is not None else ""
