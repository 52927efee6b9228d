//! The router: the token endpoint, the controls, and all operations of the API table behind one entry point that keeps
//! the log and injects faults.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{DefaultBodyLimit, Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use keyturn_wire::api::{self, Effect};
use serde_json::Value;
use tower_service::Service;

use crate::c1::{self, Call};
use crate::commercelayer;
use crate::control::{self, control};
use crate::device;
use crate::dpop;
use crate::fault::{Answer, Drop};
use crate::log::Entry;
use crate::paging::Page;
use crate::routes::{Found, Routes, Target};
use crate::shape::{self, Row};
use crate::status::{Code, Status};
use crate::tenant::{Cors, Options, Tenant};
use crate::time::{self, Millis};
use crate::token::{self, Form};

/// The path of the token endpoint.
const TOKEN_PATH: &str = "/auth/v1/token";

/// A sandbox, which turns requests into replies without I/O.
#[derive(Debug)]
pub struct Sandbox {
    shared: Shared,
    router: Router,
}

/// A request, in the form in which `fetch` would send it.
#[derive(Debug, Clone, Default)]
pub struct Incoming {
    /// The HTTP method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// Header fields.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: String,
}

/// The reply to a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Header fields.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// The milliseconds to wait before answering.
    pub delay_ms: u32,
    /// Whether to send nothing and break the connection.
    pub dropped: bool,
}

#[derive(Debug, Clone)]
struct Shared {
    tenant: Arc<Mutex<Tenant>>,
    routes: Arc<Routes>,
}

impl Shared {
    fn tenant(&self) -> MutexGuard<'_, Tenant> {
        self.tenant.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The host's time at which a request arrived.
#[derive(Debug, Clone, Copy)]
struct Real(Millis);

/// The way a response is delivered.
#[derive(Debug, Clone, Copy, Default)]
struct Delivery {
    delay_ms: u32,
    dropped: bool,
}

impl Sandbox {
    /// Creates a sandbox with the rows of its seed. `entropy` is 32 bytes from the host's secure random source, and
    /// `real` is the host's time.
    pub fn new(options: Options, entropy: [u8; 32], real: Millis) -> Self {
        let shared = Shared {
            tenant: Arc::new(Mutex::new(Tenant::new(options, entropy, real))),
            routes: Arc::new(Routes::new(api::c1())),
        };
        let router = Router::new()
            .route(TOKEN_PATH, post(token_endpoint))
            .route(device::PATH, post(device_endpoint))
            .route(device::PAGE, get(device_page).post(device_answer))
            .fallback(operation)
            .layer(from_fn_with_state(shared.clone(), handle_request))
            // A restored state may be of any size, because this sandbox wrote it.
            .route("/_sandbox/{*control}", any(control_endpoint).layer(DefaultBodyLimit::disable()))
            .layer(from_fn_with_state(shared.clone(), cross_origin))
            .with_state(shared.clone());
        Self { shared, router }
    }

    /// Answers one request that arrived at the host's time `real`.
    pub fn handle(&self, incoming: Incoming, real: Millis) -> Reply {
        let reply = run(self.answer(incoming, real));
        // These futures never wait, so there is always an answer.
        reply.unwrap_or_else(|| Reply { status: 500, ..Reply::default() })
    }

    async fn answer(&self, incoming: Incoming, real: Millis) -> Reply {
        let mut request = Request::builder().method(incoming.method.as_str()).uri(incoming.url);
        for (name, value) in &incoming.headers {
            request = request.header(name, value);
        }
        let response = match request.extension(Real(real)).body(Body::from(incoming.body)) {
            Ok(request) => match self.router.clone().call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            },
            Err(_) => error(&Status::invalid("this is not an HTTP request")),
        };
        let delivery: Delivery = response.extensions().get().copied().unwrap_or_default();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: String::from_utf8_lossy(&body).into_owned(),
            delay_ms: delivery.delay_ms,
            dropped: delivery.dropped,
        }
    }

    /// Returns a counter that increases with every change to the data of a state file.
    pub fn revision(&self) -> u64 {
        self.shared.tenant().revision
    }
}

/// Runs a future that never waits.
fn run<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn json(status: u16, body: &Value) -> Response {
    respond(status, "application/json", body.to_string())
}

fn respond(status: u16, content_type: &'static str, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-store")], body).into_response()
}

