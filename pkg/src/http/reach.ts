/** How a client sends requests, for parts of this package that ask another address than the API's with the client's own connections. */

import type { Sender } from "./transport.js";

/** The form of a {@link Sender} that a client encloses. Change it together with that type. */
export const REACH = "keyturn.reach.1";

/** What a client encloses: its own `fetch`, `httpClient` and `fetchOptions`, without its credentials. @internal */
export type Reach = Sender;
