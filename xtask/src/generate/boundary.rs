//! `boundary.ts` and `step-kind.ts`: the numbers that cross between Rust and TypeScript, by name.

use std::fmt::Write as _;

// The core compiles the same file, so there is only one list of these names.
#[path = "../../../wire/src/boundary.rs"]
#[allow(dead_code, reason = "the generator does not convert numbers")]
mod numbers;

/// An enum that is compared for every field of an answer. It becomes constants of a separate module, which engines and
/// bundlers inline, whereas a property of an object is looked up.
const HOT: &str = "StepKind";

/// Returns the text of `boundary.ts`.
pub fn write() -> String {
    let mut out = String::new();
    for item in numbers::ENUMS.iter().filter(|item| item.name != HOT) {
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

/// Returns the text of `step-kind.ts`.
pub fn write_hot() -> String {
    let mut out = String::new();
    for item in numbers::ENUMS.iter().filter(|item| item.name == HOT) {
        for (name, number, about) in item.variants {
            docs(&mut out, "", about);
            let _ = writeln!(out, "export const {} = {number};", small(name));
        }
        let all: Vec<String> = item.variants.iter().map(|(_, number, _)| number.to_string()).collect();
        out.push('\n');
        docs(&mut out, "", item.docs);
        let _ = writeln!(out, "export type {} = {};", item.name, all.join(" | "));
    }
    out
}

fn docs(out: &mut String, indent: &str, lines: &[&str]) {
    let text: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    let _ = writeln!(out, "{indent}/** {} */", text.join(" "));
}

/// Returns the name with a lower-case first letter.
fn small(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_written_by_its_name() {
        let text = [write(), write_hot()].concat();
        for item in numbers::ENUMS {
            for (name, number, _) in item.variants {
                let object = format!("  {}: {number},\n", small(name));
                let constant = format!("export const {} = {number};\n", small(name));
                assert!(text.contains(&object) || text.contains(&constant), "{}::{name}", item.name);
            }
        }
        assert!(text.contains("export const C1Login = {\n"));
        assert!(text.contains("  deviceLogin: 5,\n"));
    }
}
