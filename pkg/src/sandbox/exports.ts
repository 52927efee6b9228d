/** What both entries of `keyturn/sandbox` export. */

export type {
  CommerceLayerLimits,
  CommerceLayerSettings,
  Consumed,
  Consumer,
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
  SandboxSwitches,
  SandboxWasm,
  Seed,
} from "./tenant.js";
