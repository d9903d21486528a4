//! "It holds": faults, crashes, load and hostile peers, by the program as a user runs it. The ordinary run takes few of
//! each; `SAMEWIRE_LONG=1` takes as many as `docs/reliability.md` tells, and writes what came of it there.

mod crash;
mod disk;
mod faults;
mod hostile;
mod load;
mod origins;
pub(crate) mod running;
pub(crate) mod table;
mod tls_faults;
