/** `keyturn/proxy/node`: turns a proxy, or any other Fetch handler, into a listener of Node's `http` or Express. */

export { type NodeHandler, type NodeHandlerOptions, nodeHandler } from "./proxy/node.js";
