//! The names that users write, derived from the names in the API documents.
//!
//! The rules are those of the official TypeScript SDK's generator, so that code can be migrated unchanged. Every name
//! is a pure function of an operation and, if it names a message, of the API.

use crate::model::{Api, Message, Operation, Place};

/// Converts to `PascalCase`. Words are separated by non-alphanumeric characters, and capitals inside a word are kept. A
/// text without any lower-case letter is a constant: its words are its runs of letters (`A2UI` becomes `A2Ui`).
#[must_use]
pub fn pascal(text: &str) -> String {
    let constant = !text.contains(|c: char| c.is_ascii_lowercase());
    let mut out = String::with_capacity(text.len());
    let mut start = true;
    for c in text.chars() {
        if !c.is_ascii_alphanumeric() {
            start = true;
        } else if start {
            out.push(c.to_ascii_uppercase());
            start = constant && c.is_ascii_digit();
        } else {
            out.push(if constant { c.to_ascii_lowercase() } else { c });
            start = constant && c.is_ascii_digit();
        }
    }
    out
}

/// Converts to `camelCase`: [`pascal`] with the leading capitals lowered, except for the last of several when a
/// lower-case letter follows (`SSFReceiver` becomes `ssfReceiver`, `OAuth2X` becomes `oAuth2X`).
#[must_use]
pub fn camel(text: &str) -> String {
    let pascal = pascal(text);
    let run = pascal.bytes().take_while(u8::is_ascii_uppercase).count();
    let next_is_lower = pascal.as_bytes().get(run).is_some_and(u8::is_ascii_lowercase);
    let lowered = if run > 1 && next_is_lower { run - 1 } else { run };
    let (head, tail) = pascal.split_at_checked(lowered).unwrap_or(("", &pascal));
    head.to_ascii_lowercase() + tail
}

/// Converts to `snake_case`: the words that begin with a capital, lowered and joined (`ApiCredential` becomes
/// `api_credential`).
#[must_use]
pub fn snake(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    for c in text.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// Returns the stem of an operation's own types: the capitalized words of its id. A word that spells an acronym of the
/// same id is written in capitals (`c1.api.sso.v1.SSOSettingsService.Get` becomes `C1ApiSSOV1SSOSettingsServiceGet`).
#[must_use]
pub fn opid(id: &str) -> String {
    let acronyms = acronyms(id);
    let mut out = String::with_capacity(id.len());
    for word in id.split(['.', '_']) {
        let upper = word.to_ascii_uppercase();
        if acronyms.contains(&upper.as_str()) {
            out.push_str(&upper);
        } else {
            let mut chars = word.chars();
            out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
            out.push_str(chars.as_str());
        }
    }
    out
}

/// Returns the runs of two or more capitals that are followed by a capital and a lower-case letter.
fn acronyms(id: &str) -> Vec<&str> {
    let bytes = id.as_bytes();
    let mut found = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let run = bytes.iter().skip(start).take_while(|b| b.is_ascii_uppercase()).count();
        let next_is_lower = bytes.get(start + run).is_some_and(u8::is_ascii_lowercase);
        if run > 2 && next_is_lower {
            found.extend(id.get(start..start + run - 1));
        }
        start += run.max(1);
    }
    found
}

/// Returns the class of the operation's group, such as `AWSExternalIDSettings`.
#[must_use]
pub fn class(operation: &Operation) -> String {
    pascal(&operation.group)
}

/// Returns the client property of the group, such as `awsExternalIDSettings`.
#[must_use]
pub fn property(operation: &Operation) -> String {
    camel(&class(operation))
}

/// Returns the method, such as `rotateCredential`.
#[must_use]
pub fn method(operation: &Operation) -> String {
    camel(&operation.name)
}

/// Returns the standalone function of the official SDK, such as `connectorRotateCredential`.
#[must_use]
pub fn function(operation: &Operation) -> String {
    camel(&format!("{}{}", operation.group, operation.name))
}

/// The namespace that a type is exported from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespace {
    /// The messages: `shared`.
    Shared,
    /// The types of single operations: `operations`.
    Operations,
}