fn error(status: &Status) -> Response {
    let mut response = json(status.code.http(), &status.body());
    if status.code == Code::Unauthenticated {
        let challenge = match (status.unproven, status.message.as_str()) {
            (true, dpop::NONCE_REQUIRED) => "DPoP error=\"use_dpop_nonce\"",
            (true, _) => "DPoP error=\"invalid_dpop_proof\"",
            _ => "Bearer",
        };
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    response
}

/// Lets pages of other origins call the sandbox, if an option allows it. Otherwise no CORS header is sent, because C1
/// documents none.
async fn cross_origin(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let allowed = shared.tenant().options.cors.clone();
    let origin = request.headers().get(header::ORIGIN).cloned();
    let (Some(allowed), Some(origin)) = (allowed, origin) else { return next.run(request).await };
    let grant = match &allowed {
        Cors::Any => HeaderValue::from_static("*"),
        Cors::Origin(allowed) if allowed.as_bytes() == origin.as_bytes() => origin,
        Cors::Origin(_) => return next.run(request).await,
    };
    let preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let wanted = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let mut response = if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let exposed = exposed(response.headers());
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, grant);
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if preflight {
        let methods = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        if let Some(wanted) = wanted {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted);
        }
    } else if let Ok(exposed) = exposed.parse() {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}

/// The header fields that a client reads. They are exposed even if an answer lacks them.
const EXPOSED: [&str; 5] = ["date", "dpop-nonce", "retry-after", "www-authenticate", "x-request-id"];

