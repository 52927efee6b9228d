/** The properties of an element that a framework may set. */

type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;

/** The property's name, or `never` if the property is read-only. */
type Writable<E, Name extends keyof E> =
  Same<{ [N in Name]: E[N] }, { -readonly [N in Name]: E[N] }> extends true ? Name : never;

/** The methods of the elements, as opposed to properties that hold functions, such as `link`, which can be set. */
type Method = "focusRow" | "refresh";

/** The element's own properties that can be set. */
export type Settable<E extends HTMLElement> = {
  [Name in Exclude<keyof E, keyof HTMLElement | Method> as Writable<E, Name>]?: E[Name];
};
