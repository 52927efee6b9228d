/** What both entries of `keyturn/sandbox` have. */

export type {
  Fault,
  FaultAction,
  ReadyTenant,
  RequestFilter,
  Sandbox,
  SandboxClock,
  SandboxOptions,
  SandboxRequest,
  SandboxSettings,
  SandboxWasm,
  Seed,
} from "./sandbox-tenant.js";
