"""Writing a file that a team keeps: never over one that is there. `huifu-contract init` writes with it too."""

from pathlib import Path


class NotWritten(Exception):
    """The file cannot be written; the message says why and what would be right."""


def write_new(text: str, name: str, out: Path | None) -> Path:
    """Write `text` to `out`: a file, a folder for the file `name`, or `name` here. Raises `NotWritten`.

    A place without a suffix is a folder. Folders that are not there are made.
    """
    place = out or Path(name)
    if place.is_dir() or not place.suffix:
        place /= name
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        if not place.exists():  # a file stands where the folder should
            raise NotWritten(f"cannot write {place}: {error.filename} is no folder") from None
        raise NotWritten(f"{place} is there already; name another file with --out") from None
    except OSError as error:
        raise NotWritten(f"cannot write {place}: {error.strerror}") from None
    return place
