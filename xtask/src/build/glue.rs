//! What wasm-bindgen writes to reach a module, made fit for a package: it does nothing when it is imported, and its types need
//! nothing that a project of a user may not have.

use super::Result;

/// Encoders and registries are made when they are first used, instead of at import: a test's surroundings may have neither,
/// and a bundler would keep what does something. Modules are not compiled here, and may be of another realm. Ways that no
/// caller takes are left out.
const REPLACED: [(&str, &str); 8] = [
    (
        "let cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });\ncachedTextDecoder.decode();\n",
        "let cachedTextDecoder;\n",
    ),
    (
        "return cachedTextDecoder.decode(bytes);",
        "return (cachedTextDecoder ??= new TextDecoder('utf-8', { ignoreBOM: true })).decode(bytes);",
    ),
    (
        "const cachedTextEncoder = new TextEncoder();\n\nif (!('encodeInto' in cachedTextEncoder)) {\n    \
         cachedTextEncoder.encodeInto = function (arg, view) {\n        \
         const buf = cachedTextEncoder.encode(arg);\n        \
         view.set(buf);\n        return {\n            read: arg.length,\n            written: buf.length\n        };\n    \
         };\n}\n",
        "let cachedTextEncoder;\n",
    ),
    (
        "    if (realloc === undefined) {\n        const buf = cachedTextEncoder.encode(arg);\n        \
         const ptr = malloc(buf.length, 1) >>> 0;\n        \
         getUint8ArrayMemory0().subarray(ptr, ptr + buf.length).set(buf);\n        WASM_VECTOR_LEN = buf.length;\n        \
         return ptr;\n    }\n\n",
        "",
    ),
    ("cachedTextEncoder.encodeInto(", "(cachedTextEncoder ??= new TextEncoder()).encodeInto("),
    (
        "(typeof FinalizationRegistry === 'undefined')\n    ? { register: () => {}, unregister: () => {} }\n    \
         : new FinalizationRegistry(",
        "/* @__PURE__ */ registry(",
    ),
    (
        "    if (!(module instanceof WebAssembly.Module)) {\n        module = new WebAssembly.Module(module);\n    }\n",
        "",
    ),
    (
        "    if (module !== undefined) {\n        if (Object.getPrototypeOf(module) === Object.prototype) {\n            \
         ({module} = module)\n        } else {\n            \
         console.warn('using deprecated parameters for `initSync()`; pass a single object instead')\n        }\n    }\n",
        "    ({ module } = module);\n",
    ),
];

/// What functions of the glue repeat: the check that an object is of the instance that runs, and the place of values to return.
const HELPERS: &str = "\
function fresh(object) { if (object.__wbg_inst !== undefined && object.__wbg_inst !== __wbg_instance_id) throw new \
                       Error('Invalid stale object from previous Wasm instance'); }
function word(at, place) { return getDataViewMemory0().getInt32(at + 4 * place, true); }
function push() { return wasm.__wbindgen_add_to_stack_pointer(-16) >>> 0; }
function pop() { wasm.__wbindgen_add_to_stack_pointer(16); }
";

/// The glue with helpers for what its functions repeat.
///
/// # Errors
/// When wasm-bindgen writes something else than it did.
fn shared(script: &str) -> Result<String> {
    // The check stands in functions and in their `try` blocks.
    let check = |indent: &str| {
        format!(
            "{indent}if (this.__wbg_inst !== undefined && this.__wbg_inst !== __wbg_instance_id) {{\n\
             {indent}    throw new Error('Invalid stale object from previous Wasm instance');\n{indent}}}\n"
        )
    };
    let script = script
        .replace(&check("        "), "        fresh(this);\n")
        .replace(&check("            "), "        fresh(this);\n")
        .replace("wasm.__wbindgen_add_to_stack_pointer(-16) >>> 0;", "push();")
        .replace("wasm.__wbindgen_add_to_stack_pointer(16);", "pop();")
        .replacen("function getArray", &format!("{HELPERS}function getArray"), 1);
    let word = |line: &str| match line.split_once("getDataViewMemory0().getInt32(retptr + 4 * ") {
        Some((before, at)) => format!("{before}word(retptr, {}", at.replacen(", true)", ")", 1)),
        None => line.to_owned(),
    };
    let shared: String = script.split_inclusive('\n').map(word).collect();
    if shared.contains("(this.__wbg_inst") {
        return Err("the glue of wasm-bindgen checks its objects in another way; what shares that must follow".into());
    }
    Ok(shared)
}

/// A registry that is made with its first object.
const REGISTRY: &str = "
function registry(free) {
    let made;
    const get = () => (made ??= typeof FinalizationRegistry === 'undefined'
        ? { register: () => {}, unregister: () => {} }
        : new FinalizationRegistry(free));
    return { register: (...args) => get().register(...args), unregister: (...args) => get().unregister(...args) };
}
";

/// The glue without effects at its import.
///
/// # Errors
/// When wasm-bindgen writes something else than it did.
pub fn quiet(script: &str) -> Result<String> {
    let mut quiet = script.to_owned();
    for (written, instead) in REPLACED {
        // A module that takes or gives no such thing has no glue for it.
        let absent = |word: &str| written.contains(word) && !script.contains(word);
        if ["FinalizationRegistry", "TextDecoder", "TextEncoder"].iter().any(|word| absent(word)) {
            continue;
        }
        if !quiet.contains(written) {
            return Err(format!(
                "the glue of wasm-bindgen does not contain {written:?}; what makes it quiet must follow"
            )
            .into());
        }
        quiet = quiet.replace(written, instead);
    }
    // Handles are freed by the package's own code: what `using` would call is not needed.
    let mut quiet: String =
        quiet.split_inclusive('\n').filter(|line| !line.starts_with("if (Symbol.dispose) ")).collect();
    if quiet.contains("retptr") && quiet.contains("function getArray") {
        quiet = shared(&quiet)?;
    }
    if quiet.contains("registry(") {
        quiet.push_str(REGISTRY);
    }
    Ok(quiet)
}

/// The glue's types without what a project of a user may not have: a page's types, and `Symbol.dispose`. Types of the
/// package lead to them, although no user meets the glue.
pub fn portable(types: &str) -> String {
    let exports = types.split("export type InitInput").next().unwrap_or_default();
    let mut portable: String =
        exports.split_inclusive('\n').filter(|line| !line.contains("[Symbol.dispose]")).collect();
    portable.push_str(
        "/** Makes the instance from a `WebAssembly.Module`. */\n\
         export function initSync(options: { module: unknown }): unknown;\n",
    );
    portable
}
