"""The forms of a page as a browser has them: what stands in each field, and what is sent."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

NOT_TYPED = {"hidden", "checkbox", "radio", "submit", "button", "file", "search", "image", "reset"}


@dataclass
class Control:
    tag: str
    attrs: dict
    value: str = ""
    options: list[str] = field(default_factory=list)
    chosen: bool = False  # of a select: somebody's choice stands there

    @property
    def name(self) -> str:
        return self.attrs.get("name") or ""

    @property
    def kind(self) -> str:
        return self.attrs.get("type", "text") if self.tag == "input" else self.tag

    @property
    def is_typed(self) -> bool:
        return self.kind not in NOT_TYPED | {"select"} and "readonly" not in self.attrs

    @property
    def is_sent(self) -> bool:
        ticks = self.kind in {"checkbox", "radio"}
        return (
            bool(self.name)
            and self.kind not in {"submit", "button", "file", "image"}
            and (not ticks or "checked" in self.attrs)
        )


@dataclass
class Form:
    attrs: dict
    controls: list[Control] = field(default_factory=list)
    buttons: list[dict] = field(default_factory=list)

    @property
    def posts(self) -> bool:
        return self.attrs.get("method", "").lower() == "post"

    def named(self, *names) -> Control | None:
        return next((control for control in self.controls if control.name in names), None)

    def data(self, **changed) -> dict:
        """What is sent when its first button is pressed."""
        sent: dict[str, list[str]] = {}
        for control in self.controls:
            if control.is_sent:
                sent.setdefault(control.name, []).append(control.value)
        button = next((each for each in self.buttons if each.get("name")), None)
        if button and button["name"] not in sent:
            sent[button["name"]] = [button.get("value", "")]
        return sent | changed


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.forms, self.inside, self.form = [], None, None

    def handle_starttag(self, tag, attrs):
        attrs = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = Form(attrs)
            self.forms.append(self.form)
            self.inside = None
        form = self._form_of(attrs)
        if form is None:
            return
        if tag == "input":
            value = attrs.get("value", "on" if attrs.get("type") in {"checkbox", "radio"} else "")
            form.controls.append(Control(tag, attrs, value))
        elif tag in {"select", "textarea"}:
            self.inside = Control(tag, attrs)
            form.controls.append(self.inside)
        elif tag == "option" and self.inside is not None:
            value = attrs.get("value", "")
            if "selected" in attrs or not self.inside.options:
                self.inside.value = value
                self.inside.chosen = "selected" in attrs
            self.inside.options.append(value)
        elif tag == "button" and attrs.get("type", "submit") == "submit":
            form.buttons.append(attrs)

    def _form_of(self, attrs):
        if named := attrs.get("form"):
            return next((form for form in self.forms if form.attrs.get("id") == named), None)
        return self.form

    def handle_data(self, data):
        if self.inside is not None and self.inside.tag == "textarea":
            self.inside.value += data

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None
        if tag in {"select", "textarea"}:
            if self.inside is not None and tag == "textarea":
                self.inside.value = self.inside.value.removeprefix("\n")
            self.inside = None


def forms_of(page: str) -> list[Form]:
    """The forms of a page's HTML, in order."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms
