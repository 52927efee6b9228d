//! `enums.ts`: the enumerations, as constants and as open types. A bundler drops those that are not used.

use keyturn_api::{model::Api, naming::pascal};

use super::{comment, key, string};

pub fn write(api: &Api) -> String {
    let mut out = comment("", &["One of the known values, or one that a newer server knows."]);
    out += "export type OpenEnum<T> = T[keyof T] | (string & {});\n";
    for item in &api.enums {
        out += &format!("\nexport const {} = {{\n", item.name);
        for value in &item.values {
            out += &format!("  {}: {},\n", key(&pascal(value)), string(value));
        }
        out += &format!("}} as const;\nexport type {0} = OpenEnum<typeof {0}>;\n", item.name);
    }
    out
}
