"""Places that events bring along, under ECS names or under those of their producers.

What a producer says of its own connection wins over any database: it is kept, brought to one spelling, and
the database is not asked for that end.
"""

from __future__ import annotations

from typing import Any

from socterm.enrich.countries import code_of
from socterm.enrich.geo import as_number, country_code, degrees, text

Fields = dict[str, Any]


def _code(value: Any) -> str | None:
    """A country's code, from the code or from one of its English names."""
    return country_code(value) or (code_of(value) if isinstance(value, str) else None)


def _country(value: Any) -> str | None:
    """A country's name; a code is no name."""
    return None if country_code(value) else text(value)


_FORMS: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    (
        "geo.country_iso_code",
        _code,
        ("country_iso_code", "country_code", "country_code2", "country", "country_name"),
    ),
    ("geo.country_name", _country, ("country_name", "country")),
    ("geo.city_name", text, ("city_name", "city")),
    ("geo.location.lat", degrees, ("location.lat", "latitude", "lat")),
    ("geo.location.lon", degrees, ("location.lon", "longitude", "lon")),
    ("as.number", as_number, ("asn", "as.number")),
    ("as.organization.name", text, ("as_org", "as.organization.name", "as_organization")),
)
"""(our name, what makes it, how producers call it)"""

_COUNTRY = (("geo.country_iso_code", _code), ("geo.country_name", _country))
_CLOUDS: dict[str, tuple[tuple[str, Any], ...]] = {
    "location": (("geo.country_iso_code", country_code),),
    "location.countryorregion": _COUNTRY,
    "properties.location.countryorregion": _COUNTRY,
    "client.geographicalcontext.country": _COUNTRY,
    **{
        f"{place}.{form}": ((name, make),)
        for place in (
            "location", "properties.location", "location.geocoordinates",
            "properties.location.geocoordinates", "client.geographicalcontext",
            "client.geographicalcontext.geolocation",
        )
        for form, name, make in (
            ("city", "geo.city_name", text),
            ("latitude", "geo.location.lat", degrees),
            ("longitude", "geo.location.lon", degrees),
            ("lat", "geo.location.lat", degrees),
            ("lon", "geo.location.lon", degrees),
        )
    },
}  # fmt: skip
"""Where Entra ID's sign-ins and Okta's log say it, lower case."""

_PREFIXES = {
    "source": ("", "geoip.", "geo.", "geo_", "source.geo.", "source.", "source_", "src_", "src", "client_"),
    "destination": ("destination.geo.", "destination.", "destination_", "dst_", "dst", "dest_"),
}
_PLAIN = frozenset({"country", "country_code", "country_iso_code", "country_name", "city_name", "asn"})
"""What says a place also without a prefix; `city` or `lat` alone may be anything."""


def _names() -> dict[str, tuple[tuple[str, Any], ...]]:
    found: dict[str, list[tuple[str, Any]]] = {}
    for end, prefixes in _PREFIXES.items():
        for name, make, forms in _FORMS:
            full = f"{end}.{name}"
            for form in (prefix + form for prefix in prefixes for form in forms):
                if "." in form or "_" in form or form in _PLAIN or form.startswith(("src", "dst")):
                    found.setdefault(form, []).append((full, make))
            found.setdefault(full, []).insert(0, (full, make))
    for form in ("clientcountry", "cf-ipcountry", "http.request.headers.cf-ipcountry"):
        found[form] = [("source.geo.country_iso_code", country_code)]
    for form, rows in _CLOUDS.items():
        found[form] = [(f"source.{name}", make) for name, make in rows]
    return {form: tuple(made) for form, made in found.items()}


NAMES = _names()
"""A field's name in lower case → [(ECS name, what makes its value)]."""


def take_along(fields: Fields, names: tuple[str, ...]) -> set[str]:
    """Bring the places an event carries under `names` to their ECS names; those ends that carry one.

    ECS names win over producers' names, whatever their order.

    >>> found = {"geoip.country_code": "de"}
    >>> take_along(found, ("geoip.country_code",)), found["source.geo.country_iso_code"]
    ({'source'}, 'DE')
    """
    ends = set()
    for name in sorted(names, key=lambda name: not name.startswith(("source.", "destination."))):
        value = fields[name]
        for full, make in NAMES[name.lower()]:
            made = make(value)
            if made is None:
                continue
            if full == name or full not in fields:
                fields[full] = made
            end, _, rest = full.partition(".")
            if rest.startswith("geo."):
                ends.add(end)
    return ends
