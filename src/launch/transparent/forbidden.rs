//! What to say where a network of the command's own cannot be had.

use std::fmt;
use std::fs;
use std::io;

use rustix::io::Errno;

use super::handover::{Failed, Step};

/// A network of the command's own cannot be had here. Says what is missing, how to allow it, and the way without it.
#[derive(Debug)]
pub struct Forbidden {
    step: Step,
    source: io::Error,
    hint: &'static str,
}

impl Forbidden {
    pub(super) fn new(failed: Failed) -> Self {
        let source = io::Error::from_raw_os_error(failed.errno);
        let setting = |name: &str| fs::read_to_string(format!("/proc/sys/{name}")).ok();
        Self { step: failed.step, hint: hint(failed, setting), source }
    }

    /// The step that failed.
    pub fn step(&self) -> Step {
        self.step
    }
}

fn hint(failed: Failed, setting: impl Fn(&str) -> Option<String>) -> &'static str {
    let is = |name: &str, value: &str| setting(name).is_some_and(|text| text.trim() == value);
    let denied = [Errno::PERM, Errno::ACCESS].map(Errno::raw_os_error).contains(&failed.errno);
    match failed.step {
        Step::Device if denied => "allow its use (chmod 0666 /dev/net/tun, as most distributions have it)",
        Step::Device => {
            "load it (modprobe tun), or give it to the container (--device /dev/net/tun --cap-add NET_ADMIN)"
        }
        Step::Sockets | Step::Command => "run it with -vv and report this",
        _ if is("user/max_user_namespaces", "0") => "allow them (sysctl user.max_user_namespaces=10000)",
        _ if is("kernel/unprivileged_userns_clone", "0") => {
            "allow them (sysctl kernel.unprivileged_userns_clone=1)"
        }
        _ if is("kernel/apparmor_restrict_unprivileged_userns", "1") => {
            "AppArmor restricts them: allow them (sysctl kernel.apparmor_restrict_unprivileged_userns=0), or run samewire as root"
        }
        _ if denied => {
            "run samewire as root; in a container, start that with --cap-add SYS_ADMIN --cap-add NET_ADMIN --device /dev/net/tun"
        }
        _ => "this kernel may be built without them (CONFIG_USER_NS, CONFIG_NET_NS)",
    }
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.step {
            Step::Namespaces | Step::Identity => "this system does not allow own user and network namespaces",
            Step::Device => "the network device /dev/net/tun cannot be used",
            Step::Network => "the command's own network cannot be set up",
            Step::Names => "the command's own /etc/resolv.conf cannot be put in place",
            Step::Sockets | Step::Command => "samewire cannot listen in the command's own network",
        };
        write!(
            f,
            "cannot record transparently: {what}; {}, or record by variables, without --transparent",
            self.hint
        )
    }
}

impl std::error::Error for Forbidden {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_names_what_is_in_the_way() {
        let hint = |step, errno: Errno, set: Option<(&'static str, &str)>| {
            hint(Failed { step, errno: errno.raw_os_error() }, |name| {
                set.filter(|(known, _)| *known == name).map(|(_, value)| format!("{value}\n"))
            })
        };
        let spaces = |set| hint(Step::Namespaces, Errno::PERM, set);
        assert!(spaces(Some(("user/max_user_namespaces", "0"))).contains("user.max_user_namespaces="));
        assert!(spaces(Some(("kernel/unprivileged_userns_clone", "0"))).contains("userns_clone=1"));
        assert!(spaces(Some(("kernel/apparmor_restrict_unprivileged_userns", "1"))).contains("AppArmor"));
        assert!(spaces(None).contains("--cap-add SYS_ADMIN"));
        assert!(hint(Step::Device, Errno::ACCESS, None).contains("chmod"));
        assert!(hint(Step::Device, Errno::NOENT, None).contains("modprobe"));
    }
}
