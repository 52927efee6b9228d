/**
 * Routes: which view an address names, and what it shows. All of it is in the fragment, which browsers do not send to
 * servers.
 */

import type { CredentialColumn, CredentialFilter, CredentialView } from "keyturn/elements/credentials";

export type Route =
  | { readonly view: "overview"; readonly look: CredentialView }
  | { readonly view: "browse" }
  | { readonly view: "target" | "rotate"; readonly target: string; readonly from: string }
  | { readonly view: "jobs" };

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Parses an address. What it omits takes its default, and an unknown view leads to the overview. */
export function routeOf(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [view, ...rest] = path.split("/");
  const given = new URLSearchParams(query);
  switch (view) {
    case "apps":
      return { view: "browse" };
    case "targets":
    case "rotate":
      return {
        view: view === "rotate" ? "rotate" : "target",
        target: decoded(rest.join("/")),
        from: given.get("from") ?? "",
      };
    case "jobs":
      return { view: "jobs" };
    default:
      return { view: "overview", look: lookOf(given) };
  }
}

function lookOf(given: URLSearchParams): CredentialView {
  const text = (name: string): string | undefined => given.get(name) ?? undefined;
  return {
    filter: text("show") as CredentialFilter | undefined,
    search: text("search"),
    sort: text("sort")?.replace(/^-/, "") as CredentialColumn | "name" | undefined,
    descending: text("sort")?.startsWith("-") ?? false,
    columns: text("columns")?.split(",") as CredentialColumn[] | undefined,
  };
}

/** Returns the address of the overview with a filter, a search, a sort order and columns. */
export function overviewLink({ filter, search, sort, descending, columns }: CredentialView = {}): string {
  const given = new URLSearchParams();
  if (filter && filter !== "all") given.set("show", filter);
  if (search) given.set("search", search);
  if (sort) given.set("sort", `${descending ? "-" : ""}${sort}`);
  if (columns) given.set("columns", columns.join(","));
  const query = given.toString();
  return `#/${query ? `?${query}` : ""}`;
}

/** Returns the address of a target's page. `from` is the address that its back link leads to. */
export function targetLink(target: string, from = ""): string {
  return `#/targets/${encoded(target)}${from && from !== "#/" ? `?${new URLSearchParams({ from })}` : ""}`;
}

/** Returns the address of a target's rotation. */
export function rotateLink(target: string, from = ""): string {
  return targetLink(target, from).replace("#/targets/", "#/rotate/");
}

function encoded(target: string): string {
  return target.split("/").map(encodeURIComponent).join("/");
}

/** Returns the address that the user came from; if that is a target's own page, the one before it. */
export function before(from: string): string {
  const route = routeOf(backLink(from));
  return route.view === "target" ? route.from : from;
}

/** Returns the address that a back link leads to: `from`, or the overview if `from` is outside the page. */
export function backLink(from: string): string {
  return from.startsWith("#/") ? from : "#/";
}
