//! Messages: targets, fields, bodies.

use crate::model::{
    Body, Content, Credentials, Exchange, Fidelity, Field, FieldLine, FieldName, FieldValue, Json, Outcome,
    Parameter, Part, Request, Response, Target, Token, UserInfo,
};

use super::secret::secret;
use super::{Visitor, each, failure, host, host_text, name, text, words};

pub(super) fn exchange(visitor: &mut impl Visitor, exchange: &mut Exchange) {
    let Exchange {
        number: _,
        connection: _,
        index: _,
        started_at: _,
        timings: _,
        request,
        interim: _,
        outcome,
    } = exchange;
    let Request { method, target, version, fields, body, fidelity } = request;
    name(visitor, method);
    self::target(visitor, target);
    name(visitor, version);
    each(fields, |one| field(visitor, one));
    self::body(visitor, body);
    match fidelity {
        Fidelity::Wire | Fidelity::Decoded | Fidelity::Imported(_) => {}
        Fidelity::Desync(how) => words(visitor, how),
    }
    match outcome {
        Outcome::Answered(response) => self::response(visitor, response),
        Outcome::Failed { failure, response } => {
            self::failure(visitor, failure);
            each(response, |response| self::response(visitor, response));
        }
        Outcome::Unfinished => {}
    }
}

fn response(visitor: &mut impl Visitor, response: &mut Response) {
    let Response { version, status: _, reason, fields, body, websocket: _ } = response;
    name(visitor, version);
    text(visitor, reason);
    each(fields, |one| field(visitor, one));
    self::body(visitor, body);
}

pub(super) fn target(visitor: &mut impl Visitor, target: &mut Target) {
    let Target { form: _, scheme, host, port: _, user_info, path, query, fragment } = target;
    name(visitor, scheme);
    self::host(visitor, host);
    each(user_info, |info| self::user_info(visitor, info));
    text(visitor, path);
    parameters(visitor, query.as_mut().map_or(&mut [], Vec::as_mut_slice));
    each(fragment, |fragment| text(visitor, fragment));
}

fn user_info(visitor: &mut impl Visitor, info: &mut UserInfo) {
    let UserInfo { user, password } = info;
    secret(visitor, user);
    each(password, |password| secret(visitor, password));
}

/// Fields that name hosts and nothing else.
const HOSTS: [&str; 3] = ["host", "x-forwarded-host", "via"];

fn field(visitor: &mut impl Visitor, field: &mut Field) {
    let FieldLine { name: FieldName { sent, key }, spacing: _, value } = &mut **field;
    let names_hosts = HOSTS.contains(&key.as_str());
    name(visitor, sent);
    name(visitor, key);
    match value {
        FieldValue::Text(value) if names_hosts => host_text(visitor, value),
        FieldValue::Text(value) => text(visitor, value),
        FieldValue::Cookies(pairs) => cookies(visitor, pairs),
        FieldValue::Credentials(credentials) => {
            let Credentials { scheme, separator: _, token } = &mut **credentials;
            each(scheme, |scheme| name(visitor, scheme));
            match token {
                Token::Opaque(token) => secret(visitor, token),
                Token::Basic(info) => user_info(visitor, info),
                Token::Parameters(all) => parameters(visitor, all),
            }
        }
    }
}

/// Pairs of `Cookie`, or of `Set-Cookie`, whose `Domain` names a host (RFC 6265, section 4.1.2.3).
fn cookies(visitor: &mut impl Visitor, pairs: &mut [Parameter]) {
    for pair in pairs {
        if pair.name.eq_ignore_ascii_case("domain")
            && let Some(value) = &mut pair.value
        {
            host_text(visitor, value);
        } else {
            parameters(visitor, std::slice::from_mut(pair));
        }
    }
}

fn parameters(visitor: &mut impl Visitor, parameters: &mut [Parameter]) {
    for Parameter { name: parameter, value } in parameters {
        name(visitor, parameter);
        each(value, |value| text(visitor, value));
    }
}

fn body(visitor: &mut impl Visitor, body: &mut Body) {
    let Body { length: _, digest, framing: _, complete: _, codings: _, content, trailers } = body;
    each(digest, |digest| visitor.part(digest));
    self::content(visitor, content);
    each(trailers, |one| field(visitor, one));
}

fn content(visitor: &mut impl Visitor, content: &mut Content) {
    match content {
        Content::Empty | Content::Opaque(_) => {}
        Content::Json(value) => value.change(|value| json(visitor, value)),
        Content::JsonLines(values) => each(values, |value| json(visitor, value)),
        Content::Form(all) => parameters(visitor, all),
        Content::Multipart(parts) => {
            for Part { name: part, file_name, fields, content, length: _ } in parts {
                each(part, |part| name(visitor, part));
                each(file_name, |file| text(visitor, file));
                each(fields, |one| field(visitor, one));
                self::content(visitor, content);
            }
        }
        Content::Text(value) => text(visitor, value),
    }
}

fn json(visitor: &mut impl Visitor, value: &mut Json) {
    match value {
        Json::Null | Json::Bool(_) => {}
        Json::Number(value) | Json::String(value) => text(visitor, value),
        Json::Embedded(inner) => json(visitor, inner),
        Json::Array(items) => each(items, |item| json(visitor, item)),
        Json::Object(members) => {
            for (key, member) in members {
                name(visitor, key);
                json(visitor, member);
            }
        }
    }
}
