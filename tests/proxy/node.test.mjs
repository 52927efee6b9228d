// `keyturn/proxy/node`: the proxy as a listener of Node's http and of Express, with clients that send raw bytes.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect as connect2, createServer as createServer2 } from "node:http2";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import express from "express";
import { installed } from "../lib/installed.mjs";

const folder = installed();
const load = (name) => import(pathToFileURL(join(folder, "node_modules/keyturn/pkg/dist/esm", name)).href);
const { ConductorOne } = await load("index.js");
const { createProxy } = await load("proxy.js");
const { nodeHandler } = await load("proxy-node.js");
const { createSandbox } = await load("sandbox-node.js");

const LIST = JSON.stringify({ operation: "c1.api.app.v1.Apps.List", input: {} });

let sandbox;
let proxy;
const seen = [];

before(async () => {
  sandbox = await createSandbox({ seed: "demo" });
  const { clientId: clientID, clientSecret, url: serverURL, fetch } = sandbox;
  const client = new ConductorOne({ clientID, clientSecret, serverURL, fetch });
  proxy = createProxy({
    client,
    authorize: (request) => {
      seen.push(request.url);
      return request.headers.get("cookie")?.includes("session=good");
    },
    allow: ["apps.list", "connector.rotateCredential"],
    maxRequestBytes: 2048,
  });
});
after(() => sandbox.close());

