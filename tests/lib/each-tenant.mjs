// Registers tests that hold for a tenant behind HTTP and for one in the process. No module of any runtime is imported
// here.

/**
 * Registers tests twice, each with a fresh tenant and a client of it.
 *
 * @param {import("./suite.mjs").Suite} suite
 * @param {(it: (name: string, work: (c1: object, at: object) => unknown) => void) => void} define Registers the tests
 *   with the function that it gets.
 */
export function onEachTenant({ test, keyturn, tenant, inProcess }, define) {
  for (const [where, make] of [
    ["over HTTP", tenant],
    ["in process", inProcess],
  ])
    define((name, work) =>
      test(`${where}: ${name}`, async () => {
        const at = await make();
        const c1 = new keyturn.ConductorOne(at.options);
        try {
          await work(c1, at);
        } finally {
          c1.close();
        }
      }));
}
