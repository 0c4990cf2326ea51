// What the page can do beyond its links and its form: the next one is ready before it is asked for,
// the address is always the permalink, keys work. Every state is fetched as the page the server
// makes of it, so that there is one place that knows what a page says.

const $ = (selector, root = document) => root.querySelector(selector);
const form = $("#controls");
let next = null; // the promise of another one; null while the settings move
let moving = null; // what aborts the reading for a setting that has moved on
let pause = 0;

history.replaceState({}, "", $("link[rel=canonical]").href);
prepare();

/** The page at an address, with its picture decoded; rejects with the reason the server gives. */
async function read(address, signal) {
  const response = await fetch(address, { headers: { Accept: "text/html" }, signal });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!response.ok) throw new Error($("#reason", page)?.textContent ?? response.statusText);
  const picture = new Image();
  picture.src = $("#work img", page).getAttribute("src");
  await picture.decode().catch(() => reason(picture.src));
  return { page, picture, address: $("link[rel=canonical]", page).getAttribute("href") };
}

/** Why a picture did not come, in the server's words. */
async function reason(address) {
  const response = await fetch(address, { headers: { Accept: "application/json" } });
  const told = response.ok ? "the picture could not be shown" : (await response.json()).detail;
  throw new Error(told);
}

function prepare() {
  clearTimeout(pause);
  next = read($("#another").href);
  next.catch(() => {}); // told when it is asked for
}

/** Put a page that was read in the place of this one; `settings` too unless they are being moved. */
function show({ page, picture }, settings) {
  const fresh = $("#work img", page);
  for (const { name, value } of fresh.attributes) picture.setAttribute(name, value);
  fresh.replaceWith(picture);
  const details = $("#work details", page);
  if (details) details.open = $("#work details")?.open ?? false;
  for (const part of document.querySelectorAll("[data-live]")) part.replaceWith($(`#${part.id}`, page));
  if (!form) return;
  form.elements.seed.value = $("#controls", page).elements.seed.value;
  form.elements.model.value = $("#controls", page).elements.model.value;
  if (settings) for (const field of form.elements) copy($("#controls", page).elements[field.name], field);
}

function copy(from, field) {
  if (!from || !field.name) return;
  field.value = from.value;
  echo(field);
}

function echo(field) {
  const output = $("output", field.closest("label") ?? document.createElement("i"));
  if (output) output.textContent = field.value;
}

/** Tell the visitor something; `quiet` tells it only to those who listen. */
function say(text, quiet = false) {
  $("#said").classList.toggle("quiet", quiet);
  $("#said").textContent = text;
}

/** Go to what `coming` promises; a newer wish overtakes an older one. */
async function go(coming, { push = true, settings = true, spoken = true } = {}) {
  const wish = (go.latest = Symbol());
  try {
    const found = await coming;
    if (wish !== go.latest) return;
    show(found, settings);
    if (push) history.pushState({}, "", found.address);
    else if (!settings) history.replaceState({}, "", found.address);
    if (spoken) say($("#work img").alt, true);
    if (settings) prepare();
    else pause = setTimeout(prepare, 400);
  } catch (error) {
    if (error.name !== "AbortError") say(error.message);
    if (push) prepare();
  }
}

function another() {
  go(next ?? read($("#another").href));
}

async function copyLink() {
  const link = $("#link");
  try {
    await navigator.clipboard.writeText(link.href);
    say("Link copied");
  } catch {
    say(link.href); // no clipboard without https: show it, to be copied by hand
  }
}

addEventListener("click", (event) => {
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
  if (!plain) return;
  if (event.target.closest("#another, #work .mat")) another();
  else if (event.target.closest("#link")) copyLink();
  else return;
  event.preventDefault();
});

addEventListener("popstate", () => go(read(location.href), { push: false }));

const keys = {
  " ": another,
  ArrowRight: another,
  ArrowLeft: () => history.back(),
  s: () => $("#save").click(),
  l: copyLink,
};

addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey) return;
  const field = event.target.closest("input, select, textarea, button, summary");
  // a slider has no use for the space bar or letters; any other field keeps its keys
  if (field && !(field.type === "range" && !event.key.startsWith("Arrow"))) return;
  const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

form?.addEventListener("input", (event) => {
  echo(event.target);
  if (!event.target.checkValidity()) return;
  moving?.abort();
  moving = new AbortController();
  clearTimeout(pause);
  next = null;
  const address = `${form.getAttribute("action")}?${new URLSearchParams(new FormData(form))}`;
  go(read(address, moving.signal), { push: false, settings: false, spoken: false });
});

form?.addEventListener("submit", (event) => event.preventDefault());
