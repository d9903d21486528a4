//! Raw bytes to model values: the only door. What leaves this room holds no secret in plain text.
//!
//! | part | what it knows |
//! |---|---|
//! | `key`, `key_text`, `fingerprint` | the machine's key and the tags made under it |
//! | `words`, `scripts`, `policy` | what looks like a name, what may be shown under which name |
//! | `shape`, `placeholder`, `template`, `clock`, `dates`, `jwt`, `literal`, `forms`, `blank`, `schemes` | what a value looks like, and what may have been done to it |
//! | `relation`, `patterns`, `masking` | named values: how others are made of them, and where they stand in a text |
//! | `secret`, `value`, `place`, `prose` | a value, a URL, running text to the model |
//! | `message`, `credentials`, `body`, `command`, `coverage` | messages, command lines and connections past the proxy to the model |
//! | `issued` | the tokens that an answer issues |
//! | `repeated` | what an error message may repeat of words that nobody has redacted |
//! | `formats` | secrets that a vendor's prefix gives away, with their checksums |
//! | `packed` | values with something compressed in them |
//! | `withheld` | what the program that an import comes from has hidden itself |

mod blank;
mod body;
mod clock;
mod command;
mod coverage;
mod credentials;
mod dates;
mod envelope;
mod fingerprint;
pub(crate) mod formats;
mod forms;
mod image;
mod issued;
mod jwt;
mod key;
mod key_text;
mod literal;
mod masking;
mod message;
mod packed;
mod patterns;
mod place;
mod placeholder;
mod policy;
mod prose;
mod raw;
mod redactor;
mod relation;
mod repeated;
mod schemes;
mod scripts;
mod secret;
mod shape;
mod source;
mod template;
mod value;
mod withheld;
mod words;
mod wrapping;

pub use body::ZstdReader;
pub use coverage::{RawCoverage, RawDirect};
pub use fingerprint::Digest;
pub use key::{Key, KeyError};
pub use key_text::KeyTextError;
pub use placeholder::is_placeholder;
pub use policy::{is_credential_name, is_password_name, is_sensitive_name};
pub use raw::{
    Output, RawBody, RawConnection, RawDial, RawExchange, RawFailure, RawHello, RawImage, RawKind,
    RawMessage, RawOutcome, RawRefused, Told,
};
pub use redactor::{Known, Leak, Redacted, Redactor};
pub use repeated::{repeatable, without_secrets};
pub(crate) use words::camel_pieces;
pub use words::is_name as is_wordlike;
