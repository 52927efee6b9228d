// A path to a server on loopback that can be cut: meanwhile nothing passes, and neither side is told.
import { once } from "node:events";
import { connect, createServer } from "node:net";

/**
 * Starts the path. `cut("both")` holds back what either side sends, `cut("answers")` only what the server sends; `heal`
 * lets through what was held back.
 */
export async function startPartition(port) {
  let dropped = { there: false, back: false };
  const pairs = new Set();
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    const pair = { near, far, held: [] };
    pairs.add(pair);
    const pass = (from, to, way) => {
      from.on("data", (bytes) => {
        if (dropped[way]) pair.held.push([to, bytes]);
        else to.write(bytes);
      });
      from.on("error", () => {});
      from.on("close", () => {
        if (dropped[way]) return;
        to.destroy();
        pairs.delete(pair);
      });
    };
    pass(near, far, "there");
    pass(far, near, "back");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: server.address().port,
    cut(which = "both") {
      dropped = { there: which === "both", back: true };
    },
    heal() {
      dropped = { there: false, back: false };
      for (const pair of pairs) {
        for (const [to, bytes] of pair.held.splice(0)) if (!to.destroyed) to.write(bytes);
        const { near, far } = pair;
        if (!near.destroyed && !far.destroyed) continue;
        near.destroy();
        far.destroy();
        pairs.delete(pair);
      }
    },
    async close() {
      for (const { near, far } of pairs) {
        near.destroy();
        far.destroy();
      }
      server.close();
    },
  };
}
