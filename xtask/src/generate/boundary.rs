//! `boundary.ts`: the numbers that cross between Rust and TypeScript, by name.

use std::fmt::Write as _;

// The file that the core compiles: there is one list of these names.
#[path = "../../../wire/src/boundary.rs"]
#[allow(dead_code)]
mod numbers;

/// The text of the file.
pub fn write() -> String {
    let mut out = String::new();
    for item in numbers::ENUMS {
        docs(&mut out, "", item.docs);
        let _ = writeln!(out, "export const {} = {{", item.name);
        for (name, number, about) in item.variants {
            docs(&mut out, "  ", about);
            let _ = writeln!(out, "  {}: {number},", small(name));
        }
        let _ = writeln!(out, "}} as const;\n\n/** One of {{@link {0}}}. */", item.name);
        let _ = writeln!(out, "export type {0} = (typeof {0})[keyof typeof {0}];\n", item.name);
    }
    out
}

fn docs(out: &mut String, indent: &str, lines: &[&str]) {
    let text: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    let _ = writeln!(out, "{indent}/** {} */", text.join(" "));
}

/// A name that begins with a small letter.
fn small(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