/// The type of an operation's request argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestType {
    /// The namespace that exports it.
    pub namespace: Namespace,
    /// Its name.
    pub name: String,
    /// Whether the argument is optional, because nothing in it is required.
    pub optional: bool,
}

/// Returns the type of the operation's request argument: a wrapper of its own if it has parameters, else the body's
/// message. Returns `None` if there is nothing to send. Parameters that the document fails to declare count: they turn
/// an operation without an argument into one with an optional argument.
#[must_use]
pub fn request_type(api: &Api, operation: &Operation) -> Option<RequestType> {
    if !operation.params.is_empty() {
        return Some(RequestType {
            namespace: Namespace::Operations,
            name: opid(&operation.id) + "Request",
            optional: !operation.params.iter().any(|param| param.place == Place::Path),
        });
    }
    let name = input_type(message(api, operation.body.as_deref()?)?).to_owned();
    Some(RequestType { namespace: Namespace::Shared, name, optional: true })
}

/// Returns the type of the answer's envelope, in `operations`.
#[must_use]
pub fn response_type(operation: &Operation) -> String {
    opid(&operation.id) + "Response"
}

/// Returns the field of the request wrapper that holds the body; `None` if the body is the whole argument or there is
/// no body.
#[must_use]
pub fn body_field(api: &Api, operation: &Operation) -> Option<String> {
    if operation.params.is_empty() {
        return None;
    }
    message(api, operation.body.as_deref()?).map(|body| camel(document_name(api, body)))
}

/// Returns the field of the envelope that holds the decoded answer.
#[must_use]
pub fn response_field(api: &Api, operation: &Operation) -> String {
    message(api, &operation.response).map_or_else(String::new, |response| camel(document_name(api, response)))
}

/// Returns [`body_field`] (empty if there is none) and [`response_field`] of release 1.2.2, for the operations whose
/// fields had other names then.
#[must_use]
pub fn fields_122(api: &Api, operation: &Operation) -> Option<(String, String)> {
    let names = operation.sdk122.as_ref()?;
    let body = body_field(api, operation).map(|today| names.body.as_deref().map_or(today, camel));
    let response = names.response.as_deref().map_or_else(|| response_field(api, operation), camel);
    Some((body.unwrap_or_default(), response))
}

/// Returns the type that a request uses for a message: its input twin, or the message itself.
#[must_use]
pub fn input_type(message: &Message) -> &str {
    message.input_name.as_deref().unwrap_or(&message.name)
}

/// Returns the message with this key.
#[must_use]
pub fn message<'a>(api: &'a Api, key: &str) -> Option<&'a Message> {
    api.messages.iter().find(|message| message.key == key)
}

