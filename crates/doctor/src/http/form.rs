//! The forms of an HTML page: just enough of HTML to log in as a browser does.

/// A form as it would be sent without anybody typing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// The `action`, as written: a path, an address, or empty for the page itself.
    pub(crate) action: String,
    /// Name and value of each input that has a name, in the order of the page.
    pub(crate) fields: Vec<(String, String)>,
}

impl Form {
    /// The value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The same form with a field filled in, whether the page has it or not.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        match self.fields.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// The same form as Rails takes it for another method than POST.
    pub(crate) fn is_delete(&self) -> bool {
        self.get("_method")
            .is_some_and(|method| method.eq_ignore_ascii_case("delete"))
    }
}

/// Every form of a page. Never fails: what is not HTML has no forms.
pub(crate) fn forms(html: &str) -> Vec<Form> {
    let mut forms = Vec::new();
    let mut open: Option<Form> = None;
    for tag in tags(html) {
        match tag.name.as_str() {
            "form" => {
                forms.extend(open.take());
                open = Some(Form {
                    action: tag.attribute("action").unwrap_or_default(),
                    fields: Vec::new(),
                });
            }
            "/form" => forms.extend(open.take()),
            "input" => {
                let skipped =
                    matches!(
                        tag.attribute("type").as_deref(),
                        Some("submit" | "button" | "reset" | "image" | "file")
                    ) || (matches!(tag.attribute("type").as_deref(), Some("checkbox" | "radio"))
                        && tag.attribute("checked").is_none());
                if let (Some(form), Some(name), false) = (&mut open, tag.attribute("name"), skipped)
                {
                    let value = tag.attribute("value").unwrap_or_default();
                    form.fields.push((name, value));
                }
            }
            _ => {}
        }
    }
    forms.extend(open);
    forms
}

/// The page's `<meta name="…" content="…">`.
pub(crate) fn meta(html: &str, name: &str) -> Option<String> {
    tags(html)
        .find(|tag| tag.name == "meta" && tag.attribute("name").as_deref() == Some(name))
        .and_then(|tag| tag.attribute("content"))
}

/// An opening or closing (`/form`) tag.
struct Tag {
    /// Lower case.
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<String> {
        self.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
    }
}

/// The tags of a page in order, without comments and without what scripts and styles contain.
fn tags(html: &str) -> impl Iterator<Item = Tag> + '_ {
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            let start = rest.find('<')?;
            rest = &rest[start + 1..];
            if let Some(comment) = rest.strip_prefix("!--") {
                rest = after(comment, "-->");
                continue;
            }
            if !rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') {
                continue;
            }
            let (tag, left) = tag(rest);
            rest = left;
            if tag.name == "script" || tag.name == "style" {
                let end = format!("</{}", tag.name);
                rest = from(rest, &end);
            }
            return Some(tag);
        }
    })
}

/// One tag from after its `<`, and what follows its `>`.
fn tag(text: &str) -> (Tag, &str) {
    let end = text
        .find(|c: char| c.is_ascii_whitespace() || c == '>')
        .unwrap_or(text.len());
    let name = text[..end].trim_end_matches('/').to_ascii_lowercase();
    let mut attributes = Vec::new();
    let mut rest = &text[end..];
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() || rest.starts_with('>') {
            break;
        }
        let end = rest
            .find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>' | '/'))
            .unwrap_or(rest.len())
            .max(rest.chars().next().map_or(0, char::len_utf8));
        let key = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = "";
        if let Some(after_equals) = rest.strip_prefix('=') {
            let after_equals = after_equals.trim_start();
            (value, rest) = match after_equals.chars().next() {
                Some(quote @ ('"' | '\'')) => match after_equals[1..].split_once(quote) {
                    Some(parts) => parts,
                    None => (&after_equals[1..], ""),
                },
                _ => {
                    let end = after_equals
                        .find(|c: char| c.is_ascii_whitespace() || c == '>')
                        .unwrap_or(after_equals.len());
                    after_equals.split_at(end)
                }
            };
        }
        attributes.push((key, unescape(value)));
    }
    let left = rest.strip_prefix('>').unwrap_or(rest);
    (Tag { name, attributes }, left)
}

fn after<'t>(text: &'t str, needle: &str) -> &'t str {
    text.find(needle)
        .map_or("", |place| &text[place + needle.len()..])
}

