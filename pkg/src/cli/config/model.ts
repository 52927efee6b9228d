/** The contents of a valid `keyturn.json`. `schema.ts` describes each field. */

import type { EnvDialect, LifecycleCaps, LifecyclePolicy, Workload } from "../../lifecycle.js";
import type { SecretSource, Tenant } from "../clients.js";

/** The whole file. */
export interface Config {
  readonly journal: string;
  readonly tenants?: Readonly<Record<string, Tenant>>;
  readonly policy?: LifecyclePolicy;
  readonly seal?: SealConfig;
  readonly caps?: LifecycleCaps;
  readonly targets: Readonly<Record<string, TargetConfig>>;
}

/** How secrets survive the death of a process before their delivery. */
export interface SealConfig {
  readonly key: SecretSource;
  readonly folder?: string;
}

/** The fields of targets of all kinds. */
interface TargetCommon {
  readonly tenant?: string;
  readonly sinks: readonly SinkConfig[];
  readonly policy?: LifecyclePolicy;
  readonly owner?: string;
  readonly consumers?: readonly string[];
  readonly group?: string;
}

/** The permissions and limits of new credentials of a principal. */
export interface LimitsConfig {
  readonly expiresInDays: number | "never";
  readonly scopedRoles: readonly string[] | "all";
  readonly allowSourceCidr: readonly string[] | "anywhere";
  readonly requireDpop?: boolean;
}

/** A target, by its kind. */
export type TargetConfig = TargetCommon &
  (
    | {
        readonly kind: "c1-connector";
        readonly appId: string;
        readonly connectorId: string;
        readonly logsRotations?: boolean;
      }
    | { readonly kind: "c1-bridge"; readonly bridgeId: string }
    | {
        readonly kind: "c1-sso-client";
        readonly appId: string;
        readonly ssoApplicationId: string;
        readonly clientId: string;
        readonly tokenURL?: string;
      }
    | { readonly kind: "c1-service-principal"; readonly servicePrincipalId: string; readonly limits: LimitsConfig }
    | { readonly kind: "c1-personal-client"; readonly limits: LimitsConfig }
    | { readonly kind: "commercelayer-api-credential"; readonly id: string; readonly publicKinds?: boolean }
  );

/** The names of the two values in a sink. */
interface Names {
  readonly clientId?: string;
  readonly clientSecret?: string;
}

/** A sink, by its kind. */
export type SinkConfig = { readonly name?: string } & (
  | ({
      readonly kind: "env-file";
      readonly path: string;
      readonly dialect?: EnvDialect;
      readonly mode?: string;
    } & Names)
  | {
      readonly kind: "json-file";
      readonly path: string;
      readonly clientId?: string | readonly string[];
      readonly clientSecret?: string | readonly string[];
      readonly mode?: string;
    }
  | ({ readonly kind: "folder"; readonly path: string; readonly mode?: string; readonly folderMode?: string } & Names)
  | {
      readonly kind: "command";
      readonly run: readonly [string, ...string[]];
      readonly read?: readonly [string, ...string[]];
      readonly readsSecret?: boolean;
      readonly pass?: readonly string[];
      readonly timeoutSeconds?: number;
    }
  | ({
      readonly kind: "kubernetes";
      readonly url: string;
      readonly token: SecretSource;
      readonly namespace: string;
      readonly secret: string;
      readonly restart?: readonly Workload[];
    } & Names)
  | ({
      readonly kind: "vault";
      readonly url: string;
      readonly token: SecretSource;
      readonly mount?: string;
      readonly path: string;
      readonly namespace?: string;
    } & Names)
  | {
      readonly kind: "github";
      readonly repository: string;
      readonly token: SecretSource;
      readonly environment?: string;
      readonly secret?: string;
      readonly variable?: string;
      readonly url?: string;
    }
  | ({
      readonly kind: "gitlab";
      readonly project: string;
      readonly token: SecretSource;
      readonly environment?: string;
      readonly protected?: boolean;
      readonly url?: string;
    } & Names)
  | ({ readonly kind: "aws"; readonly secretId: string; readonly region?: string; readonly endpoint?: string } & Names)
);
