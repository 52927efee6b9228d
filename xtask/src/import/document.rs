//! A strict reader of YAML documents: every value knows its path and line, and an object with a key that was not read
//! is an error.

use std::fmt;

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

/// The reason why a document could not be imported, and its location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentError {
    /// The location in the document as a JSON pointer, such as `#/components/schemas/App/properties/id`.
    pub path: String,
    /// The line number, counted from one.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}: {}", self.line, self.path, self.message)
    }
}

impl std::error::Error for DocumentError {}

/// The result of reading a part of a document.
pub type Read<T> = Result<T, DocumentError>;

/// A parsed document.
#[derive(Debug)]
pub struct Document<'a>(MarkedYaml<'a>);

impl<'a> Document<'a> {
    /// Parses a text that holds exactly one YAML (or JSON) document without repeated keys.
    ///
    /// # Errors
    /// Fails if the text is not such a document.
    pub fn parse(text: &'a str) -> Read<Self> {
        let at_root = |line, message| DocumentError { path: "#".to_owned(), line, message };
        let documents = MarkedYaml::load_from_str(text).map_err(|e| at_root(e.marker().line(), e.info().to_owned()))?;
        let mut documents = documents.into_iter();
        match (documents.next(), documents.next()) {
            (Some(root), None) => Ok(Self(root)),
            _ => Err(at_root(1, "expected one document".to_owned())),
        }
    }

    /// Returns the root value.
    pub fn root(&self) -> Node<'_> {
        Node { path: "#".to_owned(), yaml: &self.0 }
    }
}

/// A value in a document.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    path: String,
    yaml: &'a MarkedYaml<'a>,
}

impl<'a> Node<'a> {
    /// Returns an error at this location.
    pub fn error(&self, message: impl Into<String>) -> DocumentError {
        DocumentError { path: self.path.clone(), line: self.yaml.span.start.line(), message: message.into() }
    }

    fn child(&self, name: &str, yaml: &'a MarkedYaml<'a>) -> Self {
        Self { path: format!("{}/{}", self.path, name.replace('~', "~0").replace('/', "~1")), yaml }
    }

    /// Returns the value as text.
    pub fn text(&self) -> Read<&'a str> {
        match &self.yaml.data {
            YamlData::Value(Scalar::String(text)) => Ok(text),
            _ => Err(self.error("expected text")),
        }
    }

    /// Checks that the value is the text `expected`.
    pub fn exactly(&self, expected: &str) -> Read<()> {
        match self.text()? {
            text if text == expected => Ok(()),
            text => Err(self.error(format!("expected `{expected}`, found `{text}`"))),
        }
    }

    /// Returns the value as a boolean.
    pub fn boolean(&self) -> Read<bool> {
        match &self.yaml.data {
            YamlData::Value(Scalar::Boolean(value)) => Ok(*value),
            _ => Err(self.error("expected true or false")),
        }
    }

    /// Returns whether the value is the boolean `true`.
    pub fn is_true(&self) -> bool {
        matches!(self.yaml.data, YamlData::Value(Scalar::Boolean(true)))
    }

    /// Returns whether the value is text.
    pub fn is_text(&self) -> bool {
        matches!(self.yaml.data, YamlData::Value(Scalar::String(_)))
    }

    /// Returns the elements of an array.
    pub fn list(&self) -> Read<Vec<Self>> {
        match &self.yaml.data {
            YamlData::Sequence(items) => {
                Ok(items.iter().enumerate().map(|(i, item)| self.child(&i.to_string(), item)).collect())
            }
            _ => Err(self.error("expected a list")),
        }
    }

    /// Returns the elements of an array of texts.
    pub fn texts(&self) -> Read<Vec<&'a str>> {
        self.list()?.iter().map(Self::text).collect()
    }

    /// Returns the names and values of an object, in document order.
    pub fn entries(&self) -> Read<Vec<(&'a str, Self)>> {
        let YamlData::Mapping(mapping) = &self.yaml.data else {
            return Err(self.error("expected an object"));
        };
        let entry = |(key, value): (&'a MarkedYaml<'a>, &'a MarkedYaml<'a>)| match &key.data {
            YamlData::Value(Scalar::String(name)) => Ok((name.as_ref(), self.child(name, value))),
            _ => Err(Node { path: self.path.clone(), yaml: key }.error("expected a key that is text")),
        };
        mapping.iter().map(entry).collect()
    }

    /// Returns the value as an object whose keys are taken one by one.
    pub fn object(&self) -> Read<Object<'a>> {
        Ok(Object { node: self.clone(), rest: self.entries()? })
    }
}

/// An object whose keys are taken one by one; [`Object::end`] refuses the remaining ones.
#[derive(Debug)]
pub struct Object<'a> {
    node: Node<'a>,
    rest: Vec<(&'a str, Node<'a>)>,
}

impl<'a> Object<'a> {
    /// Takes the value of a key, if the object has it.
    pub fn take(&mut self, key: &str) -> Option<Node<'a>> {
        let index = self.rest.iter().position(|(name, _)| *name == key)?;
        Some(self.rest.remove(index).1)
    }

    /// Takes the value of a required key.
    pub fn need(&mut self, key: &str) -> Read<Node<'a>> {
        self.take(key).ok_or_else(|| {
            let rest: Vec<&str> = self.rest.iter().map(|(name, _)| *name).collect();
            self.node.error(format!("`{key}` is missing beside {rest:?}"))
        })
    }

    /// Takes a flag, which is false if absent.
    pub fn flag(&mut self, key: &str) -> Read<bool> {
        self.take(key).map_or(Ok(false), |node| node.boolean())
    }

    /// Takes keys that carry no relevant fact.
    pub fn ignore(&mut self, keys: &[&str]) {
        self.rest.retain(|(name, _)| !keys.contains(name));
    }

    /// Refuses the first key that was not taken.
    pub fn end(self) -> Read<()> {
        match self.rest.first() {
            None => Ok(()),
            Some((key, node)) => Err(node.error(format!("`{key}` is not known to the importer"))),
        }
    }

    /// Returns an error at this object.
    pub fn error(&self, message: impl Into<String>) -> DocumentError {
        self.node.error(message)
    }
}
