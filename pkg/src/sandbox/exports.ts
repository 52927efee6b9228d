/** What both entries of `keyturn/sandbox` have. */

export type {
  CommerceLayerLimits,
  CommerceLayerSettings,
  Fault,
  FaultAction,
  ReadyCommerceLayer,
  ReadyTenant,
  RequestFilter,
  Sandbox,
  SandboxClock,
  SandboxCommerceLayer,
  SandboxOptions,
  SandboxRequest,
  SandboxSettings,
  SandboxWasm,
  Seed,
} from "./tenant.js";
