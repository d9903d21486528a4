//! Where in an exchange or a run something is: the `at` of reports.

use std::fmt;

use crate::model::Stream;

/// A place. Its `Display` form is part of the report's contract.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Locator {
    /// `request.method`.
    Method,
    /// `request.target.scheme`.
    Scheme,
    /// `request.target.host`.
    Host,
    /// `request.target.port`.
    Port,
    /// `request.target.path`.
    Path,
    /// `request.target.userinfo`.
    UserInfo,
    /// `request.query[NAME]#N`.
    Query {
        /// Name.
        name: String,
        /// Which of several, from 1; 0 for the only one.
        nth: u32,
    },
    /// `request.field[name]#N`, then the part.
    Field {
        /// Name in lower case.
        name: String,
        /// Which of several, from 1; 0 for the only one.
        nth: u32,
        /// The part.
        part: FieldPart,
    },
    /// `request.field` as a whole (order).
    Fields,
    /// `request.cookie[NAME]`.
    Cookie {
        /// Name.
        name: String,
    },
    /// `request.body` and a JSON pointer.
    Body {
        /// JSON pointer; empty for the whole.
        pointer: String,
    },
    /// `request.body.form[NAME]`, multipart too.
    Form {
        /// Name.
        name: String,
        /// Which of several, from 1; 0 for the only one.
        nth: u32,
    },
    /// `request.version`.
    Version,
    /// `request`, as a whole.
    Request,
    /// `response.status`.
    Status,
    /// `response`, as a whole.
    Outcome,
    /// The same places in the answer.
    Response(Box<Locator>),
    /// `run.output:LINE`.
    Output(Stream, u64),
    /// `run.config` and a JSON pointer.
    Config(String),
    /// `run.environment[NAME]`: a variable of the command's environment.
    Variable(String),
    /// `run.secret[NAME]`: what `--secret NAME=...` named.
    Named(String),
    /// `run.spec`.
    Spec,
    /// `run.manifest:LINE`.
    Manifest(Option<u32>),
    /// `connection:N.tls`.
    Tls(u32),
    /// `connection:N`.
    Connection(u32),
    /// `run.exit`.
    Exit,
    /// `run.sampled`: the connections that were sampled while the command ran.
    Sampled,
}

/// A part of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldPart {
    /// All of it.
    Whole,
    /// Its auth-scheme.
    Scheme,
    /// Its token.
    Token,
    /// Its place among the others.
    Order,
    /// White space around its value.
    Spacing,
    /// The case of its name.
    Name,
}

impl Locator {
    /// A whole field that occurs once.
    pub fn field(name: &str) -> Self {
        Self::Field { name: name.to_owned(), nth: 0, part: FieldPart::Whole }
    }

    /// The same field, parameter, cookie or member, whichever part and occurrence of it.
    pub fn is_same_place(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Field { name, .. }, Self::Field { name: other, .. })
            | (Self::Query { name, .. }, Self::Query { name: other, .. })
            | (Self::Form { name, .. }, Self::Form { name: other, .. }) => name == other,
            (one, other) => one == other,
        }
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.within(f, "request")
    }
}

impl Locator {
    fn within(&self, f: &mut fmt::Formatter<'_>, message: &str) -> fmt::Result {
        match self {
            Self::Method => write!(f, "{message}.method"),
            Self::Scheme => write!(f, "{message}.target.scheme"),
            Self::Host => write!(f, "{message}.target.host"),
            Self::Port => write!(f, "{message}.target.port"),
            Self::Path => write!(f, "{message}.target.path"),
            Self::UserInfo => write!(f, "{message}.target.userinfo"),
            Self::Query { name, nth } => write!(f, "{message}.query[{name}]{}", Nth(*nth)),
            Self::Field { name, nth, part } => {
                let part = match part {
                    FieldPart::Whole => "",
                    FieldPart::Scheme => ".scheme",
                    FieldPart::Token => ".token",
                    FieldPart::Order => ".order",
                    FieldPart::Spacing => ".spacing",
                    FieldPart::Name => ".name",
                };
                write!(f, "{message}.field[{name}]{}{part}", Nth(*nth))
            }
            Self::Fields => write!(f, "{message}.field.order"),
            Self::Cookie { name } => write!(f, "{message}.cookie[{name}]"),
            Self::Body { pointer } => write!(f, "{message}.body{pointer}"),
            Self::Form { name, nth } => write!(f, "{message}.body.form[{name}]{}", Nth(*nth)),
            Self::Version => write!(f, "{message}.version"),
            Self::Request => f.write_str("request"),
            Self::Status => f.write_str("response.status"),
            Self::Outcome => f.write_str("response"),
            Self::Response(inner) => inner.within(f, "response"),
            Self::Output(_, line) => write!(f, "run.output:{line}"),
            Self::Config(pointer) => write!(f, "run.config{pointer}"),
            Self::Variable(name) => write!(f, "run.environment[{name}]"),
            Self::Named(name) => write!(f, "run.secret[{name}]"),
            Self::Spec => f.write_str("run.spec"),
            Self::Manifest(Some(line)) => write!(f, "run.manifest:{line}"),
            Self::Manifest(None) => f.write_str("run.manifest"),
            Self::Tls(number) => write!(f, "connection:{number}.tls"),
            Self::Connection(number) => write!(f, "connection:{number}"),
            Self::Exit => f.write_str("run.exit"),
            Self::Sampled => f.write_str("run.sampled"),
        }
    }
}

struct Nth(u32);

impl fmt::Display for Nth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 { Ok(()) } else { write!(f, "#{}", self.0) }
    }
}
