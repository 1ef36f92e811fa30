"""What loading a publisher file did, to be told to people and kept in the audit log."""

from collections.abc import Iterable
from typing import Literal

import msgspec

_NAMED = 8


class Written(msgspec.Struct, frozen=True):
    """A row that an upsert inserted (added) or changed; rows that were right already are not among these."""

    code: str
    added: bool


class Missing(msgspec.Struct, frozen=True):
    """A row that the file does not mention: removed, or kept because something still refers to it."""

    code: str
    removed: bool


class Change(msgspec.Struct, frozen=True):
    """What became of one thing, when all of a kind are brought to what the file says in one go."""

    what: Literal["added", "changed", "removed", "retired"]
    code: str


class KindChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to one kind of thing, by code. Retired products and disabled clients stay for those who hold them;
    kept is what the file no longer has but customers or products still refer to."""

    kind: str
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    unchanged: int = 0

    @property
    def has_changed(self) -> bool:
        """Whether anything in the database is different now."""
        return bool(self.added or self.changed or self.removed or self.retired)

    def __str__(self) -> str:
        parts = [
            f"{len(codes)} {what} ({_names(codes)})"
            for what, codes in (
                ("added", self.added),
                ("changed", self.changed),
                ("removed", self.removed),
                ("retired", self.retired),
                ("kept though not in the file", self.kept),
            )
            if codes
        ]
        if self.unchanged:
            parts.append(f"{self.unchanged} unchanged")
        return f"{self.kind}: {', '.join(parts) or 'none'}"


class LoadSummary(msgspec.Struct, frozen=True):
    """What a load did, kind by kind. `notes` are things that the author of the file should know."""

    partner_code: str
    kinds: tuple[KindChanges, ...]
    notes: tuple[str, ...] = ()

    @property
    def has_changed(self) -> bool:
        """Whether the load changed anything."""
        return any(kind.has_changed for kind in self.kinds)

    def changes(self) -> dict[str, dict[str, list[str]]]:
        """What is different now, by kind and then by what happened, as JSON values for the audit log."""
        happened = ("added", "changed", "removed", "retired")
        return {
            kind.kind: {name: list(getattr(kind, name)) for name in happened if getattr(kind, name)}
            for kind in self.kinds
            if kind.has_changed
        }

    def __str__(self) -> str:
        heading = f"partner {self.partner_code}: "
        heading += "loaded" if self.has_changed else "nothing to change, everything is as the file says"
        mentioned = [kind for kind in self.kinds if kind.has_changed or kind.kept]
        return "\n".join([heading, *(f"  {kind}" for kind in mentioned), *(f"  note: {note}" for note in self.notes)])


def kind_changes(
    kind: str,
    wanted: int,
    written: Iterable[Written],
    missing: Iterable[Missing] = (),
    retired: Iterable[str] = (),
) -> KindChanges:
    """Sort what was written and what was missing; `wanted` is how many the file has."""
    written = tuple(written)
    missing = tuple(missing)
    return KindChanges(
        kind=kind,
        added=tuple(sorted(row.code for row in written if row.added)),
        changed=tuple(sorted(row.code for row in written if not row.added)),
        removed=tuple(sorted(row.code for row in missing if row.removed)),
        retired=tuple(sorted(retired)),
        kept=tuple(sorted(row.code for row in missing if not row.removed)),
        unchanged=wanted - len(written),
    )


def kind_of(kind: str, wanted: int, changes: Iterable[Change]) -> KindChanges:
    """Sort what changed; `wanted` is how many the file has."""
    codes: dict[str, list[str]] = {"added": [], "changed": [], "removed": [], "retired": []}
    for change in changes:
        codes[change.what].append(change.code)
    added, changed, removed, retired = (tuple(sorted(codes[what])) for what in codes)
    unchanged = wanted - len(added) - len(changed)
    return KindChanges(kind=kind, added=added, changed=changed, removed=removed, retired=retired, unchanged=unchanged)


def _names(codes: tuple[str, ...]) -> str:
    return ", ".join(codes[:_NAMED]) + (", …" if len(codes) > _NAMED else "")
