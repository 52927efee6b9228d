/** The programs of the documents, which the bundler provides. */
declare module "playground:programs" {
  const programs: readonly { readonly group: string; readonly title: string; readonly code: string }[];
  export default programs;
}
