//! Exchanges as something that can be run or sent on: curl and HTTPie command lines, Python code. What the capture does not hold stands
//! in them as a variable, named by the value's own name where it has one. Pure.
//!
//! | part | what it knows |
//! |---|---|
//! | `call` | a request in parts: text that was sent, and variables |
//! | `names` | the name of each variable, and what to fill in |
//! | `curl`, `httpie`, `requests` | one form each |
//! | `shell` | words that a POSIX shell reads back as they are |

mod call;
mod curl;
mod httpie;
mod names;
mod requests;
mod shell;

use crate::model::{Exchange, Side};
use crate::report::inert;

use call::Call;
use names::Names;

/// What an exchange can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A curl command line.
    Curl,
    /// An HTTPie command line.
    Httpie,
    /// Python code for the library requests.
    Requests,
}

/// Writes requests in a form. Those of both sides may be among them where the values have ordinals, as in a bundle: under a key they are
/// named by the config's keys, which may hold other values on the other side.
pub fn export(exchanges: &[(Side, &Exchange)], form: Form) -> String {
    let mut names = Names::default();
    let calls: Vec<(Side, &Exchange, Call)> =
        exchanges.iter().map(|(side, exchange)| (*side, *exchange, Call::of(exchange, &mut names))).collect();
    let mut out = match form {
        Form::Curl | Form::Httpie => shell::opening(&names),
        Form::Requests => requests::opening(&names),
    };
    for (side, exchange, call) in calls {
        out.push('\n');
        let target = exchange.request.target.url();
        out.push_str(&comment(&format!("{side} #{}: {} {target}", exchange.number, call.method)));
        for remark in &call.remarks {
            out.push_str(&comment(remark));
        }
        out.push_str(&match form {
            Form::Curl => curl::command(&call),
            Form::Httpie => httpie::command(&call),
            Form::Requests => requests::code(&call),
        });
    }
    out
}

/// A line of a comment: nothing in it can end it.
fn comment(text: &str) -> String {
    format!("# {}\n", inert(text))
}
