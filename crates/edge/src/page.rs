//! The same description for people: one page and one stylesheet, which load nothing from elsewhere.

use crate::codes;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The stylesheet of all pages.
pub const STYLE: &str = include_str!("style.css");

/// The page. Writing to a string cannot fail.
#[must_use]
pub fn page(document: &Value) -> String {
    let mut page = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Anvis: interface</title><link rel=\"stylesheet\" href=\"/style.css\"></head>\n<body>\
         <a class=\"skip\" href=\"#main\">To the content <span lang=\"da\">Til indholdet</span></a>\
         <header><div class=\"inner\"><p class=\"name\">Anvis</p>\
         <p class=\"what\">The payee-account registry for other systems \
         <span lang=\"da\">Kontoregistret for andre systemer</span></p></div></header>\n<main id=\"main\">",
    );
    let _ = write!(
        page,
        "<h1>Interface {}</h1><p class=\"lead\">{}</p><p>The same for programs: <a href=\"/openapi.json\">openapi.json</a> \
         (OpenAPI 3.1).</p>",
        escape(text(&document["info"]["version"])),
        escape(text(&document["info"]["description"]))
    );
    let operations = operations(document);
    page.push_str("<nav aria-label=\"Operations\"><h2>Operations <span lang=\"da\">Operationer</span></h2><ul>");
    for (method, path, operation) in &operations {
        let id = escape(text(&operation["operationId"]));
        let _ = write!(
            page,
            "<li><a href=\"#{id}\"><code>{} {}</code></a> {}</li>",
            method.to_uppercase(),
            escape(path),
            escape(text(&operation["summary"]))
        );
    }
    page.push_str("</ul></nav>");
    let (any, to_clients) = usual(&operations);
    let _ = write!(
        page,
        "<p>Any operation can also answer {}. One for clients can also answer {}.</p>",
        listed(&any),
        listed(&to_clients)
    );
    for (method, path, operation) in &operations {
        let is_usual = |code: &str| any.contains(code) || (is_for_clients(operation) && to_clients.contains(code));
        show_operation(&mut page, method, path, operation, &is_usual);
    }
    page.push_str("<h2 id=\"fields\">Fields <span lang=\"da\">Felter</span></h2>");
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        let _ = write!(page, "<section><h3 id=\"schema-{0}\">{0}</h3>", escape(name));
        show_schema(&mut page, schema);
        page.push_str("</section>");
    }
    page.push_str(
        "<h2 id=\"problems\">Problems <span lang=\"da\">Problemer</span></h2><table><thead><tr>\
         <th>Code <span lang=\"da\">Kode</span></th><th>Status</th><th>English</th><th lang=\"da\">Dansk</th></tr></thead><tbody>",
    );
    for codes::Row { code, status, english, danish } in codes::CODES {
        let _ = write!(
            page,
            "<tr><td><code>{code}</code></td><td>{status}</td><td>{english}</td><td lang=\"da\">{danish}</td></tr>"
        );
    }
    page.push_str("</tbody></table></main></body></html>\n");
    page
}

type Operation<'d> = (&'d str, &'d str, &'d Value);

/// Those that clients come for, and then the others.
fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let mut operations: Vec<Operation<'_>> = paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().into_iter().flatten();
            methods.map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
        })
        .collect();
    operations.sort_by_key(|(_, _, operation)| operation["x-operation"].is_null());
    operations
}

fn is_for_clients(operation: &Value) -> bool {
    operation["security"][0]["client"].is_array()
}

/// The codes that all operations have in common, and those that all for clients have besides.
fn usual<'d>(operations: &[Operation<'d>]) -> (BTreeSet<&'d str>, BTreeSet<&'d str>) {
    let common = |of: &mut dyn Iterator<Item = &Operation<'d>>| {
        let sets = of.map(|(_, _, operation)| {
            let responses = operation["responses"].as_object().into_iter().flatten();
            responses.flat_map(|(_, response)| codes_of(response)).collect::<BTreeSet<&str>>()
        });
        sets.reduce(|all, more| all.intersection(&more).copied().collect()).unwrap_or_default()
    };
    let any = common(&mut operations.iter());
    let to_clients = common(&mut operations.iter().filter(|(_, _, operation)| is_for_clients(operation)));
    let besides = to_clients.difference(&any).copied().collect();
    (any, besides)
}

fn codes_of(response: &Value) -> impl Iterator<Item = &str> {
    response["x-codes"].as_array().into_iter().flatten().map(text)
}

fn listed<'c>(codes: impl IntoIterator<Item = &'c &'c str>) -> String {
    let codes: Vec<_> = codes.into_iter().map(|code| format!("<code>{code}</code>")).collect();
    codes.join(", ")
}

