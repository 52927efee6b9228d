/** The calls of one client: from a resource to a request, and from a response to a resource. */

import { callOptionsOf, optionsOf } from "../base/checked.js";
import { ClosedError, ConfigurationError, InputError, type KeyturnError } from "../base/errors.js";
import type { Operation } from "../base/operation.js";
import { encode } from "../core/encode.js";
import { Unknown } from "../generated/boundary.js";
import { RESOURCES } from "../generated/commercelayer-facts.js";
import type { ResourceTypeLock } from "../generated/commercelayer-models.js";
import { Answer, answered, decodeError } from "../http/answer.js";
import type { Authorizer } from "../http/authorizer.js";
import { Driver, type Outgoing, type Passing } from "../http/driver.js";
import type { Port } from "../http/port.js";
import { Relay } from "../http/relay.js";
import {
  byCaller,
  checkedFetchOptions,
  checkedHeader,
  Deadline,
  ending,
  platformFetch,
  RULES,
  requestId,
  sleep,
} from "../http/transport.js";
import { addresses } from "./auth/plan.js";
import { type ClientInitConfig, checkHeaders, customHeaders, type ResourcesConfig } from "./config.js";
import { ErrorType, readable, SdkError } from "./errors.js";
import { InterceptorError, Interceptors } from "./interceptors.js";
import { denormalize, type Spelling } from "./jsonapi/denormalize.js";
import { type Document, isKnownType, isObject } from "./jsonapi/document.js";
import { ListResponse, pageMeta } from "./jsonapi/list.js";
import { type Normalized, normalize } from "./jsonapi/normalize.js";
import {
  type AnyParams,
  generateQueryStringParams,
  isParamsList,
  type QueryStringParams,
  type Secrecy,
  wellFormed,
} from "./jsonapi/query.js";
import type { Resource, ResourceCreate, ResourceId, ResourceType, ResourceUpdate, SingletonUpdate } from "./model.js";
import { PagedList, pauseAfter } from "./paging.js";
import { keepResponse } from "./response.js";
import { FixedToken, openSession, type ProvisioningSession } from "./session.js";
import { provisioning } from "./table.js";
import { fetchError, remember, retranslated, translated } from "./translate.js";

const MEDIA_TYPE = "application/vnd.api+json";
const DEFAULT_TIMEOUT_MS = 15_000;

/** The options of a call. Older programs pass `null` for none. */
type CallOptions = ResourcesConfig | null | undefined;

/** One request of an operation in the table. */
interface Call {
  readonly type: ResourceTypeLock;
  /** `list`, `create`, or the name of a relationship or an action. */
  readonly name: string;
  readonly request: object | null;
  readonly query: QueryStringParams;
  readonly options: CallOptions;
  /** Strings that no error may repeat. */
  readonly secrets: readonly string[];
}

/** The input of a call through a proxy: the request of a {@link Call}, and its query. */
interface Input {
  readonly id?: string;
  readonly data?: unknown;
  readonly document?: { readonly data?: unknown };
  readonly query?: QueryStringParams;
}

/** A list: resources of the type `listed`, requested through another type's call if the list is a relationship. */
interface Listing extends Pick<Call, "type" | "name" | "request"> {
  readonly listed: ResourceTypeLock;
}

/** The options of a call as the driver passes them to `send`. */
interface SendOptions extends Passing {
  readonly call?: { readonly headers: Record<string, string>; readonly fetch: ResourcesConfig["fetch"] };
}

/** A response, with the facts needed to read it. */
interface Received {
  readonly answer: Answer;
  readonly facts: Operation;
  readonly url: string;
  /** Strings that no error may repeat. */
  readonly secrets: readonly string[];
}

/** A session, and the number of calls that use it. */
interface InUse {
  readonly session: ProvisioningSession;
  calls: number;
  retired: boolean;
}

/** The options that a session is made from. A change of other options keeps the session and its tokens. */
const OF_SESSION: readonly (keyof ResourcesConfig)[] = [
  ...(["accessToken", "credentials", "refreshToken", "domain", "serverURL", "authURL"] as const),
  ...(["tokenStore", "clock", "debugLogger"] as const),
];

