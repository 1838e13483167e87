"""The one time axis of the picture: AWS seconds from the fault to pixels, and its ticks."""

from __future__ import annotations

from dataclasses import dataclass

from gameday.report import words


@dataclass(frozen=True, slots=True)
class Frame:
    """The time axis: AWS seconds to pixels."""

    start_s: float
    end_s: float
    left: float
    right: float

    def x(self, t_s: float) -> float:
        """Where `t_s` is, kept inside the frame."""
        share = (t_s - self.start_s) / max(self.end_s - self.start_s, 1e-9)
        return round(self.left + min(1.0, max(0.0, share)) * (self.right - self.left), 1)


def axis(frame: Frame, y: float, narrow: bool) -> str:
    """Ticks and times below `y`, as many as there is room for."""
    lasted = frame.end_s - frame.start_s
    room = 62 if narrow else 90
    fitting = max(1.0, (frame.right - frame.left) / room)
    step = next((s for s in (10, 30, 60, 120, 300, 600, 1200, 3600) if lasted / s <= fitting), 7200)
    parts = []
    t = -(-frame.start_s // step) * step
    while t <= frame.end_s:
        x = frame.x(t)
        anchor = "end" if x > frame.right - 20 else "start" if x < frame.left + 16 else "middle"
        text = words.after(t) if abs(t) < 120 or narrow else f"T+{t / 60:g} min"
        parts.append(f'<line class="tick" x1="{x}" x2="{x}" y1="{y:.0f}" y2="{y + 4:.0f}"/>'
                     f'<text class="tick" x="{x}" y="{y + 15:.0f}" text-anchor="{anchor}">'
                     f"{text}</text>")  # fmt: skip
        t += step
    return "".join(parts)
