//! The reader of packed operation tables. No text makes it panic or allocate disproportionately. An accepted table can
//! be read to the end and used for encoding and decoding.

use crate::harness::Target;
use keyturn_wire::api::{Message, Table};
use keyturn_wire::wire::decode::{Layouts, decode};
use keyturn_wire::wire::encode::{EncodeOptions, Unknown, encode};
use keyturn_wire::wire::plan::Plans;

pub(super) const TARGET: Target = Target {
    name: "tables",
    property,
    read: None,
    words: &[" ", ".", "/", "{id}", "#", "%", "\u{a1}", "\u{d7ff}", "\u{10ffff}"],
};

fn property(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    // A table borrows its text for as long as the program runs, so the text is leaked.
    let Ok(table) = Table::unpack(text.to_owned().leak()) else { return };
    let layouts = Layouts::new(&table);
    let plans = Plans::new(&table, false);
    for number in 0..table.message_count() {
        let message = Message(u16::try_from(number).unwrap());
        for field in table.fields(message) {
            let _ = (table.wire_name(field), table.js_name(field, true), table.enum_values(field));
        }
        let plan = plans.of_message(&table, &layouts, message);
        assert!(plan.starts_with('[') && plan.ends_with(']'));
        decode(&table, &layouts, message, b"{\"a\":{\"b\":[1,\"2024-01-01T00:00:00Z\"]}}").unwrap();
    }
    for operation in table.operations() {
        let _ =
            (table.operation_id(operation), table.body_field(operation, true), table.response_field(operation, true));
        let _ = operation.paging.map(|paging| table.paging_names(&paging));
        for request in ["null", "{}", "{\"id\":\"x\",\"appId\":7}"] {
            let _ = encode(&table, operation, request, EncodeOptions { unknown: Unknown::Keep });
        }
        let _ = decode(&table, &layouts, operation.response, b"{}");
    }
}
