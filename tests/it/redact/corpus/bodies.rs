//! Places in a body.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::fill;

/// Places in a text: name, media type, text, and whether it tells by a name, or by being a value, that it holds a secret.
#[rustfmt::skip]
pub(super) const TEXTS: &[(&str, &str, &str, bool)] = &[
    ("JSON", "application/json", r#"{"user":"u","password":"{j}"}"#, true),
    ("JSON, unlisted name", "application/json", r#"{"a":[{"b":{"referencia":"{j}"}}]}"#, true),
    ("JSON name", "application/json", r#"{"{j}":1}"#, false),
    ("JSON array", "application/json", r#"["login","{j}",["{j}"]]"#, true),
    ("JSON number", "application/json", r#"{"n":{},"m":[{}]}"#, true),
    ("JSON code points", "application/json", r#"{"token":"{u}"}"#, true),
    ("JSON in JSON", "application/json", r#"{"config":"{\"api_key\":\"{jj}\"}"}"#, true),
    ("JSON in JSON in a form", "application/x-www-form-urlencoded", "payload=%7B%22a%22%3A%22%7B%5C%22k%5C%22%3A%5C%22{%}%5C%22%7D%22%7D", true),
    ("base64 in JSON", "application/json", r#"{"payload":"{b}"}"#, true),
    ("hexadecimal in JSON", "application/json", r#"{"payload":"{x}"}"#, true),
    ("text in JSON", "application/json", r#"{"note":"my key is {j} ok"}"#, true),
    ("error in JSON", "application/json", r#"{"error":"invalid token '{j}' supplied"}"#, true),
    ("error in words", "application/json", r#"{"message":"login of {j} failed"}"#, false),
    ("nested error", "application/json", r#"{"errors":[{"detail":"header X-Api-Key: {j} refused"}]}"#, true),
    ("URL in JSON", "application/json", r#"{"next":"https://u:{%}@h.example/x?cursor={%}#{%}"}"#, false),
    ("data URL", "application/json", r#"{"image":"data:text/plain;base64,{b}"}"#, true),
    ("JSON, broken", "application/json", r#"{"a":"{j}""#, true),
    ("JSON with a comment", "application/json", "{\"a\":1} // {}", true),
    ("JSON after a mark", "application/json", "\u{feff}{\"a\":\"{j}\"}", true),
    ("JSON behind a guard", "application/json", ")]}',\n{\"a\":\"{j}\"}", true),
    ("JSONP", "application/javascript", "cb_{}({\"token\":\"{j}\"});", true),
    ("JSON as text", "text/plain", r#"{"api_key":"{j}"}"#, true),
    ("JSON, unknown type", "application/vnd.acme", r#"{"api_key":"{j}"}"#, true),
    ("JSON lines", "application/x-ndjson", "{\"n\":1}\n{\"s\":\"{j}\"}\n", true),
    ("JSON lines, broken", "application/x-ndjson", "{\"n\":1}\n{\"s\":\"{j}\"", true),
    ("JSON sequence", "application/json-seq", "\u{1e}{\"s\":\"{j}\"}\n", true),
    ("GraphQL's variable", "application/json", r#"{"query":"query L($p:String!){login(p:$p){id}}","variables":{"p":"{j}"}}"#, true),
    ("GraphQL's literal", "application/json", r#"{"query":"mutation{login(user:\"u\",pw:\"{jj}\"){id}}"}"#, true),
    ("GraphQL's block", "application/graphql", "mutation { login(p:\"\"\"{}\"\"\") { id } }", true),
    ("GraphQL's comment", "application/graphql", "query Q { a } # {}\n", true),
    ("GraphQL, no string", "application/graphql", "query Q { a(b: {}) }", false),
    ("GraphQL's alias", "application/graphql", "query Q { {}: a }", false),
    ("form", "application/x-www-form-urlencoded", "grant_type=password&senha={%}&referencia={%}", true),
    ("form name", "application/x-www-form-urlencoded", "{%}=x&a=1", false),
    ("form, protocol's words", "application/x-www-form-urlencoded", "grant_type={%}&scope={%}&token_type={%}", false),
    ("form with plus signs", "application/x-www-form-urlencoded", "a={+}", true),
    ("form, raw", "application/x-www-form-urlencoded", "token={}", true),
    ("form as text", "text/plain", "client_id=a&client_secret={%}", true),
    ("multipart", "multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=\"nota\"\r\n\r\n{}\r\n--B--\r\n", true),
    ("multipart file", "multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"{}.json\"\r\nContent-Type: application/json\r\n\r\n{\"k\":\"{j}\"}\r\n--B--\r\n", false),
    ("multipart text", "multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=\"f\"\r\nContent-Type: text/plain\r\n\r\nkey {}\r\n--B--\r\n", true),
    ("multipart name", "multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=\"{}\"; filename*=UTF-8''{%}\r\n\r\nx\r\n--B--\r\n", false),
    ("multipart field", "multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=a\r\nX-Key: {}\r\nContent-ID: <{}>\r\n\r\nx\r\n--B--\r\n", true),
    ("multipart, base64", "multipart/mixed; boundary=B", "--B\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n{b}\r\n--B--\r\n", true),
    ("multipart, quoted-printable", "multipart/mixed; boundary=B", "--B\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{q}\r\n--B--\r\n", true),
    ("multipart in multipart", "multipart/mixed; boundary=B", "--B\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n--C\r\nContent-Type: text/plain\r\n\r\n{}\r\n--C--\r\n--B--\r\n", true),
    ("multipart without end", "multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\n{}", true),
    ("multipart, another boundary", "multipart/form-data; boundary=B", "--X\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\n{}\r\n--X--", true),
    ("multipart's preamble", "multipart/mixed; boundary=B", "{}\r\n--B\r\n\r\nx\r\n--B--\r\n{}", true),
    ("multipart's boundary", "multipart/mixed; boundary=\"{}\"", "--{}\r\n\r\nx\r\n--{}--", false),
    ("XML element", "text/xml", "<s:E xmlns:s=\"x\"><w:Password Type=\"t\">{h}</w:Password></s:E>", true),
    ("XML, unlisted element", "text/xml", "<r><referencia>{h}</referencia></r>", true),
    ("XML attribute", "application/xml", "<login user=\"u\" chave=\"{h}\" x='{h}'/>", true),
    ("XML data", "application/xml", "<t><a><![CDATA[{}]]></a></t>", true),
    ("XML comment", "application/xml", "<t><!-- {} --></t>", true),
    ("XML instruction", "application/xml", "<?pi key=\"{}\"?><!DOCTYPE t [<!ENTITY k \"{}\">]><t>&k;</t>", true),
    ("XML name", "application/xml", "<{} {}=\"1\"></{}>", false),
    ("HTML", "text/html", "<meta name=csrf content={h}><input value='{h}'><a href=\"/x?t={%}\">{h}</a>", true),
    ("HTML script", "text/html", "<script>window.cfg={\"apiKey\":\"{j}\"};var k='{}'</script>", true),
    ("HTML error", "text/html", "<html><body><h1>401</h1><pre>Traceback: key={h}\nBearer {h}</pre></body></html>", true),
    ("HTML comment", "text/html", "<!-- build {} --><p>x", true),
    ("HTML, broken", "text/html", "<a href=\"{h}", true),
    ("text", "text/plain", "some words {} and more", true),
    ("one word", "text/plain", "{}", true),
    ("events", "text/event-stream", "event: token\ndata: {\"t\":\"{j}\"}\nid: {}\n\ndata: {}\n\n", true),
    ("CSV", "text/csv", "user,password\nme,\"{}\"\nyou,{}\n", true),
    ("YAML", "application/yaml", "credentials:\n  api_key: {}\n  note: '{}'\n  - {}\n", true),
    ("TOML", "application/toml", "[auth]\ntoken = \"{}\"\n", true),
    (".env", "text/plain", "API_KEY={}\nexport TOKEN=\"{}\"\n", true),
    (".env, one line", "text/plain", "API_KEY={}", true),
    ("SQL", "text/plain", "CREATE USER me IDENTIFIED BY '{}'; SELECT * FROM t WHERE k = '{}'", true),
    ("JavaScript", "application/javascript", "const k = `{}`; fetch('/x', {headers: {'X-Key': '{}'}})", true),
    ("PEM", "application/x-pem-file", "-----BEGIN X-----\n{b}\n-----END X-----\n", true),
    ("UTF-7", "text/plain; charset=utf-7", "+AHs-{}+AH0-", true),
    ("quoted-printable", "message/rfc822", "Subject: x\r\n\r\nkey=3D{q}", true),
    ("no type", "", "{}", true),
    ("form without type", "", "k={%}&v={%}", true),
    ("terminal", "text/plain", "\u{1b}[31m{}\u{1b}[0m", true),
    ("SOAP header", "text/xml", "<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Header><wsse:Security><wsse:UsernameToken><wsse:Username>{h}</wsse:Username><wsse:Nonce>{b}</wsse:Nonce></wsse:UsernameToken></wsse:Security></soap:Header></soap:Envelope>", true),
    ("SAML", "application/xml", "<saml:Attribute Name=\"{h}\"><saml:AttributeValue>{h}</saml:AttributeValue></saml:Attribute>", true),
    ("connection string", "application/json", r#"{"dsn":"Server=h;Uid=u;Pwd={j};"}"#, true),
    ("GraphQL's default", "application/graphql", "query Q($p: String = \"{j}\", $n: Int = 3) { a }", true),
    ("GraphQL's directive", "application/graphql", "query Q { a @include(if: {}) @{} }", false),
    ("CSV's head", "text/csv", "{},b\n1,2\n", true),
    ("CSV with semicolons", "text/csv", "a;b\n\"{}\";{}\n", true),
    ("YAML key", "application/yaml", "{}: 1\n", true),
    ("YAML block", "application/yaml", "key: |\n  {}\n", true),
    ("JSON lines, name", "application/x-ndjson", "{\"{j}\":1}\n{\"a\":2}\n", false),
    ("hexadecimal in JSON, short name", "application/json", r#"{"id":"{x}","ids":["{x}"]}"#, true),
    ("code points in text", "text/plain", "token={u} and {u}", true),
];

/// A body in bytes: name, field lines, bytes.
pub(super) type Binary = (&'static str, &'static str, fn(&str) -> Vec<u8>);

fn json(value: &str) -> Vec<u8> {
    fill(r#"{"token":"{j}","text":"{j}"}"#, value).into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// Brotli without compression (RFC 7932, section 9.2): a stored block, then an empty last one.
fn brotli(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len() - 1).unwrap();
    let header = 0xb | length << 7 | 1 << 23;
    [&header.to_le_bytes()[..3], bytes, &[3]].concat()
}

fn utf16(text: &str) -> Vec<u8> {
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// A field with a length before it, as protobuf, CBOR and their like have them.
fn prefixed(tag: &[u8], value: &str) -> Vec<u8> {
    [tag, &[u8::try_from(value.len().min(255)).unwrap()], value.as_bytes()].concat()
}

/// Bodies that are no texts at first sight.
#[rustfmt::skip]
pub(super) const BYTES: &[Binary] = &[
    ("gzip", "Content-Type: application/json\r\nContent-Encoding: gzip", |value| gzip(&json(value))),
    ("deflate", "Content-Type: application/json\r\nContent-Encoding: deflate", |value| zlib(&json(value))),
    ("zstd", "Content-Type: application/json\r\nContent-Encoding: zstd", |value| zstd(&json(value))),
    ("Brotli", "Content-Type: application/json\r\nContent-Encoding: br", |value| brotli(&json(value))),
    ("two codings", "Content-Type: application/json\r\nContent-Encoding: gzip, zstd", |value| zstd(&gzip(&json(value)))),
    ("three codings", "Content-Type: text/plain\r\nContent-Encoding: deflate\r\nContent-Encoding: br, gzip", |value| gzip(&brotli(&zlib(&json(value))))),
    ("five codings", "Content-Type: text/plain\r\nContent-Encoding: br, br, br, br, br", |value| brotli(&brotli(&brotli(&brotli(&brotli(&json(value))))))),
    ("coding not declared", "Content-Type: application/json", |value| brotli(&json(value))),
    ("wrong coding", "Content-Type: application/json\r\nContent-Encoding: gzip", |value| json(value)),
    ("wrong coding, Brotli", "Content-Type: application/json\r\nContent-Encoding: zstd", |value| brotli(&json(value))),
    ("unknown coding", "Content-Type: application/json\r\nContent-Encoding: x-own", |value| json(value)),
    ("coding cut off", "Content-Type: application/json\r\nContent-Encoding: br", |value| { let mut bytes = brotli(&json(value)); bytes.truncate(bytes.len() - 3); bytes }),
    ("something after a coding", "Content-Type: application/json\r\nContent-Encoding: gzip", |value| [gzip(b"{}"), value.as_bytes().to_vec()].concat()),
    ("gzip in base64 in JSON", "Content-Type: application/json", |value| fill(r#"{"p":"{b}"}"#, &String::from_utf8_lossy(&brotli(value.as_bytes()))).into_bytes()),
    ("UTF-16", "Content-Type: application/json; charset=utf-16", |value| utf16(&fill(r#"{"a":"{j}"}"#, value))),
    ("Latin-1", "Content-Type: text/plain; charset=iso-8859-1", |value| [b"\xe9 ", value.as_bytes(), b" \xff"].concat()),
    ("not UTF-8", "Content-Type: application/json", |value| [b"{\"a\":\"", value.as_bytes(), b"\xff\"}"].concat()),
    ("protobuf", "Content-Type: application/x-protobuf", |value| prefixed(&[0x0a], value)),
    ("gRPC", "Content-Type: application/grpc", |value| [&[0, 0, 0, 0, 60][..], &prefixed(&[0x12], value)].concat()),
    ("gRPC as text", "Content-Type: application/grpc-web-text", |value| fill("{b}", value).into_bytes()),
    ("MessagePack", "Content-Type: application/msgpack", |value| prefixed(&[0x81, 0xa1, b'k', 0xd9], value)),
    ("CBOR", "Content-Type: application/cbor", |value| prefixed(&[0xa1, 0x61, b'k', 0x78], value)),
    ("printable protobuf", "Content-Type: text/plain", |value| [b"\n", value.as_bytes(), b"\r\n)"].concat()),
    ("binary", "Content-Type: application/octet-stream", |value| [b"\0\x01", value.as_bytes(), b"\xff"].concat()),
    ("text with a zero", "Content-Type: text/plain", |value| [b"a\0", value.as_bytes()].concat()),
];
