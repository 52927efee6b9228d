//! Maps requests to rows of the API table. The table's path templates overlap (45 pairs do): as in C1, a literal
//! segment takes precedence over a parameter, within one HTTP method.

use keyturn_wire::api::{Method, Operation, Table};
use percent_encoding::percent_decode_str;

use crate::commercelayer;

/// The names of the operations in the client, in the order of the table.
const NAMES: &str = include_str!(concat!(env!("OUT_DIR"), "/c1.names"));

/// The name that faults and the request log use for the token endpoint.
pub const TOKEN: &str = "token";

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A request for a token.
    Token,
    /// An operation, by its number in the table.
    Operation(u16),
    /// An operation or endpoint of Commerce Layer.
    CommerceLayer(u16),
}

/// The target of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// An operation, with the values of its path parameters in order.
    Operation(u16, Vec<String>),
    /// The path is known, but not with this method.
    OtherMethod,
    /// An unknown path.
    Nothing,
    /// A path of Commerce Layer.
    CommerceLayer(commercelayer::routes::Found),
}

/// The table's operations, by path and by name.
#[derive(Debug)]
pub struct Routes {
    table: &'static Table,
    ids: Vec<String>,
    names: Vec<&'static str>,
    by_method: Vec<(&'static str, matchit::Router<u16>)>,
}

impl Routes {
    /// Indexes the operations of the table.
    pub fn new(table: &'static Table) -> Self {
        const METHODS: [Method; 5] = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];
        let router = |method: Method| {
            let mut router = matchit::Router::new();
            for (number, operation) in (0..).zip(table.operations()).filter(|(_, row)| row.method == method) {
                // All templates of one method are distinct, so none is rejected; a test checks all of them.
                let _ = router.insert(template(table, operation), number);
            }
            (method.as_str(), router)
        };
        Self {
            table,
            ids: table.operations().iter().map(|operation| table.operation_id(operation)).collect(),
            names: NAMES.lines().collect(),
            by_method: METHODS.map(router).into(),
        }
    }

    /// Returns the table.
    pub fn table(&self) -> &'static Table {
        self.table
    }

    /// Returns a row of the table.
    pub fn operation(&self, number: u16) -> Option<&'static Operation> {
        self.table.operations().get(usize::from(number))
    }

    /// Returns the target of a request. The path is still percent-encoded, as it was sent.
    pub fn find(&self, method: &str, path: &str) -> Found {
        let mut other = false;
        for (name, router) in &self.by_method {
            let Ok(found) = router.at(path) else { continue };
            // A parameter is never empty.
            if found.params.iter().any(|(_, value)| value.is_empty()) {
                continue;
            }
            if *name == method {
                let decode = |value: &str| percent_decode_str(value).decode_utf8_lossy().into_owned();
                let values = found.params.iter().map(|(_, value)| decode(value)).collect();
                return Found::Operation(*found.value, values);
            }
            other = true;
        }
        if other {
            return Found::OtherMethod;
        }
        commercelayer::routes::find(method, path).map_or(Found::Nothing, Found::CommerceLayer)
    }

    /// Returns the target of a name: an operation's id, its name in the client such as `connector.rotateCredential`, or
    /// `token`. Names of the other API begin with `commercelayer.`, which can be omitted if C1 has no such name.
    pub fn named(&self, name: &str) -> Option<Target> {
        if name == TOKEN {
            return Some(Target::Token);
        }
        let by_id = self.ids.iter().position(|id| id == name);
        match by_id.or_else(|| self.names.iter().position(|known| known.eq_ignore_ascii_case(name))) {
            Some(number) => u16::try_from(number).ok().map(Target::Operation),
            None => commercelayer::routes::named(name).map(Target::CommerceLayer),
        }
    }

    /// Returns the id of an operation; `token` for the token endpoint.
    pub fn id(&self, target: Target) -> String {
        match target {
            Target::Token => TOKEN.to_owned(),
            Target::Operation(number) => self.ids.get(usize::from(number)).cloned().unwrap_or_default(),
            Target::CommerceLayer(number) => {
                format!("{}{}", commercelayer::routes::PREFIX, commercelayer::routes::name(number))
            }
        }
    }
}

