//! The commands, one file each. The only room with anyhow and standard output.
