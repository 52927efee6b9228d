// Search, and the choice between light and dark. The index is in search.js: nothing is fetched, so this works from a disk as well.
(() => {
  const base = document.currentScript.dataset.base;
  const input = document.querySelector("#search");
  const list = document.querySelector("#found");
  const status = document.querySelector("#status");
  const MOST = 20;

  /** How well an entry fits all words; 0 if it does not. */
  function score([title, , , text], words) {
    const name = title.toLowerCase();
    const joined = name.replaceAll("_", "");
    let sum = 0;
    let named = false;
    for (const word of words) {
      const at = name.indexOf(word);
      named ||= at >= 0;
      if (at >= 0) sum += name === word ? 100 : at === 0 || /[^a-z0-9]/.test(name[at - 1]) ? 40 : 20;
      else if (joined.includes(word)) sum += 15;
      else if (text.toLowerCase().includes(word)) sum += 5;
      else return 0;
    }
    // Of two names with a word, the shorter fits better. What only the text says keeps its order.
    return named ? sum + 10 / name.length : sum;
  }

  function search() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length === 0 ? [] : globalThis.searchIndex.map((entry) => [score(entry, words), entry]);
    const best = found.filter(([points]) => points > 0).sort(([one], [other]) => other - one);
    list.replaceChildren(
      ...best.slice(0, MOST).map(([, [title, kind, url]]) => {
        const [item, link, small] = ["li", "a", "small"].map((name) => document.createElement(name));
        link.href = base + url;
        small.textContent = ` ${kind}`;
        link.append(title, small);
        item.append(link);
        return item;
      }),
    );
    list.hidden = best.length === 0;
    status.textContent = words.length === 0 ? "" : `${best.length} found`;
  }

  input.addEventListener("input", search);
  input.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") {
      input.value = "";
      search();
    }
    if (key === "ArrowDown") list.querySelector("a")?.focus();
    if (key === "Enter") list.querySelector("a")?.click();
  });
  list.addEventListener("keydown", (event) => {
    const links = [...list.querySelectorAll("a")];
    const to = links.indexOf(document.activeElement) + { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (Number.isNaN(to)) return;
    event.preventDefault();
    (links[to] ?? input).focus();
  });

  // On a narrow screen the contents would come before every page: a button shows them.
  const menu = document.createElement("button");
  Object.assign(menu, { id: "menu", type: "button", textContent: "Contents" });
  menu.setAttribute("aria-expanded", "false");
  menu.addEventListener("click", () =>
    menu.setAttribute("aria-expanded", String(menu.getAttribute("aria-expanded") === "false")),
  );
  document.querySelector("header").append(menu);

  const button = document.querySelector("#theme");
  const stored = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null;
    }
  };
  const show = (theme) => {
    document.documentElement.style.colorScheme = theme;
  };
  if (stored()) show(stored());
  button.hidden = false;
  button.addEventListener("click", () => {
    const current = document.documentElement.style.colorScheme;
    const dark = current ? current === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    show(dark ? "light" : "dark");
    try {
      localStorage.setItem("theme", dark ? "light" : "dark");
    } catch {
      // It lasts as long as the page.
    }
  });
})();
