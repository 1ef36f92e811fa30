"""Wire shapes of Permission/Shield."""

from typing import Annotated, Literal

from msgspec import Meta

from kolofon.platform.schemas import Answer, RequestBody

Channel = Annotated[str, Meta(min_length=1, max_length=12, description="Channel code, e.g. TM or DM.")]
Permission = Literal["PERMISSION", "SHIELD", "NONE"]


class ChannelChange(RequestBody):
    """The state to set on one channel."""

    type: Annotated[Permission, Meta(description="NONE takes back a permission or shield.")] | None = None
    value: Channel | None = None


class PermissionRequest(RequestBody):
    """The channels to change; one that is not named keeps its state."""

    channels: list[ChannelChange] | None = None


class ChannelState(Answer):
    """One channel's state on a level."""

    type: Permission
    value: Channel


class PermissionAnswer(Answer):
    """All the partner's channels with their state on one level."""

    channels: list[ChannelState]


class GlobalChannelState(Answer):
    """One channel's state on the global level, which knows no PERMISSION."""

    type: Literal["SHIELD", "NONE"]
    value: Channel


class GlobalPermissionAnswer(Answer):
    """All the partner's channels with their state on the global level."""

    channels: list[GlobalChannelState]


class Shield(Answer):
    """A channel the customer is shielded on."""

    type: Literal["SHIELD"]
    value: Channel


class ShieldAnswer(Answer):
    """The shielded channels, and no others."""

    channels: list[Shield]