/** Runs `work` with a server of this listener. */
async function served(listener, work) {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  try {
    await work({ port, origin: `http://127.0.0.1:${port}` });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/**
 * Sends bytes, and returns everything that is received until the server closes the connection or the response is
 * complete.
 */
async function raw(port, text) {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(text);
  let answer = "";
  for await (const chunk of socket) {
    answer += chunk.toString("latin1");
    const [head, body] = answer.split("\r\n\r\n", 2);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (body !== undefined && body.length >= length) break;
  }
  socket.destroy();
  return answer;
}

const good = (origin, more = "") =>
  `Host: ${new URL(origin).host}\r\nOrigin: ${origin}\r\nContent-Type: application/json\r\nKeyturn-Proxy: 1\r\nCookie: session=good\r\n${more}`;
const chunk = (text, trailers = "") => `${text.length.toString(16)}\r\n${text}\r\n0\r\n${trailers}\r\n`;
const withBody = (text) => `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;

const statusOf = (answer) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

test("a client in the page gets responses, errors and the application's cookies", async () => {
  const answer = async (request) => {
    const response = await proxy(request);
    const headers = new Headers(response.headers);
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2; HttpOnly");
    return new Response(response.body, { status: response.status, headers });
  };
  await served(nodeHandler(answer), async ({ origin }) => {
    const cookies = [];
    const page = (headers) =>
      new ConductorOne({
        proxy: `${origin}/keyturn`,
        fetch: async (url, init) => {
          const response = await fetch(url, { ...init, headers: { ...init.headers, origin, ...headers } });
          cookies.push(response.headers.getSetCookie());
          return response;
        },
      });
    const own = await page({ cookie: "session=good" }).apps.list();
    assert.equal(own.listAppsResponse.list.length, 6);
    assert.deepEqual(cookies[0], ["a=1", "b=2; HttpOnly"]);
    await assert.rejects(page({ cookie: "session=bad" }).apps.list(), { code: "proxy_refused", status: 401 });
    await assert.rejects(page({ cookie: "session=good", origin: "http://evil.example" }).apps.list(), {
      reason: "cross_site",
    });
    await assert.rejects(page({ cookie: "session=good" }).apps.get({ id: "a" }), { reason: "not_allowed" });
    assert.equal(seen.at(-1), `${origin}/keyturn`);
  });
});

test("raw bytes reach the tenant only as a valid request would", async () => {
  await served(nodeHandler(proxy), async ({ port, origin }) => {
    const evil = "http://evil.example";
    const cases = {
      "a path that is a host": `POST //evil.example/keyturn HTTP/1.1\r\n${good(origin).replace(`Origin: ${origin}`, `Origin: ${evil}`)}${withBody(LIST)}`,
      "a path that is a host, and its port": `POST //evil.example:80 HTTP/1.1\r\n${good(origin).replace(`Origin: ${origin}`, `Origin: ${evil}`)}${withBody(LIST)}`,
      "a whole URL": `POST http://evil.example/keyturn HTTP/1.1\r\n${good(origin).replace(`Origin: ${origin}`, `Origin: ${evil}`)}${withBody(LIST)}`,
      "a host with a user": `POST /keyturn HTTP/1.1\r\n${good(origin)
        .replace(/Host: .*\r/, "Host: a@evil.example\r")
        .replace(`Origin: ${origin}`, `Origin: ${evil}`)}${withBody(LIST)}`,
      "a host with a path": `POST /keyturn HTTP/1.1\r\n${good(origin)
        .replace(/Host: .*\r/, "Host: evil.example/x\r")
        .replace(`Origin: ${origin}`, `Origin: ${evil}`)}${withBody(LIST)}`,
      "two origins": `POST /keyturn HTTP/1.1\r\n${good(origin, `Origin: ${evil}\r\n`).replace(`Origin: ${origin}`, `Origin: ${evil}`)}${withBody(LIST)}`,
      "two types": `POST /keyturn HTTP/1.1\r\n${good(origin).replace("Content-Type: application/json", "Content-Type: text/plain\r\nContent-Type: application/json")}${withBody(LIST)}`,
      "two marks": `POST /keyturn HTTP/1.1\r\n${good(origin, "Keyturn-Proxy: 1\r\n")}${withBody(LIST)}`,
      "GET with a body": `GET /keyturn HTTP/1.1\r\n${good(origin)}${withBody(LIST)}`,
      "GET that says it is POST": `GET /keyturn HTTP/1.1\r\n${good(origin, "X-HTTP-Method-Override: POST\r\n")}${withBody(LIST)}`,
      TRACE: `TRACE /keyturn HTTP/1.1\r\n${good(origin)}\r\n`,
      "a body of chunks that is too large": `POST /keyturn HTTP/1.1\r\n${good(origin, "Transfer-Encoding: chunked\r\n")}\r\n${"400\r\n".concat(" ".repeat(1024), "\r\n").repeat(3)}0\r\n\r\n`,
      "a length that is too large": `POST /keyturn HTTP/1.1\r\n${good(origin)}Content-Length: 1000000000\r\n\r\n{`,
      "both lengths": `POST /keyturn HTTP/1.1\r\n${good(origin, "Transfer-Encoding: chunked\r\n")}${withBody(LIST)}`,
      "two hosts": `POST /keyturn HTTP/1.1\r\n${good(origin, "Host: evil.example\r\n")}${withBody(LIST)}`,
      "the same host twice": `POST /keyturn HTTP/1.1\r\n${good(origin, `Host: ${new URL(origin).host}\r\n`)}${withBody(LIST)}`,
      "a forwarded host": `POST /keyturn HTTP/1.1\r\n${good(origin, "X-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\n").replace(`Origin: ${origin}`, `Origin: ${evil}`)}${withBody(LIST)}`,
      "two hosts in one": `POST /keyturn HTTP/1.1\r\n${good(origin)
        .replace(/Host: (.*)\r/, "Host: evil.example, $1\r")
        .replace(`Origin: ${origin}`, `Origin: ${evil}`)}${withBody(LIST)}`,
      "an origin that continues on the next line": `POST /keyturn HTTP/1.1\r\n${good(origin).replace(origin, `${origin}\r\n evil`)}${withBody(LIST)}`,
      "a blank before a colon": `POST /keyturn HTTP/1.1\r\n${good(origin).replace("Origin:", "Origin :")}${withBody(LIST)}`,
      "a line feed instead of a line end": `POST /keyturn HTTP/1.1\r\n${good(origin).replace("\r\nOrigin", "\nOrigin")}${withBody(LIST)}`,
      "a carriage return instead of a line end": `POST /keyturn HTTP/1.1\r\n${good(origin).replace("\r\nOrigin", "\rOrigin")}${withBody(LIST)}`,
      "a length that is signed": `POST /keyturn HTTP/1.1\r\n${good(origin)}Content-Length: +${LIST.length}\r\n\r\n${LIST}`,
      "two lengths": `POST /keyturn HTTP/1.1\r\n${good(origin, "Content-Length: 0\r\n")}${withBody(LIST)}`,
      "an unknown transfer encoding": `POST /keyturn HTTP/1.1\r\n${good(origin, "Transfer-Encoding: xchunked\r\n")}\r\n${chunk(LIST)}`,
      "an encoding after that of chunks": `POST /keyturn HTTP/1.1\r\n${good(origin, "Transfer-Encoding: chunked, identity\r\n")}\r\n${chunk(LIST)}`,
      "a chunk of negative length": `POST /keyturn HTTP/1.1\r\n${good(origin, "Transfer-Encoding: chunked\r\n")}\r\n-1\r\n${LIST}`,
      "a session in the trailers": `POST /keyturn HTTP/1.1\r\n${good(origin, "Transfer-Encoding: chunked\r\n").replace("Cookie: session=good\r\n", "")}\r\n${chunk(LIST, "Cookie: session=good\r\n")}`,
      "an origin in the trailers": `POST /keyturn HTTP/1.1\r\n${good(origin, "Transfer-Encoding: chunked\r\n").replace(`Origin: ${origin}\r\n`, "")}\r\n${chunk(LIST, `Origin: ${origin}\r\n`)}`,
      "a path with a zero byte": `POST /keyturn\0 HTTP/1.1\r\n${good(origin)}${withBody(LIST)}`,
      "a path of backslashes": `POST \\\\evil.example\\keyturn HTTP/1.1\r\n${good(origin)}${withBody(LIST)}`,
      "the preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "an expectation of nobody": `POST /keyturn HTTP/1.1\r\n${good(origin, "Expect: 200-ok\r\nConnection: close\r\n")}${withBody(LIST)}`,
      "headers without an end": `POST /keyturn HTTP/1.1\r\n${good(origin, `X: ${"y".repeat(70_000)}\r\n`)}${withBody(LIST)}`,
      "no body": `POST /keyturn HTTP/1.1\r\n${good(origin)}\r\n`,
      "a compressed body": `POST /keyturn HTTP/1.1\r\n${good(origin, "Content-Encoding: gzip\r\n")}${withBody(LIST)}`,
      "a request in the body of another": `POST /keyturn HTTP/1.1\r\n${good(origin).replace("Keyturn-Proxy: 1\r\n", "")}${withBody(`POST /keyturn HTTP/1.1\r\n${good(origin)}${withBody(LIST)}`)}`,
    };
    const before = sandbox.requests().length;
    for (const [name, text] of Object.entries(cases)) {
      const answer = await raw(port, text);
      assert.ok(statusOf(answer) >= 400 && statusOf(answer) < 500, `${name}: ${answer.slice(0, 200)}`);
    }
    assert.equal(sandbox.requests().length, before, "nothing reached the tenant");
    assert.equal(statusOf(await raw(port, `POST /keyturn HTTP/1.1\r\n${good(origin)}${withBody(LIST)}`)), 200);
    assert.equal(
      statusOf(await raw(port, `POST //evil.example/keyturn HTTP/1.1\r\n${good(origin)}${withBody(LIST)}`)),
      200,
      "the path is the application's",
    );
    assert.equal(seen.at(-1), `${origin}//evil.example/keyturn`);
  });
});