/** The adapter that makes the calls of one client. */
export class ResourceAdapter {
  readonly interceptors: Interceptors;
  /** The options, without the token, which the core holds. */
  #config: ResourcesConfig;
  #inUse: InUse;
  #driver: Driver;
  /** The way to an application's proxy, if calls go there instead of to the API. */
  readonly #relay: Relay | undefined;
  readonly #closed = ending();

  /** @throws {@link SdkError} if the options cannot be used. */
  constructor(given: ClientInitConfig) {
    const config = optionsOfClient(given ?? {}) as ClientInitConfig;
    const { proxy } = config;
    if (!config.accessToken && !config.credentials && proxy === undefined)
      throw new SdkError({ message: "Undefined 'accessToken' parameter" });
    const { accessToken: _, ...rest } = config;
    checked(rest);
    if (proxy !== undefined) this.#relay = relayTo(proxy, config);
    this.#config = rest;
    this.#inUse = this.#open(config);
    this.#driver = this.#drive(this.#inUse.session);
    this.interceptors = new Interceptors();
  }

  /**
   * The interface through which a proxy makes calls. The input of a call is the request, plus the URL parameters as
   * `query`. @internal
   */
  get port(): Port {
    return {
      names: operationNames,
      operation: (number) => provisioning.operation(number),
      forward: (number, input, options) => this.#forward(number, input as Input, options),
      resources: RESOURCES,
    };
  }

  /** Changes options of the client. Empty or missing ones stay unchanged; headers are added to the existing ones. */
  config(config: ResourcesConfig): this {
    const { headers, signal: _, ...given } = optionsOfClient(config ?? {});
    const set = Object.fromEntries(
      Object.entries(given).filter(([name, value]) => name === "timeout" || name === "timeoutMs" || Boolean(value)),
    );
    const { accessToken, ...others } = set as ResourcesConfig;
    const merged: ResourcesConfig = { ...this.#config, ...others, headers: { ...this.#config.headers, ...headers } };
    checked(merged);
    if ("proxy" in set || (this.#relay && OF_SESSION.some((name) => name in set))) {
      const message = "proxy: cannot change; create a client with either credentials or a proxy";
      throw translated(new ConfigurationError("proxy", "fixed", message));
    }
    if (accessToken) merged.credentials = undefined;
    if (others.credentials) merged.refreshToken = others.refreshToken;
    if (OF_SESSION.some((name) => name in set)) {
      const token = merged.credentials ? undefined : accessToken || this.currentAccessToken;
      const next = this.#open({ ...merged, accessToken: token });
      this.#retire(this.#inUse);
      this.#inUse = next;
    }
    this.#config = merged;
    this.#driver = this.#drive(this.#inUse.session);
    return this;
  }

  /** Returns what `console.log` shows, even when it calls getters, such as `currentAccessToken`. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "ResourceAdapter {}";
  }

  /** The counterpart of `client` in the official SDK's adapter. */
  get client(): { readonly currentAccessToken: string } {
    return hidden({ currentAccessToken: this.currentAccessToken });
  }

  /** The token that a call would be sent with now; empty until the first one is fetched. */
  get currentAccessToken(): string {
    return (this.#closed.signal.aborted ? undefined : this.#inUse.session.token) ?? "";
  }

  /** The session in use, for code that needs its tokens besides the API's calls. @internal */
  get session(): ProvisioningSession {
    return this.#inUse.session;
  }

  /** The location of the service, and how to reach it, for requests to its authentication server. @internal */
  get places(): Pick<
    ClientInitConfig,
    "domain" | "serverURL" | "authURL" | "fetch" | "fetchOptions" | "clock" | "retryConfig"
  > {
    if (this.#relay) {
      const message = "proxy: this logs in with credentials, so call it on the page's server";
      throw new ConfigurationError("proxy", "not_by_proxy", message);
    }
    const { domain, serverURL, authURL, fetch, fetchOptions, clock, retryConfig } = this.#config;
    return { domain, serverURL, authURL, fetch, fetchOptions, clock, retryConfig };
  }

  /** The spelling of results. */
  get spelling(): Spelling {
    return this.#spelling(undefined);
  }

  /** Returns the spelling of a call's results. */
  #spelling(options: CallOptions): Spelling {
    return { names: options?.names ?? this.#config.names };
  }

  /** Aborts running calls and wipes credentials and tokens. */
  close(): void {
    this.#closed.abort(new ClosedError());
    this.#inUse.session.close();
  }

  /** Fetches a resource by its id, or without an id the only one of its type. */
  async retrieve<R extends Resource>(
    resource: ResourceId | ResourceType,
    params?: AnyParams,
    given?: CallOptions,
  ): Promise<R> {
    const options = optionsOfCall(given);
    const { type } = resourceOf(resource);
    const request = "id" in resource ? { id: resource.id } : null;
    return this.#one<R>(
      await this.#receive({
        type,
        name: "retrieve",
        request,
        query: this.#query(params, type, options, true),
        options,
        secrets: [],
      }),
      options,
    );
  }

