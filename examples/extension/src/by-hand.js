/**
 * A sink of the lifecycle for places that only a person reaches. The panel shows the pair, which counts as delivered
 * once the person confirms that it is stored. Only the client id is remembered, so that another worker can continue the
 * rotation.
 */

import { recall, remember } from "./memory.js";

/** @returns {import("keyturn/lifecycle").Sink} */
export function byHand(place, target, panels) {
  return {
    name: "by hand",
    // Meanwhile, a person may store something else.
    compares: false,
    readback: "client-id",
    async read() {
      const clientId = await recall(place);
      return { clientId, version: clientId ?? "" };
    },
    async holds({ clientId }) {
      return (await recall(place)) === clientId;
    },
    async write(pair, _expected, signal) {
      await panels.show(target, pair, signal);
      await remember(place, pair.clientId);
      return true;
    },
  };
}
