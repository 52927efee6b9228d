/** `keyturn/proxy/node`: a proxy, or any other handler of Fetch, as a listener of Node's `http` and of Express. */

export { type NodeHandler, type NodeHandlerOptions, nodeHandler } from "./proxy/node.js";
