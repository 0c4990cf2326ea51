// The wall: what hangs there, what hangs there next, and how one takes the other's place. Every state is
// fetched as the page the server makes of it, so that there is one place that knows what a page says.

export const $ = (selector, root = document) => root.querySelector(selector);

const SAID_MS = 8000; // until what was said goes
const SLOW_MS = 300; // until waiting is worth a sign

let fading = 0; // the end of what is said
let next = null; // the promise of another one, its picture decoded; null while a slider moves
let wish = null; // the latest of several: an older answer that comes later is not shown

/** The page at an address, with its picture decoded; rejects with the reason the server gives. */
export async function read(address) {
  const response = await fetch(address, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!response.ok) throw new Error($("#reason", page)?.textContent ?? response.statusText);
  const picture = $("#work img", page);
  if (picture) picture.replaceWith(await decoded(picture));
  return { page, address: $("link[rel=canonical]", page)?.getAttribute("href") };
}

/** A picture like this one, from its own address or another, ready to be shown. */
async function decoded(picture, address = picture.getAttribute("src")) {
  const ready = new Image();
  for (const { name, value } of picture.attributes) ready.setAttribute(name, value);
  ready.src = address;
  await ready.decode().catch(() => reason(ready.src));
  return ready;
}

/** Why a picture did not come, in the server's words. */
async function reason(address) {
  const response = await fetch(address, { headers: { Accept: "application/json" } });
  throw new Error(response.ok ? "the picture could not be shown" : (await response.json()).detail);
}

/** Fetch another one before it is asked for. */
export function prepare() {
  next = read($("#another").href);
  next.catch(() => {}); // told when it is asked for
}

export function another() {
  return go(next ?? read($("#another").href));
}

/**
 * Hang what `coming` promises. `push`: as a new step of the history. `moving`: a slider moves, so
 * that its form stays as it is and the address of this step changes. Resolves to whether it hangs.
 */
export async function go(coming, { push = true, moving = false } = {}) {
  const mine = (wish = Symbol());
  if (moving) next = null;
  const slow = setTimeout(() => document.body.classList.toggle("waiting", mine === wish && !moving), SLOW_MS);
  try {
    const found = await coming;
    if (mine !== wish) return false;
    const left = { address: location.href, picture: still() };
    hang(found.page, moving);
    if (push) {
      history.pushState({}, "", found.address);
      comeBack();
    } else if (moving) history.replaceState({}, "", found.address);
    say(moving ? "" : $("#work img").alt, true);
    if (!moving) prepare();
    document.dispatchEvent(new CustomEvent("hung", { detail: { left: push ? left : null } }));
    return true;
  } catch (error) {
    if (mine === wish) say(error.message);
    if (push) prepare();
    return false;
  } finally {
    clearTimeout(slow);
    if (mine === wish) document.body.classList.remove("waiting");
  }
}

/** If the visitor has gone on below most of the picture, go back there. */
function comeBack() {
  const { top, bottom } = $("#work .mat").getBoundingClientRect();
  if (top + bottom < 0) scrollTo({ top: 0 });
}

/** Run a film in the place of the picture, until something else hangs there. */
export async function watch(address) {
  const mine = (wish = Symbol());
  say("The film is being made …");
  try {
    const film = await decoded(still(), address);
    if (mine !== wish) return;
    film.dataset.still = still().src;
    $("#work img").replaceWith(film);
    say(`${film.alt}, as a film`, true);
  } catch (error) {
    say(error.message);
  }
}

/** A copy of the picture that hangs there; of a film, the one it took the place of. */
function still() {
  const copy = $("#work img").cloneNode();
  if (copy.dataset.still) copy.src = copy.dataset.still;
  delete copy.dataset.still;
  return copy;
}

/** Put every part of a page that was read in the place of this one's; focus and opened facts stay. */
function hang(page, moving) {
  const { id, name } = document.activeElement;
  const opened = $("#work details")?.open;
  document.body.className = page.body.className;
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    if (moving && part.tagName === "FORM") settle(part, fresh);
    else {
      part.className = fresh.className;
      part.replaceChildren(...fresh.childNodes);
    }
  }
  const details = $("#work details");
  if (details && opened) details.open = true;
  if (document.activeElement === document.body) {
    const again = id ? document.getElementById(id) : name ? $("#controls").elements[name] : null;
    again?.focus({ preventScroll: true });
  }
}

/** What a form that is being moved still has to take over: seed and model. */
function settle(form, fresh) {
  for (const field of form.querySelectorAll("[type=hidden]")) field.value = fresh.elements[field.name].value;
}

/** Tell the visitor something for a while; `quiet` tells it only to those who listen. */
export function say(text, quiet = false) {
  clearTimeout(fading);
  if (!quiet && !text.endsWith("…")) fading = setTimeout(say, SAID_MS, "", true);
  $("#said").classList.toggle("quiet", quiet);
  $("#said").textContent = text;
}