test("HTTP/2: pseudo headers are the request's own, and nothing else is let through by them", async () => {
  const server = createServer2(nodeHandler(proxy));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${server.address().port}`;
  const client = connect2(origin);
  const headers = {
    ":method": "POST",
    ":path": "/keyturn",
    origin,
    "content-type": "application/json",
    "keyturn-proxy": "1",
    cookie: "session=good",
  };
  const send = async (more, body = LIST) => {
    const request = client.request({ ...headers, ...more }, { endStream: false });
    const [answer] = await new Promise((resolve, reject) => {
      request.once("response", (...all) => resolve(all));
      request.once("error", reject);
      request.end(body);
    });
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    return { status: answer[":status"], answer, text };
  };
  try {
    const good = await send({});
    assert.deepEqual([good.status, good.answer["cache-control"]], [200, "no-store"]);
    assert.equal(JSON.parse(good.text).list.length, 6);
    const cookies = await send({ cookie: ["a=1", "session=good", "__Host-b=2"] });
    assert.equal(cookies.status, 200);
    const before = sandbox.requests().length;
    const evil = "http://evil.example";
    for (const [name, more] of Object.entries({
      "a page of another origin": { origin: evil },
      "an authority and a host that differ": { host: "evil.example", origin: "http://evil.example:80" },
      "an authority with a user": { ":authority": "a@evil.example", origin: evil },
      "no origin": { origin: undefined },
      "an opaque origin": { origin: "null" },
      "two origins": { origin: `${origin}, ${evil}` },
      "a site that is another": { "sec-fetch-site": "cross-site" },
      "another method": { ":method": "PUT" },
      "the method in a header": { ":method": "GET", "x-http-method-override": "POST" },
      "a compressed body": { "content-encoding": "gzip" },
    })) {
      const given = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined));
      if ("origin" in more && more.origin === undefined) {
        const { origin: _, ...rest } = headers;
        const request = client.request(rest);
        request.end(LIST);
        const [answer] = await once(request, "response");
        request.close();
        assert.equal(answer[":status"], 403, name);
        continue;
      }
      const { status } = await send(given);
      assert.ok(status >= 400 && status < 500, `${name}: ${status}`);
    }
    assert.equal((await send({}, " ".repeat(4096))).status, 413);
    assert.equal(sandbox.requests().length, before, "nothing reached the tenant");
    assert.equal((await send({ ":path": "//evil.example/keyturn" })).status, 200, "the path is the application's");
    assert.equal(seen.at(-1), `${origin}//evil.example/keyturn`);
  } finally {
    client.close();
    server.close();
  }
});

