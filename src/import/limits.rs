//! How much of a hostile file is read.

/// Largest HAR file, in bytes. It is read as a stream.
pub(super) const LARGEST_HAR: u64 = 4 << 30;
/// Largest file that is read as a whole: the Builder's answers and command lines, in bytes.
pub(super) const LARGEST_WHOLE: u64 = 64 << 20;
/// Longest entry of a HAR, in bytes, and longest stretch of it without an entry.
pub(super) const LONGEST_ENTRY: u64 = 32 << 20;
/// Most requests.
pub(super) const MOST_EXCHANGES: usize = 250_000;
/// Most fields of a message, cookies of a request, parameters of a form.
pub(super) const MOST_MEMBERS: usize = 2_000;
/// Most JSON objects of a file that is read as a whole.
pub(super) const MOST_OBJECTS: usize = 2_000_000;
/// Longest list of fields of a message in such a file, in bytes.
pub(super) const LONGEST_FIELDS: usize = 1 << 20;
/// Longest method, in bytes.
pub(super) const LONGEST_METHOD: usize = 64;
/// Longest URL, in bytes.
pub(super) const LONGEST_URL: usize = 1 << 20;
