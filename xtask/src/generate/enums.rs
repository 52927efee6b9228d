//! `enums.ts`: the enumerations, as constants and as open types. Bundlers drop those that are not used.

use std::collections::HashMap;

use keyturn_api::{model::Api, naming::pascal};

use super::{comment, key, string};

pub fn write(api: &Api) -> String {
    let mut out = comment("", &["One of the known values, or one that a newer server knows."]);
    out += "export type OpenEnum<T> = T[keyof T] | (string & {});\n";
    // Half of the enumerations have the same values as another one, and become a second name of it.
    let mut first: HashMap<&[String], &str> = HashMap::new();
    for item in &api.enums {
        let name = &item.name;
        match first.get(item.values.as_slice()) {
            Some(same) => out += &format!("\nexport const {name}: typeof {same} = {same};\n"),
            None => {
                out += &format!("\nexport const {name} = {{\n");
                for value in &item.values {
                    out += &format!("  {}: {},\n", key(&pascal(value)), string(value));
                }
                out += "} as const;\n";
                first.insert(&item.values, name);
            }
        }
        out += &format!("export type {name} = OpenEnum<typeof {name}>;\n");
    }
    out
}