  /** Fetches a page of the resources of a type. */
  list<R extends Resource>(resource: ResourceType, params?: AnyParams, options?: CallOptions): PagedList<R> {
    const listing = (): Listing => {
      const { type } = resourceOf(resource);
      return { type, name: "list", request: null, listed: type };
    };
    return this.#list<R>(listing, params, options);
  }

  /** Counts the resources. Only one of the items is fetched, without its secrets. */
  async count(
    resource: ResourceType,
    filter?: AnyParams | Record<string, unknown>,
    given?: CallOptions,
  ): Promise<number> {
    const options = optionsOfCall(given);
    const { type } = resourceOf(resource);
    const filters = readable("parameters", () =>
      isParamsList(filter) ? (filter as AnyParams).filters : (filter as AnyParams["filters"]),
    );
    const secret = isKnownType(type) && RESOURCES[type].secrets !== undefined && !options?.secrets;
    const list = await this.list(
      { type },
      { filters, pageNumber: 1, pageSize: 1, ...(secret ? { fields: ["id"] } : {}) },
      options,
    );
    return list.recordCount;
  }

  /** Creates a resource. */
  async create<C extends ResourceCreate, R extends Resource>(
    resource: C & ResourceType,
    params?: AnyParams,
    given?: CallOptions,
  ): Promise<R> {
    const options = optionsOfCall(given);
    const { type } = resourceOf(resource);
    const data = this.#normalized(resource, options);
    delete data.id;
    const secrets = secretsIn(type, data.attributes);
    return this.#one<R>(
      await this.#receive({
        type,
        name: "create",
        request: { data },
        query: this.#query(params, type, options, true),
        options,
        secrets,
      }),
      options,
    );
  }

  /** Changes a resource. */
  async update<U extends ResourceUpdate | SingletonUpdate, R extends Resource>(
    resource: U & ResourceType,
    params?: AnyParams,
    given?: CallOptions,
  ): Promise<R> {
    const options = optionsOfCall(given);
    const { type, id } = resourceOf<ResourceType & { readonly id?: string }>(resource);
    const data = this.#normalized(resource, options);
    const request = isKnownType(type) && RESOURCES[type].singleton ? { data } : { id, document: { data } };
    const secrets = secretsIn(type, data.attributes);
    return this.#one<R>(
      await this.#receive({
        type,
        name: "update",
        request,
        query: this.#query(params, type, options, true),
        options,
        secrets,
      }),
      options,
    );
  }

  /** Deletes a resource. */
  async delete(resource: ResourceId, given?: CallOptions): Promise<void> {
    const options = optionsOfCall(given);
    const { type, id } = resourceOf(resource);
    await this.#receive({ type, name: "delete", request: { id }, query: this.#params(options), options, secrets: [] });
  }

  /** Fetches the resource that a relationship leads to. */
  async related<R extends Resource>(
    { type, id }: ResourceId,
    name: string,
    params?: AnyParams,
    given?: CallOptions,
  ): Promise<R> {
    const options = optionsOfCall(given);
    const query = this.#query(params, RESOURCES[type].to[name]?.[0] ?? type, options, false);
    return this.#one<R>(await this.#receive({ type, name, request: { id }, query, options, secrets: [] }), options);
  }

  /** Fetches a page of the resources that a relationship leads to. */
  relatedList<R extends Resource>(
    of: () => ResourceId,
    name: string,
    params?: AnyParams,
    options?: CallOptions,
  ): PagedList<R> {
    return this.#list<R>(
      () => {
        const { type, id } = of();
        return { type, name, request: { id }, listed: RESOURCES[type].to[name]?.[0] ?? type };
      },
      params,
      options,
    );
  }

  /** Performs an action that is not a change of an attribute, such as sending an invitation again. */
  async act(
    { type, id }: ResourceId,
    name: string,
    attributes: Record<string, unknown>,
    given?: CallOptions,
  ): Promise<void> {
    const options = optionsOfCall(given);
    const data = Object.keys(attributes).length === 0 ? {} : { type, attributes, relationships: {}, id };
    await this.#receive({
      type,
      name,
      request: { id, document: { data } },
      query: this.#params(options),
      options,
      secrets: [],
    });
  }

  /** @param of makes the request; what it throws rejects the promise. */
  #list<R extends Resource>(of: () => Listing, params: AnyParams | undefined, given: CallOptions): PagedList<R> {
    return PagedList.begin(async () => {
      const options = optionsOfCall(given);
      const listing = of();
      return this.#page<R>(listing, this.#query(params, listing.listed, options, false), options);
    });
  }

  async #page<R extends Resource>(
    listing: Listing,
    query: QueryStringParams,
    options: CallOptions,
  ): Promise<ListResponse<R>> {
    const received = await this.#receive({ ...listing, query, options, secrets: [] });
    const document = documentOf(received);
    const data = denormalize<R>(document, this.#spelling(options));
    if (!Array.isArray(data)) throw unreadable(received, "the response is not a list");
    const { links, meta } = document;
    const asked = { number: Number(query["page[number]"] ?? 1), size: Number(query["page[size]"] ?? 10) };
    const { headers } = received.answer;
    const fetch = async (number: number): Promise<ListResponse<R>> => {
      const pause = pauseAfter(headers);
      if (pause > 0) await this.#pause(pause, options);
      return this.#page<R>(listing, { ...query, "page[number]": String(number) }, options);
    };
    return withResponse(
      new ListResponse<R>(pageMeta(meta, asked, data.length, !links?.next), data, { links, meta, fetch }),
      received,
    );
  }

  /** Returns the resource object, with its numbers checked: the server misinterprets some that are out of range. */
  #normalized(resource: object & ResourceType, options: CallOptions): Normalized {
    const normalized = readable("resource", () => normalize(resource, this.#spelling(options)));
    for (const [name, [least, greatest]] of Object.entries(RESOURCES[resource.type]?.ranges ?? {})) {
      const value = normalized.attributes[name];
      if (typeof value === "number" && !(value >= least && value <= greatest)) {
        throw new SdkError({ message: `\`${name}\` must be from ${least} to ${greatest}`, type: ErrorType.REQUEST });
      }
    }
    return normalized;
  }

  /** @param own says whether secrets of the fetched type itself are wanted, whatever the options say. */
  #query(params: AnyParams | undefined, type: string, options: CallOptions, own: boolean): QueryStringParams {
    const secrecy: Secrecy | undefined = (options?.secrets ?? this.#config.secrets) ? undefined : { own };
    const query = readable("parameters", () =>
      generateQueryStringParams(params, type, secrecy, this.#spelling(options)),
    );
    return { ...query, ...this.#params(options) };
  }

  #params(options: CallOptions): QueryStringParams {
    return readable("params", () =>
      wellFormed(
        Object.fromEntries(
          Object.entries({ ...this.#config.params, ...options?.params })
            .filter(([, value]) => value !== undefined && value !== null)
            .map(([name, value]) => [name, String(value)]),
        ),
      ),
    );
  }

  #one<R extends Resource>(received: Received, options: CallOptions): R {
    const data = denormalize<R>(documentOf(received), this.#spelling(options));
    if (Array.isArray(data)) throw unreadable(received, "the response is a list, not one resource");
    return withResponse(data, received);
  }

  async #pause(ms: number, options: CallOptions): Promise<void> {
    const deadline = new Deadline(0, [options?.signal, this.#closed.signal]);
    try {
      deadline.check();
      await sleep(ms, deadline);
    } catch (error) {
      throw translated(error);
    } finally {
      deadline.end();
    }
  }

  /** Makes a call. Failures become the official SDK's errors, once the error interceptors have seen them. */
  async #receive(call: Call): Promise<Received> {
    const sent = { method: "", url: "", operation: `${call.type}.${call.name}` };
    const inUse = this.#inUse;
    inUse.calls++;
    try {
      return await this.#run(call, inUse, sent);
    } catch (error) {
      const failure = translated(error, sent.method ? sent : undefined);
      const shown = fetchError(failure);
      if (!shown) throw failure;
      throw retranslated(
        failure,
        await this.interceptors
          .failed(shown)
          .catch((thrown: unknown) => translated(new InterceptorError(thrown, failure.outcome), sent)),
      );
    } finally {
      inUse.calls--;
      if (inUse.retired) this.#retire(inUse);
    }
  }

  async #run(call: Call, { session }: InUse, sent: { method: string; url: string }): Promise<Received> {
    if (this.#closed.signal.aborted) throw new ClosedError();
    const { type, name, request, query, secrets } = call;
    const options = call.options ?? {};
    const number = isKnownType(type) ? RESOURCES[type].ops[name] : undefined;
    if (number === undefined)
      throw new SdkError({ message: `the API has no ${type}.${name}`, type: ErrorType.REQUEST });
    const facts = provisioning.operation(number);
    const { target, body, json } = encode(provisioning, number, request, Unknown.keep, facts.id);
    const search = new URLSearchParams(query).toString();
    const own = customHeaders(this.#config.headers, options.headers);
    const sendOptions: SendOptions = {
      signal: options.signal,
      timeoutMs: options.timeout ?? options.timeoutMs,
      retries: options.retryConfig,
      headers: { ...own, ...(options.userAgent ? { "user-agent": options.userAgent } : {}) },
      fetchOptions: options.fetchOptions,
      call: { headers: own, fetch: options.fetch },
      read: (options as Passing).read,
    };
    const failed = (operation: Operation, answer: Answer): KeyturnError => {
      this.interceptors.read(false, answer.headers, answer.body);
      return remember(answered(operation, without(secrets, answer)), answer);
    };
    const outgoing: Outgoing = this.#relay?.outgoing(facts, JSON.stringify({ ...JSON.parse(json), query })) ?? {
      facts,
      // The table's paths begin with `/api`, which the base URL already ends with.
      url: this.#base(session, options).replace(/\/api$/, "") + target + (search && `?${search}`),
      headers: { accept: MEDIA_TYPE, "content-type": MEDIA_TYPE },
      body,
      failed,
    };
    const { method = facts.method, url } = outgoing;
    Object.assign(sent, { method, url });
    const driving =
      options.accessToken && !this.#relay
        ? this.#drive(new FixedToken(options.accessToken, options.refreshToken, session))
        : this.#driver;
    const answer = await driving.run(outgoing, sendOptions, this.#closed.signal, (whole) => whole);
    this.interceptors.read(true, answer.headers, answer.body);
    return { answer, facts, url, secrets };
  }

  /** Makes a call for the proxy, and returns its response unchanged. */
  async #forward(number: number, { query = {}, ...request }: Input, options: Passing): Promise<Answer> {
    const [type, name] = (operationNames()[number] as string).split(".") as [ResourceTypeLock, string];
    const { attributes = {} } = (request.data ?? request.document?.data ?? {}) as Partial<Normalized>;
    const call: Call = {
      type,
      name,
      request,
      query,
      options: options as ResourcesConfig,
      secrets: secretsIn(type, attributes),
    };
    return (await this.#receive(call)).answer;
  }

  #base(session: ProvisioningSession, { domain, serverURL, accessToken }: ResourcesConfig): string {
    if (!domain && !serverURL) return session.baseURL;
    const base = addresses({ domain, serverURL }).api;
    if (base !== session.baseURL && !accessToken) {
      throw new ConfigurationError(
        "domain",
        "other_origin",
        "a call to another domain needs its own accessToken: the client's token belongs to its domain",
      );
    }
    return base;
  }

  #open(config: ResourcesConfig): InUse {
    try {
      // Reads the current `fetch`, which can change without a new session.
      const session = openSession(
        this.#relay ? { ...config, serverURL: new URL(this.#relay.url).origin } : config,
        (url, init) => {
          const fetch = this.#config.fetch ?? platformFetch();
          return byCaller(() => fetch(url, { ...this.#config.fetchOptions, ...init, ...RULES }));
        },
        () => this.#config.retryConfig,
        this.#relay !== undefined,
      );
      return { session, calls: 0, retired: false };
    } catch (error) {
      throw translated(error);
    }
  }

  #drive(authorizer: Authorizer): Driver {
    const { timeout, timeoutMs, retryConfig, userAgent, debugLogger } = this.#config;
    return new Driver(authorizer, {
      timeoutMs: timeout ?? timeoutMs ?? DEFAULT_TIMEOUT_MS,
      retryConfig,
      userAgent,
      debugLogger,
      send: (facts, url, init, options, begin) => this.#send(facts, url, init, options as SendOptions, begin),
    });
  }

  /** Retires a session, which is closed once no call uses it. */
  #retire(inUse: InUse): void {
    inUse.retired = true;
    if (inUse.calls === 0) inUse.session.close();
  }

  async #send(
    facts: Operation,
    url: string,
    init: RequestInit,
    { call }: SendOptions,
    begin: () => void,
  ): Promise<Response> {
    const { headers: given, method, body, signal, ...rest } = init;
    const options: RequestInit = {
      ...this.#config.fetchOptions,
      ...rest,
      method: method as string,
      headers: spelled(given, call?.headers),
      signal: signal ?? null,
    };
    if (body !== null) options.body = body as string;
    const request = await this.interceptors.sending({ url: new URL(url), options });
    const fetch = call?.fetch ?? this.#config.fetch ?? platformFetch();
    begin();
    const relay = this.#relay;
    const rules = relay?.rules ?? RULES;
    const sent = complete(await byCaller(() => fetch(request.url, { ...request.options, ...rules })));
    return this.interceptors.received(await (relay?.received(facts, sent) ?? sent));
  }
}

/** @throws {@link SdkError} */
function resourceOf<T extends ResourceType>(resource: T): T {
  if (isObject(resource)) return resource;
  throw new SdkError({ message: "a resource must be an object with its type", type: ErrorType.REQUEST });
}

/** @throws {@link SdkError} */
function optionsOfClient(given: Partial<ClientInitConfig>): ResourcesConfig {
  try {
    return optionsOf<ResourcesConfig>("config", given);
  } catch (error) {
    throw translated(error);
  }
}

/** @throws {@link SdkError} */
function optionsOfCall(given: CallOptions): CallOptions {
  try {
    const options = callOptionsOf(given);
    const token: unknown = options?.accessToken;
    if (token === undefined || token === null || typeof token === "string") return options;
    throw new InputError("accessToken", "must be a string");
  } catch (error) {
    throw translated(error);
  }
}

/**
 * Checks the options that every request contains.
 *
 * @throws {@link SdkError}
 */
function checked({ userAgent = "", headers, fetchOptions }: ResourcesConfig): void {
  try {
    checkedHeader("userAgent", userAgent);
    checkHeaders(headers);
    checkedFetchOptions(fetchOptions);
  } catch (error) {
    throw translated(error);
  }
}

/** @throws {@link SdkError} */
function relayTo(proxy: NonNullable<ResourcesConfig["proxy"]>, config: ResourcesConfig): Relay {
  try {
    return new Relay(proxy, config);
  } catch (error) {
    throw translated(error);
  }
}

/** Returns the names of all operations, such as `api_credentials.list`, in the order of their numbers. */
function operationNames(): string[] {
  return Object.entries(RESOURCES).flatMap(([type, { ops }]) => Object.keys(ops).map((name) => `${type}.${name}`));
}

/**
 * Returns a complete `Response`. A program's own `fetch`, above all in tests, may return only the parts that the
 * official SDK reads.
 */
async function complete(response: Response): Promise<Response> {
  const read = typeof response.arrayBuffer === "function";
  if (read && typeof response.headers?.get === "function") return response;
  const { status = 200, statusText = "", headers = {} } = response as Partial<Response>;
  const empty = status === 204 || status === 205 || status === 304 || !(read || typeof response.text === "function");
  const body = empty ? null : await (read ? response.arrayBuffer() : response.text());
  return new Response(body, { status, statusText, headers });
}

const SPELLINGS: Readonly<Record<string, string>> = {
  accept: "Accept",
  "content-type": "Content-Type",
  authorization: "Authorization",
  "user-agent": "User-Agent",
};

/** Returns headers as a plain object, in their original spelling. */
function spelled(headers: RequestInit["headers"], custom: Record<string, string> = {}): Record<string, string> {
  const own = new Map(Object.keys(custom).map((name) => [name.toLowerCase(), name]));
  const pairs = headers instanceof Headers ? [...headers] : Object.entries((headers ?? {}) as Record<string, string>);
  return Object.fromEntries(pairs.map(([name, value]) => [SPELLINGS[name] ?? own.get(name) ?? name, value]));
}

/** Returns the document of a response. */
function documentOf(received: Received): Document {
  const { answer } = received;
  const document = parsed(answer.body);
  if (typeof document === "object" && document !== null && "data" in document && typeof document.data === "object")
    return document;
  const problem =
    answer.body.length === 0
      ? "the response is empty"
      : document === undefined
        ? "the response is not complete JSON"
        : "the response is not a JSON:API document";
  throw unreadable(received, problem);
}

/** Returns the error for a success that cannot be read. */
function unreadable({ facts, answer, url, secrets }: Received, problem: string): SdkError {
  return translated(decodeError(facts, without(secrets, answer), problem), {
    method: facts.method,
    url,
    operation: facts.id,
  });
}

function parsed(body: Uint8Array): Document | null | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as Document | null;
  } catch {
    return undefined;
  }
}

function withResponse<T>(result: T, { answer, url }: Received): T {
  return keepResponse(result, {
    status: answer.status,
    headers: answer.headers,
    requestId: requestId(answer.headers),
    url,
  });
}

/**
 * Returns a response that does not repeat secrets of the request. The core hides the secrets that it recognizes by
 * their names.
 */
function without(secrets: readonly string[], answer: Answer): Answer {
  const text = secrets.length > 0 ? new TextDecoder().decode(answer.body) : "";
  const hidden = secrets.reduce(
    (left, secret) => left.replaceAll(JSON.stringify(secret).slice(1, -1), "[secret]").replaceAll(secret, "[secret]"),
    text,
  );
  return hidden === text ? answer : new Answer(answer.response, new TextEncoder().encode(hidden), answer.authorization);
}

/** Returns the values of a request's attributes that hold secrets. */
function secretsIn(type: string, attributes: Record<string, unknown>): string[] {
  const names = isKnownType(type) ? (RESOURCES[type].secrets ?? []) : [];
  return names
    .map((name) => attributes[name])
    .filter((value): value is string => typeof value === "string" && value !== "");
}

/** Keeps the token of `holder` from showing when it is printed. */
function hidden<T extends object>(holder: T): T {
  return Object.defineProperty(holder, Symbol.for("nodejs.util.inspect.custom"), { value: () => "[token]" });
}

/** Creates a standalone adapter, as the official SDK exports it. */
export function apiResourceAdapter(config: ClientInitConfig): ResourceAdapter {
  return new ResourceAdapter(config);
}