/// Returns the document's name of a message, from which field names are derived, without the number that distinguishes
/// it from another message of the same name.
fn document_name<'a>(api: &Api, message: &'a Message) -> &'a str {
    let stem = message.name.trim_end_matches(|c: char| c.is_ascii_digit());
    let numbered = stem.len() < message.name.len() && api.messages.iter().any(|other| other.name == stem);
    if numbered { stem } else { &message.name }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::text::parse;

    #[test]
    fn pascal_keeps_inner_capitals_and_splits_constants() {
        for (text, expected) in [
            ("A2UI", "A2Ui"),
            ("OAUTH2_X", "Oauth2X"),
            ("SYNC_STATUS_DONE", "SyncStatusDone"),
            ("AWSExternalIDSettings", "AWSExternalIDSettings"),
            ("page_token", "PageToken"),
            ("status", "Status"),
            ("a-b.c", "ABC"),
            ("", ""),
        ] {
            assert_eq!(pascal(text), expected);
        }
    }

    #[test]
    fn camel_lowers_the_leading_capitals() {
        for (text, expected) in [
            ("SSFReceiverEvent", "ssfReceiverEvent"),
            ("AWSExternalIDSettings", "awsExternalIDSettings"),
            ("A2UIAction", "a2UIAction"),
            ("A2UI", "a2Ui"),
            ("MCPServer", "mcpServer"),
            ("OAuth2X", "oAuth2X"),
            ("Get", "get"),
            ("ListOwnerIDs", "listOwnerIDs"),
            ("page_token", "pageToken"),
            ("AppEntitlementAutomation", "appEntitlementAutomation"),
            ("downloadUrl", "downloadUrl"),
            ("", ""),
        ] {
            assert_eq!(camel(text), expected);
        }
    }

    #[test]
    fn snake_lowers_and_joins_the_words() {
        for (text, expected) in [("ApiCredential", "api_credential"), ("User", "user"), ("", "")] {
            assert_eq!(snake(text), expected);
        }
    }

    #[test]
    fn operation_ids_capitalize_the_acronyms_they_contain() {
        for (id, expected) in [
            ("c1.api.app.v1.ConnectorService.Get", "C1ApiAppV1ConnectorServiceGet"),
            ("c1.api.ssf_receiver.v1.SSFReceiverStreamService.Get", "C1ApiSSFReceiverV1SSFReceiverStreamServiceGet"),
            ("c1.api.ai_governance.v1.MCPToolService.Get", "C1ApiAiGovernanceV1MCPToolServiceGet"),
            ("c1.api.ai_governance.v1.AIGovernanceSettings.Get", "C1ApiAIGovernanceV1AIGovernanceSettingsGet"),
            ("c1.api.a2ui.v1.A2UIService.ListSurfaces", "C1ApiA2uiV1A2UIServiceListSurfaces"),
        ] {
            assert_eq!(opid(id), expected);
        }
    }

    #[test]
    fn the_number_of_a_second_message_of_a_name_is_no_part_of_the_field() {
        let api = parse(
            "api t\n\
             op t.A.Set A.Set PUT /a/{id} body=t.DefaultsInput -> t.PolicyV2 write\n\
             \x20 path id id string\n\
             message t.Defaults Defaults\n\
             message t.DefaultsInput Defaults1\n\
             message t.PolicyV2 PolicyV2\n",
        )
        .unwrap();
        let [set] = api.operations.as_slice() else { unreachable!() };
        assert_eq!(body_field(&api, set).as_deref(), Some("defaults"));
        assert_eq!(response_field(&api, set), "policyV2");
    }

    #[test]
    fn an_operation_names_its_types_and_fields() {
        let api = parse(
            "api t\n\
             op t.v1.Things.Get Thing Get GET\n",
        );
        assert!(api.is_err(), "group and name are joined by a dot");
        let api = parse(
            "api t\n\
             op t.v1.Things.Update Thing.UpdateIt POST /things/{thing_id} body=t.In -> t.Out write names-1.2.2 response-1.2.2=OldOut\n\
             \x20 path thing_id thingId string\n\
             op t.v1.Things.Search Thing.Search POST /things body=t.In -> t.Out read\n\
             op t.v1.Things.List Thing.List GET /things -> t.Out read\n\
             \x20 query page_size pageSize int32 added\n\
             op t.v1.Things.Me Thing.Me GET /me -> t.Out read\n\
             message t.In ThingIn input=ThingInInput\n\
             message t.Out ThingOut\n",
        )
        .unwrap();
        let [update, search, list, me] = api.operations.as_slice() else { unreachable!() };
        let request = |namespace, name: &str, optional| Some(RequestType { namespace, name: name.into(), optional });
        assert_eq!(request_type(&api, update), request(Namespace::Operations, "TV1ThingsUpdateRequest", false));
        assert_eq!(request_type(&api, search), request(Namespace::Shared, "ThingInInput", true));
        assert_eq!(request_type(&api, list), request(Namespace::Operations, "TV1ThingsListRequest", true));
        assert_eq!(request_type(&api, me), None);
        assert_eq!(body_field(&api, update).as_deref(), Some("thingIn"));
        assert_eq!(body_field(&api, search), None);
        assert_eq!(response_field(&api, me), "thingOut");
        assert_eq!(response_type(update), "TV1ThingsUpdateResponse");
        assert_eq!(fields_122(&api, update), Some(("thingIn".into(), "oldOut".into())));
        assert_eq!(fields_122(&api, me), None);
        assert_eq!(
            (class(update), property(update), method(update), function(update)),
            ("Thing".into(), "thing".into(), "updateIt".into(), "thingUpdateIt".into())
        );
    }
}
