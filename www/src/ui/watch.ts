/** Renders an element again when something that it shows has changed. */

import type { ReactiveController, ReactiveControllerHost } from "lit";

/** Listens to the `change` events of what `target` returns, which is asked again at each update. */
export class Watch implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #target: () => EventTarget | undefined;
  #watched: EventTarget | undefined;
  readonly #changed = (): void => this.#host.requestUpdate();

  constructor(host: ReactiveControllerHost, target: () => EventTarget | undefined) {
    this.#host = host;
    this.#target = target;
    host.addController(this);
  }

  hostUpdate(): void {
    this.#watch(this.#target());
  }

  hostDisconnected(): void {
    this.#watch(undefined);
  }

  #watch(target: EventTarget | undefined): void {
    if (target === this.#watched) return;
    this.#watched?.removeEventListener("change", this.#changed);
    target?.addEventListener("change", this.#changed);
    this.#watched = target;
  }
}
