"""The two appearances of a drawing. It has its own paper in either, so it reads on any ground."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Colours:
    """Of one appearance. `hues`: for lines to what several call, one for each of these; further ones begin again."""

    paper: str
    band: str
    rim: str
    edge: str
    ink: str
    dim: str
    hues: tuple[str, ...]

    def sheet(self) -> str:
        """The style sheet."""
        lines = {f"hue{place}": colour for place, colour in enumerate(self.hues)} | {
            "plain": self.dim,
            "host": self.ink,
        }
        rules = [
            f"rect.paper{{fill:{self.paper}}}",
            f"rect.band{{fill:{self.band};stroke:{self.rim}}}",
            f"rect.box{{fill:{self.paper};stroke:{self.edge}}}",
            f"text{{fill:{self.dim}}}",
            f"text.title,text.band{{fill:{self.ink};font-weight:bold}}",
            f"text.plain,text.storage{{fill:{self.ink}}}",
            f".sign{{fill:none;stroke:{self.dim}}}",
            f".dot{{fill:{self.dim}}}",
            f"g.scrape{{stroke:{self.edge};stroke-width:.8;stroke-dasharray:3 2}}",
            f"g.scrape .head{{fill:{self.edge};stroke:none}}",
            *(
                f"g.{name}{{stroke:{colour}}}g.{name} .head{{fill:{colour};stroke:none}}"
                for name, colour in lines.items()
            ),
        ]
        return "\n".join(rules)


LIGHT = Colours(
    paper="#ffffff",
    band="#f6f8fa",
    rim="#d0d7de",
    edge="#818b98",
    ink="#1f2328",
    dim="#59636e",
    hues=("#0969da", "#bc4c00", "#1a7f37", "#8250df", "#bf3989", "#0e7490", "#8a6100", "#cf222e"),
)
DARK = Colours(
    paper="#0d1117",
    band="#151b23",
    rim="#3d444d",
    edge="#656c76",
    ink="#f0f6fc",
    dim="#9198a1",
    hues=("#4493f8", "#f0883e", "#3fb950", "#ab7df8", "#f778ba", "#39c5cf", "#d29922", "#ff7b72"),
)
SHAPES = ".net{stroke-width:1.4}.net:hover{stroke-width:3}.dashed{stroke-dasharray:4 3}"  # of either


def style() -> str:
    """The style sheet of both."""
    return f"{SHAPES}\n{LIGHT.sheet()}\n@media (prefers-color-scheme: dark) {{\n{DARK.sheet()}\n}}"
