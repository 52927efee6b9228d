/** Data for the benchmarks, which is the same in every run. */

/** Returns 10,000 credentials by default, about 5.5 MB of JSON. */
export function credentials(count = 10_000) {
  const list = Array.from({ length: count }, (_, i) => ({
    allowSourceCidrs: ["10.0.0.0/8", "192.168.0.0/16"],
    clientId: `wise-cat-${i}@acme.conductor.one/spc`,
    createdAt: date(i, 1),
    displayName: `Deployment key ${i} of the payments service in the production environment, region eu-central-1, cluster ${i % 40}`,
    expiresAt: date(i, 2),
    id: `wise-cat-${i}`,
    lastUsedAt: i % 7 === 0 ? null : date(i, 3),
    requireDpop: i % 2 === 0,
    scopedRoleIds: [`2RCzHlak5q7CY14533095${i}`, `2RCzHlak5q7CY14533096${i}`],
    servicePrincipalId: `2RCzHlak5q7CY14533095${i}`,
    // Unknown fields of a newer server, which are kept.
    note: `rotated by the pipeline on behalf of user ${i}; see the run book before this one is revoked`,
  }));
  return JSON.stringify({ list, nextPageToken: "" });
}

/** Returns 10,000 users of an app by default, about 7 MB of JSON. */
export function appUsers(count = 10_000) {
  const list = Array.from({ length: count }, (_, i) => ({
    appPath: "$.expanded[0]",
    appUser: {
      agentStatus: "AGENT_STATUS_UNSPECIFIED",
      appId: "2RCzHlak5q7CY14533095",
      appUserType: "APP_USER_TYPE_USER",
      createdAt: date(i, 1),
      deletedAt: null,
      displayName: `Person Number ${i}`,
      email: `person.${i}@example.com`,
      emails: [`person.${i}@example.com`, `p${i}@example.org`],
      employeeIds: [String(100_000 + i)],
      id: `2RCzHlak5q7CY14533095${i}`,
      identityUserId: `3RCzHlak5q7CY14533095${i}`,
      isExternal: false,
      profile: {
        department: "Engineering",
        manager: `person.${i % 100}@example.com`,
        title: "Engineer",
        cost_center: i % 50,
      },
      status: { details: "", status: "STATUS_ENABLED" },
      updatedAt: date(i, 2),
      username: `person.${i}`,
      usernames: [`person.${i}`],
    },
    identityUserPath: `$.expanded[${i + 1}]`,
    lastUsagePath: "",
  }));
  return JSON.stringify({ expanded: [], list, nextPageToken: "" });
}

/** Returns a search for 2,000 ids and 2,000 references by default, about 190 kB of JSON. */
export function search(count = 2_000) {
  const id = (i) => `2RCzHlak5q7CY14533095${i}`;
  return {
    appIds: Array.from({ length: count }, (_, i) => id(i)),
    refs: Array.from({ length: count }, (_, i) => ({ appId: id(i % 10), id: id(i) })),
    query: "admin",
    pageSize: 100,
    pageToken: "",
  };
}

function date(i, salt) {
  return new Date(1_700_000_000_000 + i * 61_001 * salt).toISOString();
}
