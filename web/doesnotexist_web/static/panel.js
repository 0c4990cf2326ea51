// Play, on demand: the page of what is near the picture, opened below it. Its pictures come to the wall.

import { $, go, read, say } from "./wall.js";

const panel = $("#panel");
const seedOf = (address) => new URL(address, location.href).searchParams.get("seed");
let shown = null; // the seed whose company it is

/** Open the panel and go there, or close it and come back. */
export async function openPanel() {
  if (!panel.hidden) return closePanel();
  if (!(await fill($("#play").href))) return undefined;
  panel.hidden = false;
  panel.focus({ preventScroll: true });
  return panel.scrollIntoView({ behavior: calm() });
}

function closePanel() {
  panel.hidden = true;
  panel.replaceChildren();
  scrollTo({ top: 0, behavior: calm() });
  $("#play").focus({ preventScroll: true });
}

async function fill(address) {
  try {
    const { page } = await read(address);
    const close = document.createElement("button");
    close.textContent = "Close";
    close.className = "close";
    close.addEventListener("click", closePanel);
    panel.replaceChildren(close, ...$("#near", page).children);
    $(".back", panel).remove();
    shown = seedOf(address);
    return true;
  } catch (error) {
    say(error.message);
    return false;
  }
}

const calm = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth");

/** What a click or a form in the panel leads to: the panel itself, or the wall. */
async function follow(address, stay) {
  if (stay) return fill(address);
  if (await go(read(address))) scrollTo({ top: 0, behavior: calm() });
  return undefined;
}

panel.addEventListener("click", (event) => {
  const link = event.target.closest("a.thumb, a[data-stay]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  follow(link.href, "stay" in link.dataset);
});

panel.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const given = [...new FormData(form)].filter(([, value]) => value !== "");
  follow(`${form.getAttribute("action")}?${new URLSearchParams(given)}`, "stay" in form.dataset);
});

panel.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.preventDefault();
  closePanel();
});

// another seed on the wall has another company
document.addEventListener("hung", () => {
  if (!panel.hidden && seedOf($("#play").href) !== shown) fill($("#play").href);
});
