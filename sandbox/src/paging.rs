//! Paginated lists. A page token contains the start of the next page and identifies the list it belongs to.

use base64ct::{Base64UrlUnpadded, Encoding};

use crate::assertion::base64url;
use crate::shape::Row;
use crate::status::Status;

/// The page that a request asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The number of rows; 0 for the default.
    pub size: i64,
    /// The page token; empty for the beginning.
    pub token: String,
}

impl Page {
    /// Returns the number of rows on a page. C1 returns 25 rows by default, and never fewer than 10 or more than 100.
    fn limit(&self) -> usize {
        match self.size {
            0 => 25,
            size => size.clamp(10, 100) as usize,
        }
    }

    /// Returns the position at which the page begins in a list; `None` for the beginning. `list` identifies the list,
    /// including everything that distinguishes it from others.
    ///
    /// # Errors
    /// Returns code 3 for a token of another list, or one that was never issued.
    pub fn start(&self, list: &str) -> Result<Option<usize>, Status> {
        if self.token.is_empty() {
            return Ok(None);
        }
        let place = base64url(&self.token).and_then(|bytes| String::from_utf8(bytes).ok());
        let place = place.as_deref().and_then(|place| place.rsplit_once(' ')).filter(|(name, _)| *name == list);
        let place = place.and_then(|(_, place)| place.parse().ok());
        place.map(Some).ok_or_else(|| Status::invalid("invalid page token"))
    }

    /// Returns one page of items with their positions in the list, which begin at [`Page::start`], and the token of the
    /// next page (empty after the last item).
    pub fn cut<T>(&self, list: &str, items: impl Iterator<Item = (usize, T)>) -> (Vec<T>, String) {
        let mut found = Vec::new();
        for (place, item) in items {
            if found.len() == self.limit() {
                return (found, Base64UrlUnpadded::encode_string(format!("{list} {place}").as_bytes()));
            }
            found.push(item);
        }
        (found, String::new())
    }

    /// Returns one page of the rows that `keep` selects, and the token of the next page.
    ///
    /// # Errors
    /// Returns code 3 for a token of another list, or one that was never issued.
    pub fn of<'a>(
        &self,
        list: &str,
        rows: &'a [Row],
        keep: impl Fn(&Row) -> bool,
    ) -> Result<(Vec<&'a Row>, String), Status> {
        let start = self.start(list)?.unwrap_or_default();
        Ok(self.cut(list, rows.iter().enumerate().skip(start).filter(|(_, row)| keep(row))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn rows(count: usize) -> Vec<Row> {
        (0..count).filter_map(|number| json!({ "number": number }).as_object().cloned()).collect()
    }

    fn numbers(size: i64, rows: &[Row], keep: fn(&Row) -> bool) -> Vec<Vec<u64>> {
        let (mut pages, mut token) = (Vec::new(), String::new());
        loop {
            let (page, next) = Page { size, token }.of("list", rows, keep).unwrap();
            pages.push(page.iter().map(|row| row.get("number").and_then(Value::as_u64).unwrap()).collect());
            if next.is_empty() {
                return pages;
            }
            token = next;
        }
    }

    #[test]
    fn every_row_is_on_one_page() {
        for (size, count, expected) in [(0, 60, vec![25, 25, 10]), (1, 20, vec![10, 10]), (1000, 101, vec![100, 1])] {
            let pages = numbers(size, &rows(count), |_| true);
            assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), expected);
            assert_eq!(pages.concat(), (0..count as u64).collect::<Vec<_>>());
        }
        assert_eq!(numbers(10, &rows(0), |_| true), [Vec::<u64>::new()]);
        let even = numbers(10, &rows(41), |row| row.get("number").and_then(Value::as_u64).unwrap() % 2 == 0);
        assert_eq!(even.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 1]);
    }

    #[test]
    fn tokens_of_other_lists_are_refused() {
        let rows = rows(30);
        let (_, token) = Page::default().of("apps", &rows, |_| true).unwrap();
        assert_eq!(Page { size: 0, token: token.clone() }.of("apps", &rows, |_| true).unwrap().0.len(), 5);
        for (list, token) in [("users", token.as_str()), ("apps", "junk"), ("apps", "!"), ("apps", "YXBwcyB4")] {
            let page = Page { size: 0, token: token.to_owned() };
            assert_eq!(page.of(list, &rows, |_| true).unwrap_err().code.http(), 400);
        }
    }
}