test("the origin is the one that browsers write for a host: IPv6, punycode, no default port, small letters", async () => {
  await served(nodeHandler(proxy), async ({ port, origin }) => {
    const status = async (host, from) =>
      statusOf(
        await raw(
          port,
          `POST /keyturn HTTP/1.1\r\n${good(origin)
            .replace(/Host: .*\r/, `Host: ${host}\r`)
            .replace(`Origin: ${origin}`, `Origin: ${from}`)}${withBody(LIST)}`,
        ),
      );
    for (const [host, from] of [
      ["[::1]:8080", "http://[::1]:8080"],
      ["[0:0:0:0:0:0:0:1]:8080", "http://[::1]:8080"],
      ["app.example:80", "http://app.example"],
      ["APP.example", "http://app.example"],
      ["xn--bcher-kva.example", "http://xn--bcher-kva.example"],
    ])
      assert.equal(await status(host, from), 200, host);
    const before = sandbox.requests().length;
    for (const [host, from] of [
      ["[::1]:8080", "http://[::1]:8081"],
      ["[::1]", "http://[::2]"],
      ["[::1%25eth0]", "http://[::1]"],
      ["app.example", "https://app.example"],
      ["app.example:8080", "http://app.example"],
      ["app.example", "http://app.example:8080"],
      ["app.example.", "http://app.example"],
      ["xn--bcher-kva.example", "http://bucher.example"],
      ["b\u00fccher.example", "http://xn--bcher-kva.example"],
      ["app.example,evil.example", "http://evil.example"],
      ["127.0.0.1", "http://2130706433"],
    ]) {
      const given = await status(host, from);
      assert.ok(given >= 400 && given < 500, `${host} ${from}: ${given}`);
    }
    assert.equal(sandbox.requests().length, before, "nothing reached the tenant");
  });
});

