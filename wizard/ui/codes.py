"""QR codes on a terminal: two rows of modules in one line of half blocks."""

from __future__ import annotations

from wizard.ui.screen import Screen

#: (upper, lower) module dark → what shows it, dark on light.
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
#: Readers want four modules of quiet around a code; on a screen two do.
_QUIET = 2


def show_code(screen: Screen, text: str) -> None:
    """Prints the code where a camera could read it: on a terminal that can show it, wide enough."""
    if not screen.terminal or screen.fit("▀▄█") != "▀▄█":
        return
    lines = rows(text)
    if len(lines[0]) > screen.width:
        return
    screen.line()
    for line in lines:
        # Dark on light whatever the window's own colours are; without colours a code drawn in
        # light on dark is read by most cameras all the same.
        shown = f"\x1b[30;107m{line}\x1b[0m" if screen.colour else line
        screen.stream.write(f"  {shown}\n")
    screen.line()


def rows(text: str) -> list[str]:
    """The code as lines of half blocks, all as long."""
    import segno

    matrix = [
        [bool(module) for module in row]
        for row in segno.make(text, micro=False, error="l").matrix_iter(border=_QUIET)
    ]
    if len(matrix) % 2:
        matrix.append([False] * len(matrix[0]))
    pairs = zip(matrix[::2], matrix[1::2], strict=True)
    return ["".join(_HALVES[both] for both in zip(*pair, strict=True)) for pair in pairs]
