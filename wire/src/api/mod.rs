//! What the APIs are: the packed table of operations and messages, and its reader.
//! Everything that differs between two operations is a row here; nothing else in the core is per operation.

mod table;

pub use table::{Effect, Field, Kind, Message, Method, Operation, Paging, Param, Segment, Shape, Table, TableError};

#[cfg(any(test, feature = "built-in"))]
use std::sync::OnceLock;

/// The C1 API, for programs that have its table built in: the sandbox and the tests. Unpacked on first use (about 0.2 ms) and kept.
/// The core is given tables as files of their own, so that nobody loads one of an API that they do not call.
#[cfg(any(test, feature = "built-in"))]
pub fn c1() -> &'static Table {
    static C1: OnceLock<Table> = OnceLock::new();
    // It is packed by the build script from the committed IDL, and a test unpacks them.
    C1.get_or_init(|| Table::unpack(include_str!(concat!(env!("OUT_DIR"), "/c1.table"))).unwrap_or_default())
}

/// The Commerce Layer Provisioning API, as [`c1`]. Its messages are those of `keyturn_api::documents`.
#[cfg(any(test, feature = "built-in"))]
pub fn commercelayer() -> &'static Table {
    static COMMERCE_LAYER: OnceLock<Table> = OnceLock::new();
    COMMERCE_LAYER.get_or_init(|| {
        Table::unpack(include_str!(concat!(env!("OUT_DIR"), "/commercelayer.table"))).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use super::{Effect, c1, commercelayer};

    #[test]
    fn the_c1_table_unpacks() {
        assert_eq!((c1().operations().len(), c1().message_count()), (638, 1955));
        let rotate =
            c1().operations().iter().find(|o| c1().operation_id(o).ends_with("ConnectorService.RotateCredential"));
        assert_eq!(rotate.map(|o| o.effect), Some(Effect::Secret));
        assert_eq!(
            rotate.map(|o| c1().response_field(o, false)).as_deref(),
            Some("connectorServiceRotateCredentialResponse")
        );
    }
    #[test]
    fn the_commerce_layer_table_unpacks() {
        let table = commercelayer();
        assert_eq!(table.operations().len(), 70);
        let writes = table.operations().iter().filter(|operation| operation.effect == Effect::Write).count();
        assert_eq!(writes, 9 + 10 + 5);
        assert_eq!(table.operations().iter().filter(|operation| operation.effect == Effect::Secret).count(), 0);
        assert!(table.is_secret("client_secret") && !table.is_secret("client_id"));
    }
}
