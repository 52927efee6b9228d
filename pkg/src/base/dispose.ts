/** `using` and `await using`, where the language has them. */

/** The symbols, if a library of the program's declares them: this package does not require that library. */
type DisposeName = SymbolConstructor extends { readonly dispose: infer Name extends symbol } ? Name : never;
type AsyncDisposeName = SymbolConstructor extends { readonly asyncDispose: infer Name extends symbol } ? Name : never;

/** An object that `using` and `await using` close at the end of their block. */
export type Disposable = { [name in DisposeName]: () => void } & { [name in AsyncDisposeName]: () => Promise<void> };

/** TypeScript requires a mixin's constructor to have these arguments. */
type Mixin = new (...args: any[]) => Disposable;
type Constructor = abstract new (...args: never[]) => object;

/**
 * Returns a class like `base` whose objects `using` closes by calling `close`. Has no effect where the symbols do not
 * exist.
 */
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
