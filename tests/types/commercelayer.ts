// What a program may write with the Commerce Layer client, and what the compiler must refuse. Compiled, never run.
import CommerceLayerProvisioning, {
  type ApiCredential,
  type ApiCredentialCreate,
  type ApiCredentialSort,
  type ApiCredentials,
  type ApiCredentialUpdate,
  ApiResource,
  type ApiSingleton,
  apiResourceAdapter,
  type CamelCased,
  type CommerceLayerInitConfig,
  type CommerceLayerProvisioningClient,
  type CreatableResourceType,
  clientCredentials,
  type DeletableResourceType,
  type FilterKey,
  generateQueryStringParams,
  generateSearchString,
  type IncludePath,
  isParamsList,
  type ListableResourceType,
  type ListResponse,
  type Membership,
  type Organization,
  type QueryFilter,
  type QueryParams,
  type QueryParamsList,
  type QueryParamsRetrieve,
  type RequestConfig,
  type Resource,
  type ResourceFields,
  type ResourceId,
  type ResourceRel,
  type ResourceTypeLock,
  type Role,
  type RoleCreate,
  type TransferOwnership,
  type UpdatableResourceType,
  type UserUpdate,
  type Version,
  type VersionableResourceType,
} from "keyturn/commercelayer";

/** True if two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <_ extends true>(): void => {};

const cl = CommerceLayerProvisioning({ accessToken: "token" });
is<Same<typeof cl, CommerceLayerProvisioningClient>>();
declare const credential: ApiCredential;
declare const organization: Organization;
declare const role: Role;

// Types of resources.
is<Same<ResourceTypeLock, ListableResourceType | "users">>();
is<Same<UpdatableResourceType, CreatableResourceType>>();
is<Same<DeletableResourceType | "organizations" | "permissions" | "roles", CreatableResourceType>>();
is<Same<VersionableResourceType, "memberships" | "permissions" | "roles">>();
is<Same<ResourceFields["users"]["type"], "users">>();
is<Same<(typeof ApiCredentials)["TYPE"], "api_credentials">>();
is<Same<keyof ApiCredentialSort, "id" | "mode" | "created_at" | "updated_at" | "reference" | "reference_origin">>();

// Types of what is read.
is<Same<ApiCredential["client_secret"], string>>();
is<Same<ApiCredential["expires_in"], number | null | undefined>>();
is<Same<Membership["status"], "pending" | "active">>();
is<Same<Version["who"], Record<string, any>>>();
const resource: Resource = credential;
if (cl.api_credentials.isApiCredential(resource)) is<Same<typeof resource, ApiCredential>>();
// As in the official SDK, an attribute that the server sets can be assigned; the assigned value stays in the program.
credential.client_id = "x";
organization.slug = "x";
credential.name = "x";
// @ts-expect-error: which resource it is does not change.
credential.id = "x";

// Creates.
const create: ApiCredentialCreate = {
  name: "n",
  kind: "integration",
  organization: cl.organizations.relationship("o"),
};
cl.api_credentials.create(create, { include: ["role"] }, { timeout: 1 });
cl.api_credentials.create({
  ...create,
  organization,
  role,
  redirect_uri: null,
  mode: undefined,
  metadata: { a: 1 },
  reference: "r",
});
cl.api_credentials.create({ ...create, role: cl.roles.relationship(null) });
cl.memberships.create({
  user_email: "e",
  organization: cl.organizations.relationship("o"),
  role,
  application_memberships: cl.application_memberships.relationshipToMany("a", "b"),
});
// @ts-expect-error: the organization is required.
cl.api_credentials.create({ name: "n", kind: "integration" });
// @ts-expect-error: a role is no organization.
cl.api_credentials.create({ ...create, organization: role });
// @ts-expect-error: the server sets it.
cl.api_credentials.create({ ...create, scopes: "x" });
// @ts-expect-error: it must have a name.
cl.api_credentials.create({ ...create, name: null });
// @ts-expect-error: one, not a list.
cl.api_credentials.create({ ...create, role: cl.roles.relationshipToMany("r") });
// @ts-expect-error: it cannot be set there.
cl.memberships.create({ user_email: "e", organization, role, access_scope: "some" });

// Updates.
const update: ApiCredentialUpdate = { id: "a", name: null, expires_in: 7200, role: cl.roles.relationship("r") };
cl.api_credentials.update(update);
cl.api_credentials.update(credential);
cl.user.update({ first_name: "n", time_zone: null } satisfies UserUpdate);
cl.identity_providers.update({ id: "i", _disable: true });
// @ts-expect-error: an update needs an id.
cl.api_credentials.update({ name: "n" });
// @ts-expect-error: it is set on create alone.
cl.api_credentials.update({ id: "a", kind: "webapp" });
// @ts-expect-error: versions cannot be changed.
cl.versions.update({ id: "v" });
// @ts-expect-error: there is one user.
cl.user.list();
// @ts-expect-error: organizations cannot be deleted.
cl.organizations.delete("o");

// Related resources, actions and triggers.
const related: Promise<Organization> = cl.api_credentials.organization(credential);
const members: Promise<ListResponse<Membership>> = cl.organizations.memberships("o", {
  filters: { user_email_eq: "e" },
});
async () => {
  for await (const member of cl.organizations.memberships(organization, { pageSize: 25 }))
    is<Same<typeof member, Membership>>();
  const page = await cl.roles.list();
  is<Same<(typeof page)[0], Role>>();
  return [related, members];
};
cl.memberships.resend("m");
cl.organizations.transfer_ownership("o", { new_owner_email: "e" });
cl.organizations.transfer_ownership(organization, { type: "organizations", id: "o", new_owner_email: "e" });
cl.roles._add_missing_base_permissions(role);
cl.identity_providers._enable("i", { fields: ["status"] });
// @ts-expect-error: a role is no credential.
cl.api_credentials.organization(role);
// @ts-expect-error: an owner is needed.
cl.organizations.transfer_ownership("o", {});

// Includes.
cl.api_credentials.list({ include: ["organization", "role.organization", "role.organization.memberships"] });
cl.api_credentials.list({ include: ["role.organization.memberships.role.organization"] });
is<Same<IncludePath<"versions">, never>>();
// @ts-expect-error: no such relationship.
cl.api_credentials.list({ include: ["nope"] });
// @ts-expect-error: a role has none of these.
cl.api_credentials.list({ include: ["role.nope"] });

// Fields and order.
cl.api_credentials.list({ fields: ["id", "name", "organization"], sort: ["-created_at", "mode"] });
cl.api_credentials.list({ fields: { api_credentials: ["name"], organizations: ["slug"] }, sort: { mode: "desc" } });
// @ts-expect-error: no such field.
cl.api_credentials.list({ fields: ["nope"] });
// @ts-expect-error: lists cannot be sorted by it.
cl.api_credentials.list({ sort: ["redirect_uri"] });
// @ts-expect-error: neither can they by a secret.
cl.identity_providers.list({ sort: ["client_secret"] });

// Filters.
cl.api_credentials.list({
  filters: {
    name_eq: "n",
    reference_not_eq_or_null: "r",
    id_in: ["a", "b"],
    kind_matches_any: ["a%", "b%"],
    redirect_uri_null: true,
    created_at_gteq: new Date(),
    metadata_jcont: { a: 1 },
    name_or_kind_cont: "x",
    name_or_organization_name_start: "x",
    organization_name_start: "x",
    organization_memberships_user_email_eq: "e",
    role_id_in: ["r"],
  },
});
const typed: QueryParamsList<Role> = { filters: { kind_not_eq: "admin" }, pageNumber: 2 };
cl.roles.list(typed);
const plain: Record<string, unknown> = {} as RequestConfig & TransferOwnership;
const any: QueryFilter = { anything: 1 };
cl.roles.list({ filters: any, include: [String(plain)] });
cl.roles.count({ name_eq: "n" });
// Parameters are often kept in a variable that is not typed for a particular resource.
const list: QueryParamsList = {
  include: ["organization"],
  fields: ["id"],
  sort: ["-created_at"],
  filters: { a_eq: 1 },
};
cl.api_credentials.list(list);
cl.roles.list(list);
cl.organizations.memberships("o", list);
const retrieve: QueryParamsRetrieve = { include: ["organization.roles"], fields: { roles: ["name"] } };
cl.api_credentials.retrieve("a", retrieve);
cl.user.retrieve(retrieve);
cl.roles._add_missing_base_permissions("r", retrieve);
const include: string[] = ["role"];
cl.api_credentials.list({ include, filters: { name_eq: "n" } as Record<string, string> });
is<Same<Extract<FilterKey<"roles">, "name_eq">, "name_eq">>();
// The server may have fields that the types do not know, which the official SDK's types allow as well.
cl.api_credentials.list({ filters: { anything_new: 1, organization_name_newer: "n" } });
// @ts-expect-error: a symbol is nothing to compare with.
cl.api_credentials.list({ filters: { name_eq: Symbol() } });
// @ts-expect-error: pages have 25 items at most.
cl.api_credentials.list({ pageSize: 26 });

// As with the official types, parameters can be built step by step, and read again.
async () => {
  const params: QueryParamsList<Role> = { filters: {} };
  if (params.filters) params.filters.name_eq = "n";
  const filters: QueryFilter = params.filters ?? {};
  filters.kind_in = ["a"];
  params.filters = { ...filters, more_eq: 1 };
  for (const [, value] of Object.entries(filters)) is<Same<typeof value, string | number | boolean | object>>();
  const either: QueryParams<Role> = params;
  if (isParamsList<Role>(either)) is<Same<typeof either, QueryParamsList<Role>>>();
  const text: string = generateSearchString(generateQueryStringParams<Role>(params, "roles"));
  // @ts-expect-error: without its value, everything would be listed.
  await cl.roles.list({ filters: { name_eq: undefined } });
  return text;
};
// Code that works with resources of any type.
async function changed<R extends Resource>(of: ApiResource<R> | ApiSingleton<R>, id: string): Promise<R> {
  const rel: ResourceRel = of.relationship(id);
  return of.update({ id, metadata: { rel } });
}
changed(cl.roles, "r").then((one) => is<Same<typeof one, Role>>());
class Own extends ApiResource<Role> {
  static override readonly TYPE = "roles" as const;
  relationship = (id: string | ResourceId | null): ResourceRel => cl.roles.relationship(id);
  type = (): "roles" => Own.TYPE;
}
const adapter = apiResourceAdapter({ accessToken: "token" });
new Own(adapter).list({ filters: { name_start: "n" } });
adapter.create<RoleCreate, Role>({ type: "roles", name: "n", organization: cl.organizations.relationship("o") });
// A table of exactly all fields.
const labels: Record<keyof Role, string> = {
  ...{ id: "", type: "", name: "", kind: "", created_at: "", updated_at: "", reference: "", reference_origin: "" },
  ...{ metadata: "", organization: "", permissions: "", memberships: "", api_credentials: "", versions: "" },
};
is<Same<keyof Role, "id" | "type" | "name" | "kind" | RoleField>>();
type RoleField =
  | ("created_at" | "updated_at" | "reference" | "reference_origin" | "metadata")
  | ("organization" | "permissions" | "memberships" | "api_credentials" | "versions");
// The options of a client with a token are an object type that includes the token.
interface Settings extends CommerceLayerInitConfig {
  labels: typeof labels;
}
const settings: Settings = { accessToken: "token", domain: "d", labels };
const token: string = settings.accessToken;
CommerceLayerProvisioning({ ...settings, accessToken: token });
CommerceLayerProvisioning({ credentials: clientCredentials({ clientId: "c" }) });
CommerceLayerProvisioning({ proxy: "/keyturn" });
// @ts-expect-error: nothing to authenticate with.
CommerceLayerProvisioning({ domain: "d" });
is<Same<typeof cl.openApiSchemaVersion, "1.0.15">>();

// Names in camelCase.
const camel = credential as unknown as CamelCased<ApiCredential>;
is<Same<(typeof camel)["redirectUri"], string | null | undefined>>();
is<Same<(typeof camel)["createdAt"], Date>>();
is<Same<(typeof camel)["type"], "api_credentials">>();
is<Same<NonNullable<NonNullable<(typeof camel)["organization"]>["apiCredentials"]>[0]["clientId"], string>>();
is<
  Same<
    keyof CamelCased<ApiCredentialUpdate>,
    "id" | "name" | "redirectUri" | "expiresIn" | "role" | "reference" | "referenceOrigin" | "metadata"
  >
>();
camel.clientId = "x";
// @ts-expect-error: it is no text.
camel.createdAt = "x";
