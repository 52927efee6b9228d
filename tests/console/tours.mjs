// Tours through the console that visit each of its states once and call `seen` with the state's name.
import { clickAtRest, lookUpExamples } from "./person.mjs";

const ROTATE = "connector.rotateCredential";

/** Visits the states of the lists, each of which leads to the next. */
async function browseTour(person, seen) {
  const { sandbox } = person;
  await person.find("heading", "Connectors of GitHub");
  await person.reads(/GitHub production/);
  await seen("nothing known yet");

  await person.click("button", "Look up the sandbox’s examples");
  await person.reads(/Not found/);
  await seen("known credentials");

  await person.click("button", "Rotate credential of GitHub production");
  await person.find("heading", "Rotate credential");
  await seen("before a rotation");
  sandbox.fault({ operation: ROTATE, action: { delayMs: 4_000 } });
  await person.click("button", "Rotate credential");
  await person.find("heading", "Waiting for the control plane");
  await seen("during a rotation");
  await person.find("heading", "Store the new credential");
  await seen("a new secret, masked");
  await person.click("button", "Show client secret");
  await person.click("button", "Copy client secret");
  await person.click("checkbox", "I stored the client ID and the secret");
  await seen("a new secret, shown and copied");
  await person.click("button", "Continue");
  await person.find("heading", "Both credentials work");
  await seen("in the grace period");
  sandbox.clock.advance(25 * 3_600_000);
  await person.page.reload();
  await person.find("heading", /^Retire /);
  await seen("before the old one is retired");
  const [, old] = /\nOld\n(\S+)\n/.exec(await person.text());
  await person.click("textbox", `Type ${old} to confirm`);
  await person.type(old);
  await person.press("Enter");
  await person.find("heading", "The rotation is done");
  await seen("a rotation that is done");
  await person.click("button", "Close");
  await person.find("heading", "Known credentials");

  await person.click("button", "Look up a credential of GitHub production");
  await seen("looking up");
  await person.type("nobody-knows-1");
  await person.press("Enter");
  await person.reads(/has no credential nobody-knows-1/);
  await seen("looked up in vain");
  sandbox.fault({ operation: "connector.getCredentials", action: { status: 403 } });
  await person.press("Enter");
  await person.reads(/not allowed/);
  await person.click("DisclosureTriangle", "Details");
  await seen("looking up is refused");
  const { id } = sandbox.snapshot().connectorCredentials.find((one) => one.id !== old && !one.deletedAt);
  await person.page.$eval("::-p-aria(Credential ID)", (input) => input.select());
  await person.type(id);
  await person.press("Enter");
  await person.find("heading", "Found");
  await seen("found");
  await person.click("button", "Close");

  await person.click("button", `Revoke ${id}`);
  await person.find("heading", `Revoke ${id}?`);
  await seen("before a revocation");
  await person.type(id);
  await seen("a revocation confirmed");
  await person.press("Enter");
  await person.reads(/is revoked/);
  await seen("after a revocation");

  sandbox.fault({ operation: ROTATE, action: { status: 403 } });
  await person.click("button", "Create credential of GitHub archive");
  await person.click("button", "Create credential");
  await person.find("heading", "The control plane refused");
  await seen("a refused rotation");
  sandbox.fault({ operation: ROTATE, action: "drop-answer" });
  await person.click("button", "Continue");
  await person.find("heading", "It is unknown whether a credential was issued");
  await seen("an unknown outcome");
  await person.click("button", "Close");
  await person.find("heading", "Known credentials");
  await seen("an unknown outcome in the list");

  sandbox.fault({ operation: "connector.list", action: { delayMs: 4_000 } });
  await person.click("link", "Okta");
  await person.reads(/Loading connectors/);
  await seen("connectors on their way");
  await person.reads(/Okta preview/);
  sandbox.fault({ operation: "connector.list", action: { status: 403 } });
  await person.click("link", "Salesforce");
  await person.reads(/Connectors of Salesforce\n[^]*not allowed/);
  await seen("connectors that did not come");

  await person.click("button", "Disconnect");
  await person.find("heading", "Connect to C1 or Commerce Layer");
  await seen("connecting");
  await person.click("button", "Connect");
  await person.reads(/Client ID is missing/);
  await seen("connecting with fields missing");
  await person.click("radio", "Identity token of a workload");
  await person.click("button", "Get one from the sandbox’s issuer");
  await person.reads(/Filled in/);
  await seen("connecting with an identity token");
  await person.click("radio", "Approval in a browser");
  await person.click("button", "Fill in one for the sandbox");
  await person.click("button", "Connect");
  await person.find("heading", "Approve this log-in");
  await seen("waiting for an approval");
  const [, code] = /\n([B-Z]{4}-[B-Z]{4})\n/.exec(await person.text());
  sandbox.decideLogin(code, false);
  await person.reads(/denied in the browser/);
  await seen("a log-in was denied");
}

