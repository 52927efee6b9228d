/** The bundler puts the file beside the script and gives its name. */
declare module "keyturn/core.wasm" {
  const name: string;
  export default name;
}
