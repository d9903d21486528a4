//! The flags of Compose, in both its versions.

use super::dialect::Dialect;
use super::flags::{ALL, Group, Shorts, Takes};

const COMPOSE: &[Dialect] = ALL;

/// Flags of Compose that stand before its subcommand. From `docker-compose --help` (1.29) and `docker compose --help` (2.36).
pub(super) static COMPOSE_GLOBAL: &[Group] = &[
    Group {
        engines: COMPOSE,
        takes: Takes::Value,
        names: "ansi context env-file file host log-level parallel profile progress project-directory project-name \
                tlscacert tlscert tlskey",
    },
    Group {
        engines: COMPOSE,
        takes: Takes::Nothing,
        names: "all-resources compatibility dry-run help no-ansi skip-hostname-check tls tlsverify verbose version",
    },
];

/// Flags of Compose's `run`, from the same pages.
pub(super) static COMPOSE_RUN: &[Group] = &[
    Group {
        engines: COMPOSE,
        takes: Takes::Value,
        names: "cap-add cap-drop entrypoint env env-from-file label name publish pull user volume workdir",
    },
    Group {
        engines: COMPOSE,
        takes: Takes::Nothing,
        names: "build detach help interactive no-TTY no-deps quiet quiet-build quiet-pull remove-orphans rm service-ports \
                use-aliases",
    },
];

/// Flags of Compose's `up`, from the same pages.
pub(super) static COMPOSE_UP: &[Group] = &[
    Group {
        engines: COMPOSE,
        takes: Takes::Value,
        names: "attach exit-code-from no-attach pull scale timeout wait-timeout",
    },
    Group {
        engines: COMPOSE,
        takes: Takes::Nothing,
        names: "abort-on-container-exit abort-on-container-failure always-recreate-deps attach-dependencies build detach \
                force-recreate help menu no-build no-color no-deps no-log-prefix no-recreate no-start quiet-build quiet-pull \
                remove-orphans renew-anon-volumes timestamps wait watch yes",
    },
];

/// Before Compose's.
pub(super) static COMPOSE_GLOBAL_SHORTS: Shorts =
    &[('c', "context"), ('f', "file"), ('H', "host"), ('h', "help"), ('p', "project-name"), ('v', "version")];
/// Of Compose's `run`.
pub(super) static COMPOSE_RUN_SHORTS: Shorts = &[
    ('d', "detach"),
    ('e', "env"),
    ('i', "interactive"),
    ('l', "label"),
    ('p', "publish"),
    ('P', "service-ports"),
    ('q', "quiet"),
    ('T', "no-TTY"),
    ('u', "user"),
    ('v', "volume"),
    ('w', "workdir"),
];
/// Of Compose's `up`.
pub(super) static COMPOSE_UP_SHORTS: Shorts =
    &[('d', "detach"), ('t', "timeout"), ('V', "renew-anon-volumes"), ('w', "watch"), ('y', "yes")];
