//! What was rendered once need not be rendered again: clients send the same bytes again and again, and many answers are
//! the same as well.
//!
//! What comes out of a message depends on its bytes, on what the redactor knows and, where dates are in it, on the second
//! at which it was sent. All of that is compared here, byte by byte: an exchange is written as it would be without the memo.

mod key;

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use foldhash::fast::RandomState;

use super::observer::{self, Came, Observer, Seen};
use crate::capture::{Entry, Frame, Rendered, Writer};
use crate::model::Exchange;
use crate::redact::{RawExchange, RawMessage, RawOutcome, Redacted, Redactor};
use key::{Key, Parts};

/// Bytes that are kept of requests and what was made of them; the same of answers.
const ROOM: usize = 2 << 20;
/// Messages that were rendered before.
#[derive(Default)]
pub(super) struct Memo {
    requests: Shelf<RequestLine>,
    responses: Shelf<u16>,
    /// What the redactor knew when they were rendered.
    generation: u64,
}

/// An exchange as it is to be written.
pub(super) struct Ready {
    of: Of,
    /// What the redactor knew when it redacted the request.
    generation: u64,
    /// To be checked first; none where both messages were found clean before, as all else is samewire's own.
    unchecked: Option<Entry>,
}

enum Of {
    Messages { request: Rc<Kept<RequestLine>>, response: Rc<Kept<u16>> },
    Whole(Box<Exchange>),
}

/// A message and what was made of it.
struct Kept<T> {
    key: Option<Key>,
    /// The second of the request, where that makes a difference.
    second: Option<i64>,
    rendered: Rendered,
    /// What an observer is told of it.
    shown: T,
    /// Asked for since it was last thought of dropping it.
    used: Cell<bool>,
}

/// What is asked of a request besides its rendering.
struct RequestLine {
    method: String,
    url: String,
    is_login: bool,
}

impl Memo {
    /// Redacts and renders an exchange, as far as that was not done before.
    pub(super) fn render(&mut self, redactor: &mut Redactor, raw: &RawExchange) -> serde_json::Result<Ready> {
        if let RawOutcome::Answered(answer) = &raw.outcome
            && raw.websocket.is_none()
        {
            return self.answered(redactor, raw, answer);
        }
        Self::whole(redactor, raw)
    }

    fn whole(redactor: &mut Redactor, raw: &RawExchange) -> serde_json::Result<Ready> {
        let generation = redactor.generation();
        let exchange = redactor.exchange(raw);
        let unchecked = Some(Entry::new(&exchange)?);
        Ok(Ready { of: Of::Whole(Box::new(exchange)), generation, unchecked })
    }

    fn answered(
        &mut self,
        redactor: &mut Redactor,
        raw: &RawExchange,
        answer: &RawMessage,
    ) -> serde_json::Result<Ready> {
        self.follow(redactor);
        let generation = self.generation;
        let second = raw.started_at.as_second();
        let parts = Parts::of_request(raw);
        let known_request = self.requests.find(&parts, second);
        let request = if let Some(known) = &known_request {
            Rc::clone(known)
        } else {
            let Redacted { value, depends_on_time } = redactor.request(raw);
            let is_login = Redactor::is_login(&raw.request);
            let shown = RequestLine { method: value.method.clone(), url: value.target.url(), is_login };
            let second = depends_on_time.then_some(second);
            Rc::new(self.requests.kept(&parts, second, Rendered::request(&value)?, shown))
        };
        let parts = Parts::of_response(request.shown.is_login, answer);
        let known_response = self.responses.find(&parts, second);
        let response = if let Some(known) = &known_response {
            Rc::clone(known)
        } else {
            let Redacted { value, depends_on_time } = redactor.response(raw, answer);
            let second = depends_on_time.then_some(second);
            Rc::new(self.responses.kept(&parts, second, Rendered::response(&value)?, value.status))
        };
        if redactor.generation() != generation
            && !request.rendered.is_clean(|part| redactor.check(part).is_ok())
        {
            // The answer issued what its own request shows.
            return Self::whole(redactor, raw);
        }
        let unchecked = if known_request.is_some() && known_response.is_some() {
            None
        } else {
            Some(Entry::answered(&frame(raw), &request.rendered, &response.rendered)?)
        };
        Ok(Ready { of: Of::Messages { request, response }, generation, unchecked })
    }

