//! The page: its files, as they stand in `page/`. No build step makes them.

/// What is served below the token.
pub(crate) const FILES: [&str; 4] = ["", "app.js", "style.css", "icon.svg"];

const PAGE: &str = include_str!("../page/index.html");
pub(crate) const STYLE: &str = include_str!("../page/style.css");
const ICON: &str = include_str!("../page/icon.svg");

/// One script after the other; each may use what is before it.
pub(crate) const SCRIPT: &str = concat!(
    include_str!("../page/format.js"),
    include_str!("../page/store.js"),
    include_str!("../page/plots.js"),
    include_str!("../page/rows.js"),
    include_str!("../page/table.js"),
    include_str!("../page/layout.js"),
    include_str!("../page/flow.js"),
    include_str!("../page/exits.js"),
    include_str!("../page/details.js"),
    include_str!("../page/live.js"),
    include_str!("../page/app.js"),
);

/// What stands in the head of the page as it is served.
const HEAD: &str = "<link rel=\"icon\" href=\"icon.svg\">\n\
    <link rel=\"stylesheet\" href=\"style.css\">\n\
    <script src=\"app.js\" defer></script>";

/// A file's media type and text.
pub(crate) fn file(name: &str, title: &str) -> (&'static str, String) {
    match name {
        "app.js" => ("text/javascript; charset=utf-8", SCRIPT.to_owned()),
        "style.css" => ("text/css; charset=utf-8", STYLE.to_owned()),
        "icon.svg" => ("image/svg+xml", ICON.to_owned()),
        _ => ("text/html; charset=utf-8", page(HEAD, "live", title, "")),
    }
}

/// The page with what differs: what is in its head and at its end, whether it is live or
/// a report, and of what.
pub(crate) fn page(head: &str, mode: &str, title: &str, end: &str) -> String {
    let title = if title.is_empty() { "Insula" } else { title };
    let mut page = String::with_capacity(PAGE.len() + head.len() + end.len());
    // In one go: what is put in is not looked at again.
    let mut rest = PAGE;
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            break;
        };
        match name {
            "head" => page.push_str(head),
            "mode" => page.push_str(mode),
            "title" => page.push_str(&escaped(title)),
            "end" => page.push_str(end),
            _ => {}
        }
        rest = after;
    }
    page.push_str(rest);
    page
}

/// Text as HTML shows it.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
