/** The bundler puts the documents' programs here. */
declare module "playground:programs" {
  const programs: readonly { readonly group: string; readonly title: string; readonly code: string }[];
  export default programs;
}
