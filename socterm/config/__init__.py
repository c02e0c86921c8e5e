"""What a person can set: the model, where its file lies, and how file, environment and flags are joined."""

from socterm.config.analyst import OLLAMA, AnalystConfig, LlmConfig
from socterm.config.api import ApiConfig
from socterm.config.kinds import INTERNAL, LEAST_SIZE
from socterm.config.listen import ListenConfig
from socterm.config.load import load_config
from socterm.config.model import Config
from socterm.config.notify import (
    AppriseChannel,
    ChannelConfig,
    NotifyConfig,
    NtfyChannel,
    SmtpChannel,
    WebhookChannel,
)
from socterm.config.places import cache_dir, config_path, data_dir, default_db, keys_path, prompts_dir
from socterm.config.sections import ConsoleConfig, GeoConfig, IncidentsConfig, NetworksConfig, RetentionConfig

__all__ = [
    "INTERNAL",
    "LEAST_SIZE",
    "OLLAMA",
    "AnalystConfig",
    "ApiConfig",
    "AppriseChannel",
    "ChannelConfig",
    "Config",
    "ConsoleConfig",
    "GeoConfig",
    "IncidentsConfig",
    "ListenConfig",
    "LlmConfig",
    "NetworksConfig",
    "NotifyConfig",
    "NtfyChannel",
    "RetentionConfig",
    "SmtpChannel",
    "WebhookChannel",
    "cache_dir",
    "config_path",
    "data_dir",
    "default_db",
    "keys_path",
    "load_config",
    "prompts_dir",
]
