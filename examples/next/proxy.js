/**
 * Sets the content security policy, with a nonce that Next adds to its own scripts. Next runs this before each page.
 */

import { NextResponse } from "next/server";

export function proxy(request) {
  const nonce = crypto.randomUUID();
  // The package compiles WebAssembly. React's development build uses `eval`.
  const scripts = `'self' 'nonce-${nonce}' 'wasm-unsafe-eval'${process.env.NODE_ENV === "development" ? " 'unsafe-eval'" : ""}`;
  const policy = `default-src 'self'; script-src ${scripts}; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`;
  const headers = new Headers(request.headers);
  headers.set("content-security-policy", policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  return response;
}

export const config = { matcher: "/((?!_next/static|keyturn).*)" };