/** Visits the states of Commerce Layer's credentials. */
async function provisioningTour(person, seen) {
  const { sandbox } = person;
  await person.reads(/9 in all/);
  await person.find("heading", "Connectors of GitHub");
  await seen("the credentials of both");

  await person.click("button", "Create API credential");
  await person.reads(/Northwind Labs/);
  await seen("a form for a credential");
  await person.press("Enter");
  await person.reads(/Name is missing/);
  await seen("a form with fields missing");
  await person.click("radio", "Web app");
  await person.find("textbox", "Redirect URI");
  await seen("a form for a web app");
  await person.click("radio", "Sales channel");
  await person.click("textbox", "Name");
  await person.type("Kiosk");
  await person.page.evaluate(() => {
    const select = document
      .querySelector("keyturn-console")
      .shadowRoot.querySelector("keyturn-browse")
      .shadowRoot.querySelector("keyturn-create-credential")
      .shadowRoot.querySelector("#organization");
    select.selectedIndex = 1;
    select.dispatchEvent(new Event("change"));
  });
  await person.click("textbox", "Name");
  await person.press("Enter");
  await person.find("heading", "Store the new API credential");
  await seen("a new credential without a secret");
  await person.click("button", "Close");
  await person.reads(/Kiosk \(\w+\) is created/);
  await seen("after a creation");

  await person.click("button", "Details of ERP sync, live");
  await person.find("heading", "ERP sync");
  await seen("the details of a credential");
  await person.click("button", "Show client secret");
  await person.find("button", "Hide client secret");
  await seen("a secret that was asked for");
  await person.click("button", "Rename");
  await person.find("heading", "Rename ERP sync");
  await seen("another name");
  await person.click("button", "Cancel");
  await person.click("button", "Delete");
  await person.find("heading", "Delete ERP sync?");
  await seen("before a deletion");
  await person.press("Escape");

  await person.click("button", "Replace Storefront EU, live");
  await person.reads(/Storefronts contain/);
  await seen("the plan for a storefront");
  await person.click("checkbox", "I understand what this means, and who must be told");
  await person.click("button", "Rotate credential");
  await person.find("heading", "Store the new credential");
  await seen("a client ID to store");
  await person.click("checkbox", "I stored the client ID");
  await person.click("button", "Continue");
  await person.find("heading", "Both credentials work");
  await person.click("button", "Undo the rotation");
  await person.find("heading", "A person is needed");
  await seen("an old pair to put back");
  await person.click("button", "The old credential is back in its place");
  await person.find("heading", "The rotation was undone");
  await seen("a rotation that was undone");
  await person.click("button", "Close");
  await person.reads(/10 in all/);

  await person.click("searchbox", "Name or client ID");
  await person.type("nothing is called that");
  await person.reads(/No API credential matches/);
  await seen("nothing fits");
  sandbox.fault({ operation: "commercelayer.api_credentials.list", action: { status: 400 } });
  await person.click("button", "Show all");
  await person.reads(/Commerce Layer refused the request/);
  await seen("credentials that did not come");

  await person.click("button", "Disconnect");
  await person.click("radio", "Commerce Layer");
  await person.click("button", "Connect");
  await person.reads(/Client ID is missing/);
  await seen("connecting to Commerce Layer with fields missing");
  await person.click("button", "Fill in those of the sandbox");
  await person.reads(/Filled in/);
  await person.click("button", "Connect");
  await person.reads(/C1 is not connected/);
  await person.reads(/10 in all/);
  await seen("Commerce Layer alone");
  await person.click("button", "Connect C1");
  await person.find("heading", "Connect to C1");
  await seen("connecting to the other");
}

/** Visits the states of the overview and of the views that it leads to. */
async function overviewTour(person, seen) {
  await person.page.evaluate(() => (location.hash = "#/"));
  await person.find("heading", "Overview");
  await person.reads(/26 targets/);
  await seen("an overview of which little is known");
  await lookUpExamples(person);
  await seen("an overview");
  for (const button of await person.page.$$('::-p-aria([name="As a table"][role="button"])')) await clickAtRest(button);
  await person.find("table", "Timeline");
  await seen("pictures as tables");
  await person.click("button", "Columns");
  await seen("a choice of columns");
  await person.press("Escape");
  await person.click("searchbox", "Search");
  await person.type("nowhere");
  await person.reads(/No target matches/);
  await seen("nothing fits in the overview");
  await person.click("button", "Show all");
  await person.reads(/26 targets/);

  await person.click("checkbox", "Select GitHub archive");
  await person.click("checkbox", "Select Okta");
  await person.click("button", "Rotate 2 together");
  await person.find("heading", "Rotate together");
  await seen("a job that is planned");
  await person.click("button", "Start with 1 target");
  await person.reads(/To be stored/);
  await seen("a job that runs");
  await person.click("button", "Sandbox");
  await person.focusIs("Sandbox");
  await person.reads(/RotateCredential/);
  await seen("the sandbox's panel");
  await person.click("button", "Close the sandbox’s panel");
  await person.focusIs("Sandbox");

  await person.page.reload();
  await person.clickEither("link", "Open GitHub archive", "Store GitHub archive");
  await person.find("heading", "The secret of the new credential is lost");
  await seen("a lost secret");
  await person.click("link", "Facts");
  await person.reads(/The journal is intact/);
  await seen("a target's page");
  await person.click("button", "Add a window");
  await person.click("combobox", "Time zone");
  await person.type("Nowhere");
  await person.click("button", "Save policy");
  await person.reads(/The policy was not saved/);
  await seen("a policy that is refused");
  await person.page.evaluate(() => (location.hash = "#/jobs"));
  await person.find("heading", "Rotate together");
  // The page was loaded again, which pauses a job.
  await person.reads(/Paused/);
  await seen("a job that is paused");
  await person.click("button", "Remove the job");
  await person.reads(/There is no job in progress/);
  await seen("no job");
  await person.page.evaluate(() => (location.hash = "#/targets/c1/nobody/nothing"));
  await person.find("heading", "There is no such target");
  await seen("no such target");
}

export const BROWSE = { what: "apps, connectors and dialogs", guide: browseTour };
export const OVERVIEW = { what: "the overview, targets and jobs", guide: overviewTour };
export const PROVISIONING = { what: "Commerce Layer", guide: provisioningTour };