/// Returns the names of all headers that a page may read: those of [`EXPOSED`], and every other one that the answer
/// has, such as those that a fault rule set. `*` would not suffice, because it excludes credentialed requests.
fn exposed(headers: &HeaderMap) -> String {
    let mut names: BTreeSet<&str> = headers.keys().map(HeaderName::as_str).collect();
    names.extend(EXPOSED);
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// Determines the target of a request, injects the fault that a rule demands, and writes the log.
async fn handle_request(
    State(shared): State<Shared>,
    Extension(Real(real)): Extension<Real>,
    mut request: Request,
    next: Next,
) -> Response {
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    let found = shared.routes.find(&method, &path);
    let target = match &found {
        Found::Operation(number, _) => Some(Target::Operation(*number)),
        Found::CommerceLayer(found) => found.number().map(Target::CommerceLayer),
        _ => (path == TOKEN_PATH && method == "POST").then_some(Target::Token),
    };
    request.extensions_mut().insert(found);

    let (at, action) = {
        let mut tenant = shared.tenant();
        (tenant.clock.at(real), tenant.faults.take(target))
    };
    let fault = action.as_ref().map(crate::fault::Action::name);
    let action = action.unwrap_or_default();
    let entry = |status, answered| Entry { at, method, path, target, status, answered, fault };
    if action.drop == Some(Drop::Request) {
        shared.tenant().log.add(entry(None, false));
        return lost(StatusCode::BAD_GATEWAY.into_response());
    }
    let mut response = match &action.answer {
        Some(answer) => prescribed(answer, target),
        None => next.run(request).await,
    };
    // A client whose clock is wrong can correct it with this header.
    if let Ok(date) = HeaderValue::from_str(&time::http_date(at)) {
        response.headers_mut().entry(header::DATE).or_insert(date);
    }
    // A tenant that requires nonces returns the newest one with every answer, so that no client is refused because its
    // nonce is too old.
    let wants_nonce = shared.tenant().options.switches.dpop == dpop::Mode::Nonce;
    if let (true, Ok(nonce)) = (wants_nonce, dpop::nonce(at).parse()) {
        response.headers_mut().entry("dpop-nonce").or_insert(nonce);
    }
    let dropped = action.drop == Some(Drop::Answer);
    shared.tenant().log.add(entry(Some(response.status().as_u16()), !dropped));
    if dropped {
        return lost(response);
    }
    response.extensions_mut().insert(Delivery { delay_ms: action.delay_ms, dropped: false });
    response
}

fn lost(mut response: Response) -> Response {
    response.extensions_mut().insert(Delivery { delay_ms: 0, dropped: true });
    response
}

fn prescribed(answer: &Answer, target: Option<Target>) -> Response {
    let (body, content_type) = answer.body(target);
    let mut response = respond(answer.status, content_type, body);
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn token_endpoint(
    State(shared): State<Shared>,
    Extension(Real(real)): Extension<Real>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let content_type = field(&headers, header::CONTENT_TYPE).unwrap_or_default();
    let mut tenant = shared.tenant();
    let now = tenant.clock.at(real);
    let result = if media_type(content_type) == "application/x-www-form-urlencoded" {
        let form = Form::parse(&String::from_utf8_lossy(&body));
        let host = uri.authority().map(|authority| authority.as_str().to_owned()).unwrap_or_default();
        let urls = urls(&tenant, &uri);
        let request = token::Request {
            form: &form,
            host: &host,
            proof: proof("POST", &urls, &headers),
            authorization: field(&headers, header::AUTHORIZATION),
            agent: field(&headers, header::USER_AGENT).unwrap_or_default(),
        };
        token::exchange(&mut tenant, &request, now)
    } else {
        Err(token::Refusal::request("the body must be application/x-www-form-urlencoded"))
    };
    match result {
        Ok(answer) => json(200, &answer),
        Err(refusal) => with_nonce(json(refusal.status, &refusal.body()), refusal.error, now),
    }
}

/// Returns the URLs that a proof may name: at the tenant's own address, and at the address of the request. The query is
/// left out (RFC 9449, section 4.2), unless the tenant compares it.
fn urls(tenant: &Tenant, uri: &Uri) -> [String; 2] {
    let origin = uri.scheme_str().zip(uri.authority()).map(|(scheme, authority)| format!("{scheme}://{authority}"));
    let whole = uri.path_and_query().map_or(uri.path(), |target| target.as_str());
    let target = if tenant.options.switches.proves_query { whole } else { uri.path() };
    [tenant.options.url.clone(), origin.unwrap_or_default()].map(|origin| origin + target)
}

fn field(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn proof<'a>(method: &'a str, urls: &'a [String; 2], headers: &'a HeaderMap) -> dpop::Request<'a> {
    let proof = headers.get("dpop").and_then(|value| value.to_str().ok());
    dpop::Request { proof, method, urls: urls.each_ref().map(String::as_str) }
}

/// Adds a nonce to a refusal caused by a missing or outdated one.
fn with_nonce(mut response: Response, why: &str, now: Millis) -> Response {
    if why == dpop::NONCE_REQUIRED
        && let Ok(nonce) = dpop::nonce(now).parse()
    {
        response.headers_mut().insert("dpop-nonce", nonce);
    }
    response
}

async fn device_endpoint(
    State(shared): State<Shared>,
    Extension(Real(real)): Extension<Real>,
    body: Bytes,
) -> Response {
    let mut tenant = shared.tenant();
    let now = tenant.clock.at(real);
    match device::begin(&mut tenant, &Form::parse(&String::from_utf8_lossy(&body)), now) {
        Ok(answer) => json(200, &answer),
        Err(refusal) => json(refusal.status, &refusal.body()),
    }
}

async fn device_page(uri: Uri) -> Response {
    let query = Form::parse(uri.query().unwrap_or_default());
    page_of(device::page(query.get("user_code").unwrap_or_default(), None))
}

async fn device_answer(
    State(shared): State<Shared>,
    Extension(Real(real)): Extension<Real>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut tenant = shared.tenant();
    if is_foreign(&tenant, &uri, &headers) {
        return error(&Status::new(Code::PermissionDenied, "another page's form"));
    }
    let now = tenant.clock.at(real);
    let form = Form::parse(&String::from_utf8_lossy(&body));
    let approve = form.get("answer") == Some("approve");
    let done = device::decide(&mut tenant, form.get("user_code").unwrap_or_default(), approve, now);
    page_of(device::page("", Some(done)))
}

/// Returns whether the request was made by a form on a page of another origin.
fn is_foreign(tenant: &Tenant, uri: &Uri, headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let own = urls(tenant, uri).map(|url| url.trim_end_matches(uri.path()).to_owned());
    origin.is_some_and(|origin| !own.iter().any(|own| own == origin))
}

fn page_of(html: String) -> Response {
    let mut response = respond(200, "text/html; charset=utf-8", html);
    let policy = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Answers any operation of the API table.
async fn operation(
    State(shared): State<Shared>,
    Extension(Real(real)): Extension<Real>,
    Extension(found): Extension<Found>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (number, values) = match found {
        Found::Operation(number, values) => (number, values),
        Found::CommerceLayer(found) => return commercelayer(&shared, real, &found, (&method, &uri, &headers, &body)),
        Found::OtherMethod => return error(&Status::new(Code::Unimplemented, "Method Not Allowed")),
        Found::Nothing => return error(&Status::new(Code::NotFound, "Not Found")),
    };
    let mut tenant = shared.tenant();
    match perform(&mut tenant, &shared.routes, number, values, (&uri, &headers, &body), real) {
        Ok(answer) => json(200, &Value::Object(answer)),
        Err(status) => {
            let now = tenant.clock.at(real);
            with_nonce(error(&status), &status.message, now)
        }
    }
}

/// Answers any request to the paths of Commerce Layer.
fn commercelayer(
    shared: &Shared,
    real: Millis,
    found: &commercelayer::routes::Found,
    (method, uri, headers, body): (&Method, &Uri, &HeaderMap, &Bytes),
) -> Response {
    use commercelayer::routes::{Endpoint, Found};
    let query = Form::parse(uri.query().unwrap_or_default());
    let incoming = commercelayer::Incoming {
        method: method.as_str(),
        query: query.pairs(),
        accept: field(headers, header::ACCEPT).unwrap_or_default(),
        content_type: field(headers, header::CONTENT_TYPE).unwrap_or_default(),
        authorization: field(headers, header::AUTHORIZATION),
        body: &String::from_utf8_lossy(body),
    };
    let mut tenant = shared.tenant();
    if *found == Found::Endpoint(Endpoint::Authorize) && is_foreign(&tenant, uri, headers) {
        return error(&Status::new(Code::PermissionDenied, "another page's form"));
    }
    let now = tenant.clock.at(real);
    let answer = commercelayer::answer(&mut tenant, found, &incoming, now);
    let content_type = if matches!(found, Found::Endpoint(_)) { "application/json" } else { commercelayer::MEDIA_TYPE };
    let mut response = match answer.body {
        Some(Value::String(page)) => page_of(page),
        Some(body) => respond(answer.status, content_type, body.to_string()),
        None => StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response(),
    };
    for (name, value) in answer.headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn perform(
    tenant: &mut Tenant,
    routes: &Routes,
    number: u16,
    values: Vec<String>,
    (uri, headers, body): (&Uri, &HeaderMap, &Bytes),
    real: Millis,
) -> Result<Row, Status> {
    let (table, now) = (routes.table(), tenant.clock.at(real));
    let operation = routes.operation(number).ok_or_else(|| Status::not_found("operation"))?;
    let authorization = field(headers, header::AUTHORIZATION);
    let urls = urls(tenant, uri);
    let caller = tenant.caller(authorization, &proof(operation.method.as_str(), &urls, headers), now)?;
    if caller.only_reads() && operation.effect != Effect::Read {
        return Err(Status::new(Code::PermissionDenied, "the credential's roles only allow reading"));
    }
    let names = table.segments(operation).iter().filter(|segment| segment.param.is_some());
    let params: Row = names
        .zip(values)
        .map(|(segment, value)| (table.segment_text(segment).to_owned(), Value::from(value)))
        .collect();
    let body = match operation.body {
        Some(message) => shape::accept(table, message, &read_json(body)?)?,
        None => Row::new(),
    };
    let page = page(&Form::parse(uri.query().unwrap_or_default()), &body)?;
    let agent = field(headers, header::USER_AGENT).unwrap_or_default().to_owned();
    let call = Call { table, operation, params, page, body, now, caller, agent };
    let answer = c1::answer(tenant, &call)?;
    if operation.effect != Effect::Read {
        tenant.revision += 1;
    }
    Ok(answer)
}

/// Parses the body as JSON; an empty body is an empty message.
fn read_json(body: &Bytes) -> Result<Value, Status> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Null);
    }
    // The parser's own message might quote the body.
    serde_json::from_slice(body).map_err(|error| {
        Status::invalid(format!("the body is not JSON (line {}, column {})", error.line(), error.column()))
    })
}

