/** The root layout. Pages are rendered for each request, since the policy of `proxy.js` has a new nonce each time. */
export const dynamic = "force-dynamic";

export const metadata = { title: "Connectors", icons: { icon: "data:," } };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <main>{children}</main>
      </body>
    </html>
  );
}
