import { currentUser } from "../server/session.js";
import { signIn, signOut } from "./actions.js";
import { Connectors } from "./connectors.jsx";

export default async function Page() {
  const user = await currentUser();
  if (!user)
    return (
      <form action={signIn}>
        <h1>Sign in</h1>
        <button type="submit" name="user" value="ada">
          Sign in as Ada
        </button>
        <button type="submit" name="user" value="ben">
          Sign in as Ben
        </button>
      </form>
    );
  return (
    <>
      <form action={signOut}>
        <p>{user.name}</p>
        <button type="submit">Sign out</button>
      </form>
      <Connectors />
    </>
  );
}