fn show_operation(page: &mut String, method: &str, path: &str, operation: &Value, is_usual: &dyn Fn(&str) -> bool) {
    let _ = write!(
        page,
        "<section class=\"operation\"><h3 id=\"{}\"><code>{} {}</code></h3><p>{}</p><dl>",
        escape(text(&operation["operationId"])),
        method.to_uppercase(),
        escape(path),
        escape(text(&operation["summary"]))
    );
    let names = |values: &Value| -> Vec<String> {
        values.as_array().into_iter().flatten().map(|value| escape(text(value))).collect()
    };
    let roles = names(&operation["x-roles"]);
    let who = if operation["x-operation"].is_null() { "everyone".to_owned() } else { roles.join(", ") };
    let _ = write!(page, "<dt>For</dt><dd>{who}</dd>");
    let scopes = names(&operation["security"][0]["client"]);
    if !scopes.is_empty() {
        let _ = write!(page, "<dt>Scope</dt><dd><code>{}</code></dd>", scopes.join(" "));
    }
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let _ = write!(
            page,
            "<dt>{} <code>{}</code></dt><dd>{}{}</dd>",
            escape(text(&parameter["in"])),
            escape(text(&parameter["name"])),
            kind(&parameter["schema"]),
            said(&parameter["description"])
        );
    }
    for (label, content) in [("Body <span lang=\"da\">Indhold</span>", &operation["requestBody"]["content"])] {
        for (media, content) in content.as_object().into_iter().flatten() {
            let _ =
                write!(page, "<dt>{label}</dt><dd>{} <code>{}</code></dd>", kind(&content["schema"]), escape(media));
        }
    }
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let codes: Vec<&str> = codes_of(response).filter(|code| !is_usual(code)).collect();
        let contents = response["content"].as_object();
        if !response["x-codes"].is_null() {
            if !codes.is_empty() {
                let _ = write!(page, "<dt>{status}</dt><dd>{}</dd>", listed(&codes));
            }
            continue;
        }
        let _ = write!(page, "<dt>{status}</dt><dd>");
        for (media, content) in contents.into_iter().flatten() {
            let _ = write!(page, "{} <code>{}</code>", kind(&content["schema"]), escape(media));
        }
        page.push_str(if contents.is_none() { "nothing <span lang=\"da\">intet</span></dd>" } else { "</dd>" });
    }
    page.push_str("</dl></section>");
}

/// Of one that has several forms, each.
fn show_schema(page: &mut String, schema: &Value) {
    show_text(page, &schema["description"]);
    let several = schema["oneOf"].as_array().filter(|forms| forms.iter().all(|form| form["properties"].is_object()));
    match several {
        None => show_fields(page, schema),
        Some(forms) => forms.iter().for_each(|form| show_schema(page, form)),
    }
}

fn show_fields(page: &mut String, schema: &Value) {
    let Some(fields) = schema["properties"].as_object() else {
        let _ = write!(page, "<p>{}</p>", kind(schema));
        return;
    };
    let is_required =
        |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name));
    page.push_str("<table><thead><tr><th>Field <span lang=\"da\">Felt</span></th><th>Kind <span lang=\"da\">Slags</span></th><th>Meaning <span lang=\"da\">Betydning</span></th></tr></thead><tbody>");
    for (name, field) in fields {
        let optional = if is_required(name) { "" } else { ", optional" };
        let _ = write!(
            page,
            "<tr><td><code>{}</code></td><td>{}{optional}</td><td>{}</td></tr>",
            escape(name),
            kind(field),
            prose(text(&field["description"]))
        );
    }
    page.push_str("</tbody></table>");
}

fn show_text(page: &mut String, description: &Value) {
    if let Some(description) = description.as_str() {
        let _ = write!(page, "<p>{}</p>", prose(description));
    }
}

/// What a value is, in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        let name = escape(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    let several = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array());
    if let Some(several) = several {
        return several.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if let Some(constant) = schema["const"].as_str() {
        return format!("<code>{}</code>", escape(constant));
    }
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<_> =
            values.iter().filter_map(Value::as_str).map(|value| format!("<code>{}</code>", escape(value))).collect();
        return values.join(" or ");
    }
    let word = match &schema["type"] {
        Value::String(word) => word.clone(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
    };
    match (word.as_str(), &schema["items"], &schema["additionalProperties"]) {
        ("array", items, _) if items.is_object() => format!("list of {}", kind(items)),
        ("object", _, values) if values.is_object() => format!("object of {}", kind(values)),
        _ => escape(&word),
    }
}

fn said(description: &Value) -> String {
    description.as_str().filter(|text| !text.is_empty()).map(|text| format!(". {}", prose(text))).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A text in which backquotes stand around code.
fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 0 { escape(part) } else { format!("<code>{}</code>", escape(part)) }).collect()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}
