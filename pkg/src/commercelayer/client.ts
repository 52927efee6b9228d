/** The client of the Commerce Layer Provisioning API. */

import { closing } from "../base/dispose.js";
import { enclose } from "../base/enclosed.js";
import { ProvisioningResources } from "../generated/commercelayer.js";
import { SCHEMA_VERSION } from "../generated/commercelayer-facts.js";
import type { ResourceTypeLock } from "../generated/commercelayer-models.js";
import { PORT } from "../http/port.js";
import { ResourceAdapter } from "./adapter.js";
import type { ClientInitConfig, CommerceLayerConfig } from "./config.js";
import { ApiCredentials } from "./credentials.js";
import type { ApiError } from "./errors.js";
import type {
  ErrorInterceptor,
  InterceptorType,
  RawResponseReader,
  RequestInterceptor,
  ResponseInterceptor,
} from "./interceptors.js";
import { isApiError, isSdkError, isSingleton, OPEN_API_SCHEMA_VERSION, resources, singletons } from "./static.js";

const adapters = new WeakMap<CommerceLayerProvisioningClient, ResourceAdapter>();

/** The base class: the resources, closed by `using`. */
const Closing = /* @__PURE__ */ closing(ProvisioningResources);

/**
 * A client of the Provisioning API.
 *
 * ```ts
 * const cl = CommerceLayerProvisioning({ accessToken });
 * const organization = cl.organizations.relationship(id);
 * const credential = await cl.api_credentials.create({ name: "CI", kind: "integration", organization });
 * ```
 *
 * Nothing is sent before the first call. Printing or serialising a client shows neither tokens nor secrets.
 */
export class CommerceLayerProvisioningClient extends Closing {
  /** The version of the API description that the package is generated from. */
  readonly openApiSchemaVersion: typeof SCHEMA_VERSION = SCHEMA_VERSION;
  #credentials: ApiCredentials | undefined;

  /** @throws {@link SdkError} if the options cannot be used. */
  constructor(config: ClientInitConfig) {
    super();
    const adapter = new ResourceAdapter(config);
    adapters.set(this, adapter);
    enclose(this, PORT, adapter.port);
  }

  /** @internal */
  protected get adapter(): ResourceAdapter {
    return adapters.get(this) as ResourceAdapter;
  }

  /** Returns what `console.log` shows, even when it calls getters, such as `currentAccessToken`. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "CommerceLayerProvisioningClient {}";
  }

  /** The API credentials of organizations. */
  override get api_credentials(): ApiCredentials {
    return (this.#credentials ??= new ApiCredentials(this.adapter));
  }

  /** The same as `api_credentials`, in the spelling of the rest of the package: `cl.apiCredentials.replace(...)`. */
  get apiCredentials(): ApiCredentials {
    return this.api_credentials;
  }

  /** The access token that a call would be sent with now; empty if none has been fetched yet. */
  get currentAccessToken(): string {
    return this.adapter.currentAccessToken;
  }

  /** Changes options. Options that are not given stay unchanged; headers are added to the existing ones. */
  config(config: CommerceLayerConfig): this {
    this.adapter.config(config);
    return this;
  }

  /** Returns the resource types. */
  resources(): readonly string[] {
    return resources();
  }

  /** Returns the types that have a single resource. */
  singletons(): readonly string[] {
    return singletons();
  }

  /** Returns whether a type has a single resource. */
  isSingleton(resource: ResourceTypeLock): boolean {
    return isSingleton(resource);
  }

  /** Returns whether an error stands for a response that is not a success. */
  isApiError(error: any): error is ApiError {
    return isApiError(error);
  }

  /**
   * Registers a function that sees requests before they are sent, and may change them. Pass the returned id to
   * {@link removeInterceptor}. As in the official SDK, `onFailure` is never called: that of
   * {@link addResponseInterceptor} is.
   */
  addRequestInterceptor(onSuccess?: RequestInterceptor, onFailure?: ErrorInterceptor): number {
    return this.adapter.interceptors.addRequest(onSuccess, onFailure);
  }

  /**
   * Registers functions that see responses before they are read, and errors before they are thrown. An error remains an
   * error, whatever they return.
   */
  addResponseInterceptor(onSuccess?: ResponseInterceptor, onFailure?: ErrorInterceptor): number {
    return this.adapter.interceptors.addResponse(onSuccess, onFailure);
  }

  /** Removes the interceptor with this id, or without an id all interceptors of this type. */
  removeInterceptor(type: InterceptorType, id?: number): void {
    this.adapter.interceptors.remove(type, id);
  }

  /** Removes all interceptors and readers. */
  removeInterceptors(): void {
    this.removeInterceptor("request");
    this.removeInterceptor("response");
    this.removeRawResponseReader();
  }

  /**
   * Adds an object that holds the body of the last response, including secrets, and its headers if requested.
   * `responseOf(result)` has the headers of each result.
   */
  addRawResponseReader(options?: { headers: boolean }): RawResponseReader {
    return this.adapter.interceptors.addReader(options?.headers ?? false);
  }

  /** Removes a reader, or without an argument all of them. */
  removeRawResponseReader(reader?: number | RawResponseReader): void {
    this.adapter.interceptors.removeReader(reader);
  }

  /**
   * Aborts running calls and wipes credentials and tokens. Later calls are refused.
   * `using cl = CommerceLayerProvisioning(...)` calls it at the end of the block.
   */
  close(): void {
    this.adapter.close();
  }
}

/** Creates a client of the Provisioning API. */
export const CommerceLayerProvisioning = (config: ClientInitConfig): CommerceLayerProvisioningClient =>
  new CommerceLayerProvisioningClient(config);

/** Functions that need no client. */
export const CommerceLayerProvisioningStatic = {
  resources,
  singletons,
  isSingleton,
  isSdkError,
  isApiError,
  init: CommerceLayerProvisioning,
  get schemaVersion(): string {
    return OPEN_API_SCHEMA_VERSION;
  },
};