test("a request that waits to be let continue, and one that asks for what is not there", async () => {
  await served(nodeHandler(proxy), async ({ port, origin }) => {
    const waiting = `POST /keyturn HTTP/1.1\r\n${good(origin, "Expect: 100-continue\r\nConnection: close\r\n")}`;
    const answer = await raw(port, `${waiting}${withBody(LIST)}`);
    assert.match(answer, /^HTTP\/1\.1 100 Continue\r\n\r\n/);
    const before = sandbox.requests().length;
    assert.equal(statusOf(await raw(port, `${waiting.replace("100-continue", "tea")}${withBody(LIST)}`)), 417);
    for (const method of ["HEAD", "OPTIONS", "TRACE"]) {
      const text = await raw(port, `${method} /keyturn HTTP/1.1\r\n${good(origin, "Connection: close\r\n")}\r\n`);
      assert.ok([400, 405].includes(statusOf(text)), `${method}: ${text}`);
      assert.doesNotMatch(
        text,
        /access-control|session=good/i,
        "nothing is allowed to others, and nothing is given back",
      );
    }
    assert.equal(sandbox.requests().length, before);
  });
});

test("an incomplete request sends nothing, and a slow one gets a timeout", async () => {
  await served(nodeHandler(proxy), async ({ port, origin }) => {
    const before = sandbox.requests().length;
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    const asked = seen.length;
    socket.write(`POST /keyturn HTTP/1.1\r\n${good(origin)}Content-Length: 500\r\n\r\n{"operation":`);
    while (seen.length === asked) await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    await once(socket, "close");
    assert.equal(statusOf(await raw(port, `POST /keyturn HTTP/1.1\r\n${good(origin)}${withBody("{}")}`)), 400);
    assert.equal(sandbox.requests().length, before);
  });
});

test("the call ends when its connection closes", async () => {
  let waiting;
  const called = new Promise((resolve) => {
    waiting = resolve;
  });
  const ended = new Promise((resolve) => {
    const handle = async ({ signal }) => {
      waiting();
      signal.addEventListener("abort", () => resolve(true));
      return new Promise(() => undefined);
    };
    served(nodeHandler(handle), async ({ port, origin }) => {
      const socket = connect(port, "127.0.0.1");
      socket.write(`POST / HTTP/1.1\r\n${good(origin)}${withBody(LIST)}`);
      await called;
      socket.destroy();
      await ended;
    });
  });
  assert.equal(await ended, true);
});

test("origins names the application's origin behind a server that terminates TLS", async () => {
  const { clientId: clientID, clientSecret, url: serverURL, fetch: send } = sandbox;
  const client = new ConductorOne({ clientID, clientSecret, serverURL, fetch: send });
  const behind = createProxy({
    client,
    authorize: () => true,
    allow: ["apps.list"],
    origins: ["https://admin.example"],
  });
  await served(nodeHandler(behind), async ({ port, origin }) => {
    const request = (from) =>
      `POST /keyturn HTTP/1.1\r\n${good(origin).replace(`Origin: ${origin}`, `Origin: ${from}`)}${withBody(LIST)}`;
    assert.equal(statusOf(await raw(port, request("https://admin.example"))), 200);
    assert.equal(statusOf(await raw(port, request(origin))), 403);
  });
  await served(nodeHandler(proxy, { origin: "https://admin.example" }), async ({ port, origin }) => {
    const request = (from) =>
      `POST /keyturn HTTP/1.1\r\n${good(origin).replace(`Origin: ${origin}`, `Origin: ${from}`)}${withBody(LIST)}`;
    assert.equal(statusOf(await raw(port, request("https://admin.example"))), 200);
    assert.equal(statusOf(await raw(port, request(origin))), 403);
  });
});

