//! Renders whole documents that pass a pair to a consumer, for people and pipelines that deliver it themselves.

use super::env::{self, Dialect};
use super::{Error, Result, quote};
use serde::Deserialize;
use std::fmt;

/// The content of a document.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Document {
    /// A file of `NAME=value` lines.
    Env {
        /// The dialect of its reader.
        dialect: String,
        /// Names and values.
        values: Vec<(String, String)>,
    },
    /// A `Secret` of Kubernetes.
    KubernetesSecret {
        /// The name of the Secret.
        name: String,
        /// The namespace; that of the context if there is none.
        namespace: Option<String>,
        /// Keys and values.
        values: Vec<(String, String)>,
    },
    /// The environment of a service in a compose file.
    Compose {
        /// The name of the service.
        service: String,
        /// Names and values.
        values: Vec<(String, String)>,
    },
    /// The variables in a `terraform.tfvars` file.
    TerraformVariables {
        /// Names and values.
        values: Vec<(String, String)>,
    },
    /// A resource of the ConductorOne provider that is replaced without an outage. It contains no secret.
    TerraformConnectorCredential {
        /// The name of the resource.
        name: String,
        /// The app of the connector.
        app_id: String,
        /// The connector.
        connector_id: String,
        /// The id of an existing credential to import.
        credential_id: Option<String>,
    },
    /// The value of a secret that baton-runner reads: the environment of a connector, as YAML.
    BatonRunner {
        /// Names and values.
        values: Vec<(String, String)>,
    },
}

/// Shows nothing, because the document contains secrets.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Document")
    }
}

/// Renders a document.
///
/// # Errors
/// Fails if the format cannot represent a name or a value.
pub fn render(document: &Document) -> Result<String> {
    Ok(match document {
        Document::Env { dialect, values } => {
            let dialect =
                Dialect::of(dialect).ok_or_else(|| Error::refused(format!("there is no dialect {dialect:?}")))?;
            let values: Vec<_> = values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            env::merge(dialect, "", &values)?
        }
        Document::KubernetesSecret { name, namespace, values } => {
            let mut out = format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: {}\n", quote::json(name));
            if let Some(namespace) = namespace {
                out.push_str(&format!("  namespace: {}\n", quote::json(namespace)));
            }
            out.push_str("type: Opaque\nstringData:\n");
            for (key, value) in values {
                let good =
                    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
                if !good {
                    return Err(Error::refused(format!(
                        "{key:?} is not a key of a Secret: letters, digits, -, _ and ."
                    )));
                }
                out.push_str(&format!("  {}: {}\n", quote::json(key), quote::json(value)));
            }
            out
        }
        Document::Compose { service, values } => {
            let mut out = format!("services:\n  {}:\n    environment:\n", quote::json(service));
            for (name, value) in values {
                let value = for_environment(name, value)?;
                // Compose replaces variables after it has read the YAML.
                out.push_str(&format!("      {}: {}\n", quote::json(name), quote::json(&value.replace('$', "$$"))));
            }
            out
        }
        Document::TerraformVariables { values } => {
            let mut out = String::new();
            for (name, value) in values {
                out.push_str(&format!("{} = {}\n", identifier(name)?, quote::hcl(value)?));
            }
            out
        }
        Document::TerraformConnectorCredential { name, app_id, connector_id, credential_id } => {
            let (name, app, connector) = (identifier(name)?, quote::hcl(app_id)?, quote::hcl(connector_id)?);
            let mut out = format!(
                "resource \"conductorone_connector_credential\" \"{name}\" {{\n  app_id       = {app}\n  connector_id = {connector}\n\n  \
                 # Creating it issues a secret and destroying it revokes one: without this the old one ends first.\n  \
                 lifecycle {{\n    create_before_destroy = true\n  }}\n}}\n"
            );
            if let Some(id) = credential_id {
                // The id is JSON itself, so it is a string within a string.
                let json = format!(
                    "{{\"app_id\":{},\"connector_id\":{},\"id\":{}}}",
                    quote::json(app_id),
                    quote::json(connector_id),
                    quote::json(id)
                );
                out.push_str(&format!(
                    "\nimport {{\n  to = conductorone_connector_credential.{name}\n  id = {}\n}}\n",
                    quote::hcl(&json)?
                ));
            }
            out
        }
        Document::BatonRunner { values } => {
            let mut out = String::new();
            for (name, value) in values {
                let value = for_environment(name, value)?;
                out.push_str(&format!("{}: {}\n", quote::json(name), quote::json(value)));
            }
            out
        }
    })
}

fn for_environment<'a>(name: &str, value: &'a str) -> Result<&'a str> {
    if value.contains('\0') {
        return Err(Error::refused(format!(
            "{name}: the value has a NUL character, which no environment variable can hold"
        )));
    }
    Ok(value)
}

fn identifier(name: &str) -> Result<&str> {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
        Ok(name)
    } else {
        Err(Error::refused(format!("{name:?} is not a name in Terraform: a letter, then letters, digits, _ and -")))
    }
}
