"""Raw lines to events under ECS names: one file a format, `registry` says which program is read by which."""

from socterm.parsers.decoder import Decoder
from socterm.parsers.export import as_ecs

__all__ = ["Decoder", "as_ecs"]
