//! The values of a request that are made of one with a name, and where they stand.

use crate::model::{Content, FieldValue, Json, Parameter, Relation, Request, Secret, Text, Token, UserInfo};

use super::carried::{nth_field, nth_parameter};
use super::{FieldPart, Locator};

/// Calls `see` for every value of a request that is made of a named one. A place is only named when there is something in it.
pub(super) fn each<'r>(request: &'r Request, see: &mut dyn FnMut(Locator, &'r Relation)) {
    for (at, field) in request.fields.iter().enumerate() {
        let place =
            |part| Locator::Field { name: field.name.key.clone(), nth: nth_field(&request.fields, at), part };
        match &field.value {
            FieldValue::Text(text) => of_text(text, &|| place(FieldPart::Whole), see),
            FieldValue::Credentials(credentials) => match &credentials.token {
                Token::Opaque(secret) => of_secret(secret, &|| place(FieldPart::Token), see),
                Token::Basic(info) => of_user_info(info, &|| place(FieldPart::Token), see),
                Token::Parameters(all) => {
                    for text in all.iter().filter_map(|parameter| parameter.value.as_ref()) {
                        of_text(text, &|| place(FieldPart::Token), see);
                    }
                }
            },
            FieldValue::Cookies(cookies) => {
                for cookie in cookies {
                    let place = || Locator::Cookie { name: cookie.name.clone() };
                    cookie.value.iter().for_each(|text| of_text(text, &place, see));
                }
            }
        }
    }
    let target = &request.target;
    target.user_info.iter().for_each(|info| of_user_info(info, &|| Locator::UserInfo, see));
    of_text(&target.path, &|| Locator::Path, see);
    let query = target.query.as_deref().unwrap_or_default();
    of_parameters(query, &|name, nth| Locator::Query { name, nth }, see);
    of_content(&request.body.content, see);
}

fn of_content<'r>(content: &'r Content, see: &mut dyn FnMut(Locator, &'r Relation)) {
    match content {
        Content::Json(json) => of_json(json, &mut String::new(), see),
        Content::JsonLines(lines) => {
            for (at, json) in lines.iter().enumerate() {
                of_json(json, &mut format!("/{at}"), see);
            }
        }
        Content::Form(form) => of_parameters(form, &|name, nth| Locator::Form { name, nth }, see),
        Content::Multipart(parts) => {
            for part in parts {
                let place = || Locator::Form { name: part.name.clone().unwrap_or_default(), nth: 0 };
                match &part.content {
                    Content::Text(text) => of_text(text, &place, see),
                    content => of_content(content, &mut |_, relation| see(place(), relation)),
                }
            }
        }
        Content::Text(text) => of_text(text, &|| Locator::Body { pointer: String::new() }, see),
        Content::Empty | Content::Opaque(_) => {}
    }
}

fn of_json<'r>(json: &'r Json, pointer: &mut String, see: &mut dyn FnMut(Locator, &'r Relation)) {
    let length = pointer.len();
    match json {
        Json::Null | Json::Bool(_) => {}
        Json::Number(text) | Json::String(text) => {
            of_text(text, &|| Locator::Body { pointer: pointer.clone() }, see);
        }
        Json::Embedded(inner) => of_json(inner, pointer, see),
        Json::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                pointer.extend(["/", &at.to_string()]);
                of_json(item, pointer, see);
                pointer.truncate(length);
            }
        }
        Json::Object(members) => {
            for (name, member) in members {
                pointer.extend(["/", &name.replace('~', "~0").replace('/', "~1")]);
                of_json(member, pointer, see);
                pointer.truncate(length);
            }
        }
    }
}

fn of_parameters<'r>(
    all: &'r [Parameter],
    place: &dyn Fn(String, u32) -> Locator,
    see: &mut dyn FnMut(Locator, &'r Relation),
) {
    for (at, parameter) in all.iter().enumerate() {
        let place = || place(parameter.name.clone(), nth_parameter(all, at));
        parameter.value.iter().for_each(|text| of_text(text, &place, see));
    }
}

fn of_user_info<'r>(
    info: &'r UserInfo,
    place: &dyn Fn() -> Locator,
    see: &mut dyn FnMut(Locator, &'r Relation),
) {
    of_secret(&info.user, place, see);
    info.password.iter().for_each(|password| of_secret(password, place, see));
}

fn of_text<'r>(text: &'r Text, place: &dyn Fn() -> Locator, see: &mut dyn FnMut(Locator, &'r Relation)) {
    text.secrets().for_each(|secret| of_secret(secret, place, see));
}

fn of_secret<'r>(
    secret: &'r Secret,
    place: &dyn Fn() -> Locator,
    see: &mut dyn FnMut(Locator, &'r Relation),
) {
    if let Some(relation) = &secret.relation {
        see(place(), relation);
    }
}
