/** Decoding as the official SDK does it: zod schemas like its generated ones, written for this comparison. */

import * as z from "zod/v3";

const date = () =>
  z
    .nullable(
      z
        .string()
        .datetime({ offset: true })
        .transform((text) => new Date(text)),
    )
    .optional();
const text = () => z.nullable(z.string()).optional();
const flag = () => z.nullable(z.boolean()).optional();
const texts = () => z.nullable(z.array(z.string())).optional();
const openEnum = (...values) =>
  z.nullable(z.union([...values.map((value) => z.literal(value)), z.string()])).optional();
const any = () => z.nullable(z.array(z.object({ "@type": z.string().optional() }).catchall(z.any()))).optional();

export const credentials = z.object({
  list: z
    .nullable(
      z.array(
        z.object({
          allowSourceCidrs: texts(),
          clientId: text(),
          createdAt: date(),
          displayName: text(),
          expiresAt: date(),
          id: text(),
          lastUsedAt: date(),
          requireDpop: flag(),
          scopedRoleIds: texts(),
          servicePrincipalId: text(),
        }),
      ),
    )
    .optional(),
  nextPageToken: text(),
});

export const appUsers = z.object({
  expanded: any(),
  list: z
    .nullable(
      z.array(
        z.object({
          appPath: text(),
          appUser: z
            .nullable(
              z.object({
                agentStatus: openEnum("AGENT_STATUS_UNSPECIFIED", "AGENT_STATUS_ACTIVE", "AGENT_STATUS_INACTIVE"),
                appId: text(),
                appUserType: openEnum(
                  "APP_USER_TYPE_UNSPECIFIED",
                  "APP_USER_TYPE_USER",
                  "APP_USER_TYPE_SERVICE_ACCOUNT",
                ),
                createdAt: date(),
                deletedAt: date(),
                displayName: text(),
                email: text(),
                emails: texts(),
                employeeIds: texts(),
                id: text(),
                identityUserId: text(),
                isExternal: flag(),
                profile: z.nullable(z.record(z.any())).optional(),
                status: z
                  .nullable(z.object({ details: text(), status: openEnum("STATUS_ENABLED", "STATUS_DISABLED") }))
                  .optional(),
                updatedAt: date(),
                username: text(),
                usernames: texts(),
              }),
            )
            .optional(),
          identityUserPath: text(),
          lastUsagePath: text(),
        }),
      ),
    )
    .optional(),
  nextPageToken: text(),
});
