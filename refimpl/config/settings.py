# SPDX-License-Identifier: MIT
"""Settings: an argument, an environment variable or a property of the profile, in this order.

`Settings` finds each setting together with its origin, so that an error and a diagnosis can name
the place that sets it. It knows the region, the endpoint URL of each service, FIPS and dual-stack,
the CA bundle, and the retry mode with its number of attempts (CRED-030 to CRED-033).

Rejected with the place: a flag other than `true` and `false`, an unknown retry mode, a number of
attempts that is not a positive integer, and a `services` section that does not exist.
"""

from typing import Callable, Dict, Mapping, NamedTuple, Optional

from ..errors import ConfigurationError, shown
from .environment import (
    LARGEST_ATTEMPTS,
    RETRY_MODES,
    SettingVariables,
    attempts_of,
    first_set,
)
from .profiles import (
    SelectedProfile,
    SharedConfig,
    config_paths,
    read_shared_config,
    select_profile,
)

MAX_ATTEMPTS = ("max_attempts", "AWS_MAX_ATTEMPTS")  # a property and its variable
SAGEMAKER_RUNTIME = "sagemaker_runtime"  # the service's name in a `services` section


class Setting(NamedTuple):
    """A value and its origin, such as `the variable AWS_REGION`."""

    value: str
    origin: str


class Settings:
    """Finds the settings of one profile in one environment."""

    __slots__ = ("_environment", "_shared", "_profile")

    def __init__(
        self, environment: Mapping[str, str], shared: SharedConfig, profile: SelectedProfile
    ) -> None:
        self._environment = environment
        self._shared = shared
        self._profile = profile

    def find(self, property_name: Optional[str], *variables: str) -> Optional[Setting]:
        """Return the first of the variables that is set, else the profile's property, or None.

        An empty value counts as unset (CRED-030).
        """
        # CRED-030: the environment outweighs the profile.
        for name in variables:
            value = first_set(self._environment, name)
            if value is not None:
                return Setting(value, f"the variable {name}")
        found = self._profile.section.get(property_name or "")
        if found is None or not found.value:
            return None
        return Setting(found.value, f"the profile {self._profile.name} in {found.place}")

    def region(self) -> Optional[Setting]:
        """Return the region."""
        return self.find("region", "AWS_REGION", "AWS_DEFAULT_REGION")

    def ca_bundle(self) -> Optional[Setting]:
        """Return the path of the file with the trusted certificates (CRED-031)."""
        # CRED-031
        return (
            self.find(None, "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
            or self.find("ca_bundle")
            or self.find(None, "SSL_CERT_FILE")
        )

    def use_fips(self) -> bool:
        """Return whether FIPS endpoints are asked for."""
        return self._flag(self.find("use_fips_endpoint", "AWS_USE_FIPS_ENDPOINT"))

    def use_dualstack(self) -> bool:
        """Return whether dual-stack endpoints are asked for."""
        return self._flag(self.find("use_dualstack_endpoint", "AWS_USE_DUALSTACK_ENDPOINT"))

    def retry_mode(self) -> Optional[Setting]:
        """Return the retry mode. Raises ConfigurationError for an unknown one."""
        found = self.find("retry_mode", "AWS_RETRY_MODE")
        if found is None or found.value.lower() in RETRY_MODES:
            return found
        raise _invalid_setting(found, "retry mode", ", ".join(RETRY_MODES))

    def max_attempts(self) -> Optional[int]:
        """Return the number of attempts per call. Raises ConfigurationError unless positive."""
        found = self.find(*MAX_ATTEMPTS)
        if found is None:
            return None
        attempts = attempts_of(found.value)
        if attempts is None:
            expected = f"an integer from 1 to {LARGEST_ATTEMPTS}"
            raise _invalid_setting(found, "number of attempts", expected)
        return attempts

    def endpoint_url(self, service: str = SAGEMAKER_RUNTIME) -> Optional[Setting]:
        """Return the endpoint URL of a service (CRED-032).

        The order is the service's variable, AWS_ENDPOINT_URL, the service in the profile's
        `services` section, the profile's own endpoint_url.
        """
        if self._ignores_endpoint_urls():
            return None
        # CRED-032
        variable = self.find(None, f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL")
        return variable or self._endpoint_of_services(service) or self.find("endpoint_url")

    def _ignores_endpoint_urls(self) -> bool:
        name = "ignore_configured_endpoint_urls"
        return self._flag(self.find(name, "AWS_" + name.upper()))

    def _endpoint_of_services(self, service: str) -> Optional[Setting]:
        reference = self.find("services")
        if reference is None:
            return None
        section = self._shared.services.get(reference.value)
        if section is None:
            raise ConfigurationError(
                f"{reference.origin} names the services section {shown(reference.value, 80)},"
                " which does not exist",
                rule="CRED-032",
            )
        found = section.get(service)
        nested: Dict[str, str] = (found.nested or {}) if found is not None else {}
        if found is None or not nested.get("endpoint_url"):
            return None
        origin = f"the services section {reference.value} in {found.place}"
        return Setting(nested["endpoint_url"], origin)

    def variables(self) -> SettingVariables:
        """Return the environment, whose unset variables have the profile's settings (CRED-030).

        The client reads its settings from this mapping. Raises ConfigurationError for an invalid
        setting.
        """
        settings = {
            "AWS_REGION": self.region(),
            "AWS_CA_BUNDLE": self.ca_bundle(),
            "AWS_RETRY_MODE": self.retry_mode(),
            "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": self.endpoint_url(),
        }
        values = {name: found.value for name, found in settings.items() if found is not None}
        if self._ignores_endpoint_urls():
            values["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
        attempts = self.max_attempts()
        if attempts is not None:
            values["AWS_MAX_ATTEMPTS"] = str(attempts)
        values["AWS_USE_FIPS_ENDPOINT"] = str(self.use_fips()).lower()
        values["AWS_USE_DUALSTACK_ENDPOINT"] = str(self.use_dualstack()).lower()
        origins = {name: found.origin for name, found in settings.items() if found is not None}
        return SettingVariables({**self._environment, **values}, origins)

    def _flag(self, found: Optional[Setting]) -> bool:
        if found is None:
            return False
        lower = found.value.lower()
        # CRED-033: a typing error must not silently disable FIPS.
        if lower not in ("true", "false"):
            raise _invalid_setting(found, "flag", "true or false")
        return lower == "true"


def read_settings(
    environment: Mapping[str, str],
    profile: Optional[str],
    read_file: Callable[[str, int], Optional[bytes]],
    windows: bool = False,
    home: Optional[str] = None,
) -> Settings:
    """Read the shared files and return the settings of a profile.

    profile: instead of AWS_PROFILE; read_file: as for read_shared_config; windows, home: as for
        config_paths
    Raises ConfigurationError for a broken file or a missing profile.
    """
    shared = read_shared_config(config_paths(environment, windows, home), read_file)
    return Settings(environment, shared, select_profile(shared, environment, profile))


def _invalid_setting(found: Setting, what: str, expected: str) -> ConfigurationError:
    return ConfigurationError(
        f"invalid {what} in {found.origin}",
        expected=expected,
        actual=found.value,
        rule="CRED-033",
    )
