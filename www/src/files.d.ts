/** The name of the file, which the bundler puts beside the script. */
declare module "keyturn/core.wasm" {
  const name: string;
  export default name;
}
