"""Tables of config.toml, and the forms that their settings take."""

from datetime import date, time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Strict

from budkavle.config import field_types as forms


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise forms.Wrong("is no text", "write a text in double quotes")


Text = BeforeValidator(_text)
Words = Annotated[str, AfterValidator(forms.words), Text]
Name = Annotated[str, Text]  # of something else in the file, or shipped: whether it exists is for config_checks
Slug = Annotated[str, AfterValidator(forms.slug), Text]
Path = Annotated[str, AfterValidator(forms.path), Text]
Address = Annotated[str, AfterValidator(forms.address), Text]
WebAddress = Annotated[str, AfterValidator(forms.web_address), Text]
# Of two validators "before", the last one written runs first: text, then its value.
Mailbox = Annotated[forms.Mailbox, BeforeValidator(forms.mailbox), Text]
Zone = Annotated[ZoneInfo, BeforeValidator(forms.timezone), Text]
TimeOfDay = Annotated[time, BeforeValidator(forms.time_of_day), Text]
Day = Annotated[date, BeforeValidator(forms.day)]
Whole = Annotated[int, Strict()]
Language = Annotated[str, AfterValidator(forms.language), Text]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Table(BaseModel):
    """A table of the file: frozen, and without room for what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")