test("Express: works before body parsers, and behind them says where to register it", async () => {
  const app = express();
  app.use("/keyturn", nodeHandler(proxy));
  app.use(
    "/broken",
    nodeHandler(async () => Promise.reject(new Error("a fault"))),
  );
  app.use(express.json());
  app.use("/late", nodeHandler(proxy));
  app.use((error, _request, response, _next) => response.status(500).send(error.message));
  await served(app, async ({ port, origin }) => {
    const post = (path) =>
      raw(port, `POST ${path} HTTP/1.1\r\n${good(origin, "Connection: close\r\n")}${withBody(LIST)}`);
    assert.equal(statusOf(await post("/keyturn")), 200);
    assert.equal(seen.at(-1), `${origin}/keyturn`);
    const late = await post("/late");
    assert.equal(statusOf(late), 500);
    assert.match(late, /register nodeHandler before express\.json\(\)/);
    assert.match(await post("/broken"), /a fault/);
  });
});

test("streams with backpressure, and ends with the connection", async () => {
  let give;
  let cancelled;
  const ended = new Promise((resolve) => {
    cancelled = resolve;
  });
  let pulled = 0;
  const PART = 64 * 1024;
  const bodies = {
    "/events": () =>
      new ReadableStream({
        start(controller) {
          give = (text) => controller.enqueue(new TextEncoder().encode(text));
        },
        cancel: () => cancelled(true),
      }),
    "/large": () =>
      new ReadableStream(
        {
          async pull(controller) {
            pulled++;
            await new Promise(setImmediate);
            if (pulled > 2000) controller.close();
            else controller.enqueue(new Uint8Array(PART));
          },
        },
        { highWaterMark: 0 },
      ),
    "/broken": () =>
      new ReadableStream({
        async pull(controller) {
          await new Promise(setImmediate);
          if (pulled++ === 0) controller.enqueue(new Uint8Array(10));
          else controller.error(new Error("the tenant has gone"));
        },
      }),
    "/short": () => "short",
    "/none": () => null,
  };
  const handle = async ({ url }) => new Response(bodies[new URL(url).pathname]());
  await served(nodeHandler(handle), async ({ origin }) => {
    // The headers arrive before the first event, and each event before the next one is sent.
    const events = await fetch(`${origin}/events`);
    const reader = events.body.getReader();
    for (const text of ["data: 1\n\n", "data: 2\n\n"]) {
      give(text);
      assert.equal(new TextDecoder().decode((await reader.read()).value), text);
    }
    await reader.cancel();
    assert.equal(await ended, true);

    const short = await fetch(`${origin}/short`);
    assert.equal(short.headers.get("content-length"), "5");
    assert.equal(await short.text(), "short");
    assert.equal(await (await fetch(`${origin}/none`)).text(), "");

    await assert.rejects(async () => (await fetch(`${origin}/broken`)).arrayBuffer(), TypeError);

    // A page that does not read: once the buffers of the two sockets are full, nothing more is taken from the stream.
    pulled = 0;
    const { port } = new URL(origin);
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.pause();
    socket.write(`GET /large HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    let before = -1;
    while (pulled === 0 || pulled !== before) {
      before = pulled;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.ok(pulled < 1000, `${pulled} parts were read`);
    socket.resume();
    let bytes = 0;
    for await (const chunk of socket) {
      bytes += chunk.length;
      if (bytes >= 2000 * PART) break;
    }
    assert.ok(bytes >= 2000 * PART);
  });
});
