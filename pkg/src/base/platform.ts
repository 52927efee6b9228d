/**
 * Types of the platform, taken from whatever a program has declared: Node's types lack `WebAssembly` and some names of
 * the `dom` library, and nobody should have to add that library for this package.
 */

type Global = typeof globalThis;

/** `BufferSource`. */
export type Bytes = ArrayBuffer | ArrayBufferView;
/** `CryptoKey`. */
export type PlatformKey = Parameters<Global["crypto"]["subtle"]["exportKey"]>[1];
/** `WebAssembly.Module`. */
export type WasmModule = Global extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module : object;