/// Returns the path template in the matcher's format, with numbered parameters.
fn template(table: &Table, operation: &Operation) -> String {
    let mut template = String::new();
    for (place, segment) in table.segments(operation).iter().enumerate() {
        template.push('/');
        match segment.param {
            Some(_) => template.push_str(&format!("{{{place}}}")),
            None => template.push_str(table.segment_text(segment)),
        }
    }
    template
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        Routes::new(keyturn_wire::api::c1())
    }

    /// Returns a path of the operation, with a different text for each parameter.
    fn example(routes: &Routes, operation: &Operation) -> (String, Vec<String>) {
        let (mut path, mut values) = (String::new(), Vec::new());
        for segment in routes.table.segments(operation) {
            path.push('/');
            if segment.param.is_some() {
                values.push(format!("0value{}", values.len()));
                path.push_str(values.last().unwrap());
            } else {
                path.push_str(routes.table.segment_text(segment));
            }
        }
        (path, values)
    }

    #[test]
    fn every_operation_is_found_by_path_id_and_name() {
        let routes = routes();
        assert!(routes.ids.len() > 600);
        assert_eq!(routes.ids.len(), routes.names.len());
        for (number, operation) in (0..).zip(routes.table.operations()) {
            let (path, values) = example(&routes, operation);
            assert_eq!(routes.find(operation.method.as_str(), &path), Found::Operation(number, values), "{path}");
            let target = Target::Operation(number);
            assert_eq!(routes.named(&routes.id(target)), Some(target));
            assert_eq!(routes.named(routes.names[usize::from(number)]), Some(target));
        }
    }

    /// Of two templates of one method that match the same path, the one with the earlier literal takes precedence.
    #[test]
    fn a_literal_wins_over_a_parameter() {
        let routes = routes();
        let operations: Vec<_> = (0..).zip(routes.table.operations()).collect();
        let mut pairs = 0;
        for (one, first) in &operations {
            for (two, second) in &operations {
                let (mine, theirs) = (routes.table.segments(first), routes.table.segments(second));
                if first.method != second.method || one == two || mine.len() != theirs.len() {
                    continue;
                }
                let text = |segment| routes.table.segment_text(segment);
                let overlap = mine
                    .iter()
                    .zip(theirs)
                    .all(|(mine, theirs)| mine.param.is_some() || theirs.param.is_some() || text(mine) == text(theirs));
                let literal_first = mine
                    .iter()
                    .zip(theirs)
                    .find(|(mine, theirs)| mine.param.is_some() != theirs.param.is_some())
                    .is_some_and(|(mine, _)| mine.param.is_none());
                if !overlap || !literal_first {
                    continue;
                }
                pairs += 1;
                let path: String = mine
                    .iter()
                    .zip(theirs)
                    .map(|(mine, theirs)| match (mine.param, theirs.param) {
                        (None, _) => format!("/{}", text(mine)),
                        (Some(_), None) => format!("/{}", text(theirs)),
                        (Some(_), Some(_)) => "/x".to_owned(),
                    })
                    .collect();
                let Found::Operation(found, _) = routes.find(first.method.as_str(), &path) else { panic!("{path}") };
                assert_eq!(
                    found,
                    *one,
                    "{path}: {} not {}",
                    routes.ids[usize::from(*one)],
                    routes.ids[usize::from(*two)]
                );
            }
        }
        assert_eq!(pairs, 45);
    }

    #[test]
    fn a_literal_of_another_method_does_not_hide_a_parameter() {
        let routes = routes();
        let found = routes.find("DELETE", "/api/v1/apps/a/connectors/create");
        let Found::Operation(number, values) = found else { panic!("{found:?}") };
        assert_eq!(routes.id(Target::Operation(number)), "c1.api.app.v1.ConnectorService.Delete");
        assert_eq!(values, ["a", "create"]);
    }

    #[test]
    fn values_are_decoded_after_the_path_was_split() {
        let found = routes().find("GET", "/api/v1/apps/a%2Fb%20%C3%A4");
        assert!(matches!(found, Found::Operation(_, values) if values == ["a/b ä"]));
    }

    #[test]
    fn unknown_paths() {
        let routes = routes();
        assert_eq!(routes.find("GET", "/api/v1/nonsense"), Found::Nothing);
        assert_eq!(routes.find("GET", "/api/v1/apps//connectors"), Found::Nothing);
        assert_eq!(routes.find("GET", "/api/v1/apps/a/connectors/"), Found::Nothing);
        assert_eq!(routes.find("PUT", "/api/v1/apps"), Found::OtherMethod);
        let other = Found::CommerceLayer(commercelayer::routes::Found::Nothing);
        assert_eq!(routes.find("GET", "/api/nonsense"), other);
        assert_eq!(routes.named("connector.explode"), None);
        assert_eq!(routes.named(TOKEN), Some(Target::Token));
    }
}