/// Returns the requested page, which is given in the query, whether or not the API document declares that, or in the
/// body.
fn page(query: &Form, body: &Row) -> Result<Page, Status> {
    let in_query = query.get("page_size").map(|text| text.parse().map_err(|_| ()));
    let in_body = body.get("pageSize").map(|size| size.as_i64().ok_or(()));
    let size = in_query.or(in_body).unwrap_or(Ok(0));
    let size = size.ok().filter(|size: &i64| *size >= 0);
    let token = query.get("page_token").unwrap_or_else(|| shape::text(body, "pageToken")).to_owned();
    Ok(Page { size: size.ok_or_else(|| Status::invalid("the page size must not be negative"))?, token })
}

async fn control_endpoint(
    State(shared): State<Shared>,
    Extension(Real(real)): Extension<Real>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().strip_prefix(control::PREFIX).unwrap_or_default();
    let query = Form::parse(uri.query().unwrap_or_default());
    // A page of another origin can send a form without a preflight request, but not JSON, and must not use the
    // controls.
    let content_type = field(&headers, header::CONTENT_TYPE).unwrap_or_default();
    if !matches!(method, Method::GET | Method::DELETE) && media_type(content_type) != "application/json" {
        return error(&Status::invalid("a control request must be application/json"));
    }
    let answer = read_json(&body)
        .and_then(|body| control(&mut shared.tenant(), &shared.routes, (method.as_str(), path, &query), &body, real));
    match answer {
        Ok(answer) => json(200, &answer),
        Err(status) => error(&status),
    }
}
