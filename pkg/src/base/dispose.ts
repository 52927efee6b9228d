/** `using` and `await using`, where the language has them. */

/** Their symbols, if a program's library declares them: nobody should have to add that library for this package. */
type DisposeName = SymbolConstructor extends { readonly dispose: infer Name extends symbol } ? Name : never;
type AsyncDisposeName = SymbolConstructor extends { readonly asyncDispose: infer Name extends symbol } ? Name : never;

/** What `using` and `await using` close at the end of their block. */
export type Disposable = { [name in DisposeName]: () => void } & { [name in AsyncDisposeName]: () => Promise<void> };

/** TypeScript mixes in nothing but constructors of these arguments. */
type Mixin = new (...args: any[]) => Disposable;
type Constructor = abstract new (...args: never[]) => object;

/** A class like `base` whose objects `using` closes, by calling their `close`. Without the symbols nothing can ask for it. */
export function closing<Base extends Constructor>(base: Base): Base & Mixin {
  const Closing = class extends (base as unknown as new () => object) {} as unknown as Base & Mixin;
  const { dispose, asyncDispose } = Symbol as { dispose?: symbol; asyncDispose?: symbol };
  const define = (name: symbol | undefined, value: (this: { close(): void }) => unknown): void => {
    if (name !== undefined)
      Object.defineProperty(Closing.prototype, name, { value, writable: true, configurable: true });
  };
  define(dispose, function () {
    this.close();
  });
  define(asyncDispose, async function () {
    this.close();
  });
  return Closing;
}