    /// Keeps the messages of an exchange that was found clean.
    pub(super) fn keep(&mut self, redactor: &Redactor, ready: &Ready) {
        self.follow(redactor);
        if let Of::Messages { request, response } = &ready.of
            && ready.unchecked.is_some()
        {
            // Not a request whose own answer issued a token: that is to be looked for in it the next time.
            if ready.generation == self.generation {
                self.requests.put(request);
            }
            self.responses.put(response);
        }
    }

    /// Forgets what was made with other knowledge.
    fn follow(&mut self, redactor: &Redactor) {
        if self.generation != redactor.generation() {
            *self = Self { generation: redactor.generation(), ..Self::default() };
        }
    }
}

fn frame(raw: &RawExchange) -> Frame<'_> {
    Frame {
        number: raw.number,
        connection: raw.connection,
        index: raw.index,
        started_at: raw.started_at,
        timings: &raw.timings,
        interim: &raw.interim,
    }
}

impl Ready {
    /// What is to be checked before it is written.
    pub(super) fn unchecked(&self) -> Option<&Entry> {
        self.unchecked.as_ref()
    }

    /// Adds the exchange to the next write.
    pub(super) fn push(&self, raw: &RawExchange, writer: &mut Writer) -> serde_json::Result<()> {
        match (&self.unchecked, &self.of) {
            (Some(entry), _) => writer.push(entry),
            (None, Of::Whole(exchange)) => writer.push(&Entry::new(exchange)?),
            (None, Of::Messages { request, response }) => {
                writer.push_answered(&frame(raw), &request.rendered, &response.rendered)?;
            }
        }
        Ok(())
    }

    /// Shows the exchange.
    pub(super) fn show(&self, observer: &mut dyn Observer, raw: &RawExchange) {
        match &self.of {
            Of::Whole(exchange) => observer::show(observer, exchange),
            Of::Messages { request, response } => observer.see(&Seen {
                number: raw.number,
                method: &request.shown.method,
                url: &request.shown.url,
                came: Came::Answered(response.shown),
                timings: &raw.timings,
            }),
        }
    }
}

/// Messages of one kind, by the hash of their bytes; the oldest that nobody asked for are dropped first.
struct Shelf<T> {
    kept: HashMap<u64, Rc<Kept<T>>, RandomState>,
    /// What was found last: the next one is often the same, and to see that takes less than to hash it.
    last: Option<Rc<Kept<T>>>,
    order: VecDeque<u64>,
    bytes: usize,
    hasher: RandomState,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self {
            kept: HashMap::default(),
            last: None,
            order: VecDeque::new(),
            bytes: 0,
            hasher: RandomState::default(),
        }
    }
}

impl<T> Shelf<T> {
    fn find(&mut self, parts: &Parts<'_>, second: i64) -> Option<Rc<Kept<T>>> {
        if let Some(last) = self.last.as_ref().filter(|last| last.is_of(parts, second)) {
            last.used.set(true);
            return Some(Rc::clone(last));
        }
        let kept = self.kept.get(&parts.hash(&self.hasher)?)?;
        if !kept.is_of(parts, second) {
            return None;
        }
        kept.used.set(true);
        self.last = Some(Rc::clone(kept));
        self.last.clone()
    }

    fn kept(&self, parts: &Parts<'_>, second: Option<i64>, rendered: Rendered, shown: T) -> Kept<T> {
        Kept { key: parts.key(&self.hasher), second, rendered, shown, used: Cell::new(false) }
    }

    fn put(&mut self, message: &Rc<Kept<T>>) {
        let Some(hash) = message.key.as_ref().map(|key| key.hash) else { return };
        self.bytes += message.size();
        match self.kept.insert(hash, Rc::clone(message)) {
            Some(before) => self.bytes -= before.size(),
            None => self.order.push_back(hash),
        }
        while self.bytes > ROOM {
            let Some(oldest) = self.order.pop_front() else { break };
            if self.kept.get(&oldest).is_some_and(|kept| kept.used.take()) {
                self.order.push_back(oldest);
            } else if let Some(dropped) = self.kept.remove(&oldest) {
                self.bytes -= dropped.size();
                self.last.take_if(|last| Rc::ptr_eq(last, &dropped));
            }
        }
    }
}

impl<T> Kept<T> {
    /// It is what becomes of these, sent in this second.
    fn is_of(&self, parts: &Parts<'_>, second: i64) -> bool {
        self.key.as_ref().is_some_and(|key| parts.are(key))
            && self.second.is_none_or(|its_second| its_second == second)
    }

    fn size(&self) -> usize {
        // And some for what is around them.
        self.key.as_ref().map_or(0, |key| key.bytes.len()) + self.rendered.size() + 256
    }
}

#[cfg(test)]
mod tests;