/// From the first `needle` on, in any case of letters.
fn from<'t>(text: &'t str, needle: &str) -> &'t str {
    text.to_ascii_lowercase()
        .find(needle)
        .map_or("", |place| &text[place..])
}

/// Text with its entities replaced; only those that Rails writes.
pub(crate) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        plain.push_str(&rest[..start]);
        rest = &rest[start..];
        let entity = rest
            .find(';')
            .filter(|end| *end <= 10)
            .map(|end| &rest[1..end]);
        match entity.and_then(character) {
            Some(character) => {
                plain.push(character);
                rest = &rest[entity.map_or(0, str::len) + 2..];
            }
            None => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn character(entity: &str) -> Option<char> {
    match entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let number = entity.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use expect_test::{Expect, expect};

    use super::*;

    fn check(html: &str, expected: &Expect) {
        let mut text = String::new();
        for form in forms(html) {
            writeln!(text, "[{}]", form.action).unwrap();
            for (name, value) in form.fields {
                writeln!(text, "{name} = {value}").unwrap();
            }
        }
        expected.assert_eq(&text);
    }

    #[test]
    fn the_sign_in_form_keeps_its_token() {
        check(
            r#"<!DOCTYPE html><html><head><meta name="csrf-token" content="global==" /></head><body>
            <form class="simple_form new_user" id="new_user" novalidate="novalidate" action="/auth/sign_in" accept-charset="UTF-8" method="post"><input type="hidden" name="authenticity_token" value="a+b/c&amp;d==" autocomplete="off" />
            <div><input aria-label="E-mail address" class="string" type="email" value="" name="user[email]" id="user_email" /></div>
            <input type=password name="user[password]">
            <button name="button" type="submit" class="btn">Log in</button></form></body></html>"#,
            &expect![[r#"
                [/auth/sign_in]
                authenticity_token = a+b/c&d==
                user[email] = 
                user[password] = 
            "#]],
        );
    }

    #[test]
    fn the_two_forms_of_the_consent_page_are_told_apart() {
        let html = r#"<form action="/oauth/authorize" method="post">
              <input type="hidden" name="authenticity_token" value="one"><input type="hidden" name="client_id" value="id">
              <input type="submit" name="commit" value="Authorize"></form>
            <form action="/oauth/authorize" method="post"><input type="hidden" name="_method" value="delete">
              <input type="hidden" name="authenticity_token" value="two"></form>"#;
        check(
            html,
            &expect![[r#"
                [/oauth/authorize]
                authenticity_token = one
                client_id = id
                [/oauth/authorize]
                _method = delete
                authenticity_token = two
            "#]],
        );
        let deletes: Vec<bool> = forms(html).iter().map(Form::is_delete).collect();
        assert_eq!(deletes, [false, true]);
    }

    #[test]
    fn scripts_comments_and_broken_markup_make_no_forms() {
        check(
            "<!-- <form action=a> --><script>var x = '<form action=b>';</script><style><form></style>\
             2 < 3 <form action=c><input name=x value='un\u{e9}closed",
            &expect![[r#"
                [c]
                x = unéclosed
            "#]],
        );
        check("", &expect![""]);
        check("<", &expect![""]);
        check(
            "<form",
            &expect![[r#"
            []
        "#]],
        );
        check(
            "<form =\u{e9}= ==>",
            &expect![[r#"
            []
        "#]],
        );
    }

    #[test]
    fn unchecked_boxes_are_not_sent() {
        check(
            r#"<form action="/x"><input type="checkbox" name="a" value="1"><input type="checkbox" name="b" value="1" checked></form>"#,
            &expect![[r#"
                [/x]
                b = 1
            "#]],
        );
    }

    #[test]
    fn entities_are_read() {
        assert_eq!(
            unescape("a &amp; b &lt;c&gt; &quot;&#39;&#x2F;&unknown; & &"),
            "a & b <c> \"'/&unknown; & &"
        );
    }

    #[test]
    fn the_global_token_is_found() {
        let html = r#"<meta charset="utf-8"><meta content="t&#x3D;" name="csrf-token">"#;
        assert_eq!(meta(html, "csrf-token").as_deref(), Some("t="));
        assert_eq!(meta(html, "other"), None);
    }
}
