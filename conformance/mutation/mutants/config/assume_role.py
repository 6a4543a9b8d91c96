# SPDX-License-Identifier: MIT
"""Mutants of refimpl/config/assume_role.py."""

ROWS = (
    (
        "role-without-loop-check",
        "CRED-011",
        "lets a profile without keys name itself",
        "not (is_itself and has_keys)",
        "not is_itself",
    ),
    (
        "role-own-keys",
        "CRED-011",
        "rejects a profile with keys that names itself",
        "if name in visited and not (is_itself and has_keys):",
        "if name in visited:",
    ),
    (
        "role-source-ignores-keys",
        "CRED-011",
        "assumes the role of a source profile that has keys",
        "if _assumes_role(inner.profile) and not has_keys:",
        "if _assumes_role(inner.profile):",
    ),
    (
        "role-both-sources",
        "CRED-011",
        "accepts a role with two sources",
        "if bool(source_profile) == bool(named):",
        "if not source_profile and not named:",
    ),
    (
        "role-mfa-without-code",
        "CRED-011",
        "calls STS without the code of the device",
        "    if ask is None:\n        raise",
        '    if ask is None:\n        return "000000"\n        raise',
    ),
    (
        "role-takes-web-identity",
        "CRED-012",
        "treats the role of a token file as a role with a source",
        'profile.value("role_arn")) and not profile.value("web_identity_token_file")',
        'profile.value("role_arn"))',
    ),
    (
        "login-session-ignored",
        "CRED-014",
        "ignores login_session",
        'if context.profile.value("login_session") is None:',
        'if context.profile.value("login_session") != "":',
    ),
    (
        "role-empty",
        "CRED-002",
        "requires a source for an empty role_arn",
        'bool(profile.value("role_arn"))',
        '"role_arn" in profile.section',
    ),
    (
        "role-no-container",
        "CRED-011",
        "does not know the source EcsContainer",
        '"ecscontainer": container_source,',
        "",
    ),
    (
        "role-named-source-hidden",
        "CRED-011",
        "skips a named source if an argument names the profile",
        "source(context._replace(profile=context.profile._replace(explicit=False)))",
        "source(context)",
    ),
    (
        "role-loop-with-keys",
        "CRED-011",
        "accepts a loop that ends at a profile with keys",
        "not (is_itself and has_keys)",
        "not has_keys",
    ),
    (
        "static-before-sso",
        "CRED-002",
        "prefers the keys of a profile to its login",
        '("sso", sso_source),\n("static", static_source),',
        '("static", static_source),\n("sso", sso_source),',
    ),
)
