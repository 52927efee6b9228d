//! Adapts wasm-bindgen's glue for a package: importing it has no effects, and its types need nothing that a user's
//! project may lack.

use super::Result;

/// Replacements in the glue. Encoders and registries are created when they are first used, instead of at import: a test
/// environment may have neither, and a bundler would keep code with effects. Modules are not compiled here and may come
/// from another realm. Branches that no caller takes are removed.
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

/// Helpers for code that the glue's functions repeat: the check that an object belongs to the running instance, and the
/// place of return values.
const HELPERS: &str = "\
function fresh(object) { if (object.__wbg_inst !== undefined && object.__wbg_inst !== __wbg_instance_id) throw new \
                       Error('Invalid stale object from previous Wasm instance'); }
function word(at, place) { return getDataViewMemory0().getInt32(at + 4 * place, true); }
function push() { return wasm.__wbindgen_add_to_stack_pointer(-16) >>> 0; }
function pop() { wasm.__wbindgen_add_to_stack_pointer(16); }
";

/// Returns the glue with helpers for the code that its functions repeat.
///
/// # Errors
/// Fails if wasm-bindgen's output has changed.
fn shared(script: &str) -> Result<String> {
    // The check occurs in functions and in their `try` blocks.
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
        return Err("the glue of wasm-bindgen checks its objects in another way; adapt `shared`".into());
    }
    Ok(shared)
}

/// A registry that is created when the first object is registered.
const REGISTRY: &str = "
function registry(free) {
    let made;
    const get = () => (made ??= typeof FinalizationRegistry === 'undefined'
        ? { register: () => {}, unregister: () => {} }
        : new FinalizationRegistry(free));
    return { register: (...args) => get().register(...args), unregister: (...args) => get().unregister(...args) };
}
";

/// Returns the glue without effects at import.
///
/// # Errors
/// Fails if wasm-bindgen's output has changed.
pub fn quiet(script: &str) -> Result<String> {
    let mut quiet = script.to_owned();
    for (written, instead) in REPLACED {
        // A module that neither accepts nor returns such a value has no glue for it.
        let absent = |word: &str| written.contains(word) && !script.contains(word);
        if ["FinalizationRegistry", "TextDecoder", "TextEncoder"].iter().any(|word| absent(word)) {
            continue;
        }
        if !quiet.contains(written) {
            return Err(format!("the glue of wasm-bindgen does not contain {written:?}; adapt `quiet`").into());
        }
        quiet = quiet.replace(written, instead);
    }
    // Handles are freed by the package's own code, so the method that `using` would call is not needed.
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

/// Returns the glue's types without those that a user's project may lack: a page's types, and `Symbol.dispose`. Types
/// of the package refer to the glue's, although users never see it.
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
