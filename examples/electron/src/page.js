/** The page, which shows the state of the main process. */

const { keyturn } = window;
const message = document.querySelector("#message");
const button = document.querySelector("#log-in");
const list = document.querySelector("#list");

async function attempt(work) {
  try {
    await work();
  } catch (error) {
    message.textContent = error.message;
  }
}

async function show() {
  button.hidden = await keyturn.ready();
  if (!button.hidden) return;
  const items = (await keyturn.list()).map(({ name, app, connector, state }) => {
    const item = document.createElement("li");
    const rotate = document.createElement("button");
    rotate.textContent = "Rotate";
    rotate.addEventListener("click", () =>
      attempt(async () => {
        const done = await keyturn.rotate(name);
        if (done) message.textContent = `${connector}: ${done.state}, in ${done.file}`;
        await show();
      }),
    );
    item.append(`${app}: ${connector} (${state}) `, rotate);
    return item;
  });
  list.replaceChildren(...items);
}

keyturn.onCode((code) => {
  message.textContent = `Compare the code in your browser: ${code}`;
});
button.addEventListener("click", () =>
  attempt(async () => {
    await keyturn.logIn();
    message.textContent = "";
    await show();
  }),
);
attempt(show);
