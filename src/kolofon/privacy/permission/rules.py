"""What the levels mean together."""

import msgspec


class Setting(msgspec.Struct, frozen=True):
    """A permission or shield on one level; enterprise_code '' is the global level, order_type '' the enterprise's."""

    enterprise_code: str
    order_type: str
    channel: str
    permission: str


def shielded_channels(settings: list[Setting]) -> list[str]:
    """The channels with a SHIELD that no narrower level lifts by a PERMISSION, in the order of their codes.

    `settings` are those of one customer that apply: global, one enterprise, and one order type or none.
    """
    narrowest: dict[str, Setting] = {}
    for setting in sorted(settings, key=_width, reverse=True):
        narrowest[setting.channel] = setting
    return sorted(channel for channel, setting in narrowest.items() if setting.permission == "SHIELD")


def _width(setting: Setting) -> int:
    """2 for the global level, 1 for an enterprise, 0 for an order type."""
    return (not setting.enterprise_code) + (not setting.order_type)
